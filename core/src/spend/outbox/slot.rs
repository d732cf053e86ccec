//! A batch in its place.

use super::{Handful, join};

/// One batch, as it stands in its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its number: the slot may hold an older batch still.
    pub number: u64,
    /// How many records.
    pub records: u64,
    /// Their JSON, separated by commas.
    pub json: Vec<u8>,
}

impl Slot {
    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        [
            &self.number.to_le_bytes()[..],
            &self.records.to_le_bytes()[..],
            &self.json,
        ]
        .concat()
    }

    /// Whether these bytes of a slot are batch `number`.
    #[must_use]
    pub fn holds(bytes: &[u8], number: u64) -> bool {
        bytes.first_chunk() == Some(&number.to_le_bytes())
    }

    /// Reads batch `number`; `None` when the slot holds another or none.
    #[must_use]
    pub fn read(bytes: &[u8], number: u64) -> Option<Self> {
        let (_, rest) = bytes.split_first_chunk::<8>()?;
        let (records, json) = rest.split_first_chunk::<8>()?;
        Self::holds(bytes, number).then(|| Self {
            number,
            records: u64::from_le_bytes(*records),
            json: json.to_vec(),
        })
    }

    /// Takes more records, where it has room.
    pub fn join(&mut self, more: &Handful) -> bool {
        join(&mut self.json, &mut self.records, more)
    }
}
