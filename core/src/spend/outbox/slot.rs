//! A batch in its place.

use super::{BATCH, BATCH_BYTES, Handful};

/// What stands before the records: the batch's number, and how many they are.
const HEAD: usize = 16;
/// How a [`Batch`](crate::spend::Batch) begins; it is written over the end of the head.
const OPEN: &[u8; 12] = b"{\"records\":[";

/// One batch, as it stands in its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot(Vec<u8>);

impl Default for Slot {
    fn default() -> Self {
        Self(vec![0; HEAD])
    }
}

impl From<&Handful> for Slot {
    fn from(handful: &Handful) -> Self {
        let mut slot = Self::default();
        slot.add(handful);
        slot
    }
}

impl Slot {
    /// Reads batch `number`; `None` when these bytes of a slot are of another, which may be an older one, or of none.
    #[must_use]
    pub fn read(bytes: Vec<u8>, number: u64) -> Option<Self> {
        let read = Self(bytes);
        (read.0.len() >= HEAD && read.number() == number).then_some(read)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.head()[0]
    }

    /// The same with this number.
    #[must_use]
    pub fn numbered(mut self, number: u64) -> Self {
        self.set_head([number, self.records()]);
        self
    }

    /// How many records it has.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.head()[1]
    }

    /// Their JSON, separated by commas.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        self.0.get(HEAD..).unwrap_or_default()
    }

    /// Takes more records, where it has room.
    pub fn join(&mut self, more: &Handful) -> bool {
        let records = self.records().saturating_add(more.records().into());
        let room = records <= BATCH as u64
            && self.json().len().saturating_add(more.json().len()) < BATCH_BYTES;
        if room {
            self.add(more);
        }
        room
    }

    fn add(&mut self, more: &Handful) {
        if !self.json().is_empty() {
            self.0.push(b',');
        }
        self.0.extend_from_slice(more.json());
        let records = self.records().saturating_add(more.records().into());
        self.set_head([self.number(), records]);
    }

    /// Shows the [`Batch`](crate::spend::Batch) as JSON that it is.
    pub fn show<T>(mut self, dropped: u64, see: impl FnOnce(&[u8]) -> T) -> T {
        let end = format!("],\"dropped\":{dropped}}}");
        self.0.extend_from_slice(end.as_bytes());
        let start = HEAD - OPEN.len();
        let body = self.0.get_mut(start..).unwrap_or_default();
        if let Some(open) = body.first_chunk_mut() {
            *open = *OPEN;
        }
        see(body)
    }

    fn head(&self) -> [u64; 2] {
        let head = self.0.first_chunk::<HEAD>().map(|head| head.as_chunks().0);
        match head {
            Some([number, records]) => [number, records].map(|own| u64::from_le_bytes(*own)),
            _ => [0; 2],
        }
    }

    fn set_head(&mut self, own: [u64; 2]) {
        if let Some(head) = self.0.first_chunk_mut::<HEAD>() {
            let (head, _) = head.as_chunks_mut();
            head.copy_from_slice(&own.map(u64::to_le_bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::spend::outbox::SLOTS;
    use crate::spend::{Batch, Record};

    fn handful(ids: &[&str]) -> Handful {
        let mut handful = Handful::default();
        for id in ids {
            let id = (*id).to_owned();
            handful
                .push(&Record {
                    id,
                    ..Record::default()
                })
                .unwrap();
        }
        handful
    }

    fn shown(slot: Slot, dropped: u64) -> Batch {
        slot.show(dropped, |body| serde_json::from_slice(body).unwrap())
    }

    #[test]
    fn w53_a_batch_is_read_from_its_slot_and_shown() {
        let mut slot = Slot::from(&handful(&["a", "b"])).numbered(9);
        let read = |slot: &Slot, number| Slot::read(slot.bytes().to_vec(), number);
        assert_eq!(read(&slot, 9), Some(slot.clone()));
        assert_eq!(read(&slot, 9 + SLOTS), None);
        assert_eq!(Slot::read(b"short".to_vec(), 9), None);
        assert!(slot.join(&handful(&["c"])));
        assert_eq!((slot.number(), slot.records()), (9, 3));
        let batch = shown(slot, 7);
        let ids: Vec<_> = batch.records.iter().map(|record| &*record.id).collect();
        assert_eq!((ids, batch.dropped), (vec!["a", "b", "c"], 7));
        assert_eq!(
            shown(Slot::default(), 1),
            Batch {
                records: Vec::new(),
                dropped: 1
            }
        );
    }

    #[test]
    fn w53_a_batch_takes_what_it_has_room_for() {
        let mut slot = Slot::default();
        let mut one = Handful::default();
        one.add(b"7");
        for _ in 0..BATCH {
            assert!(slot.join(&one));
        }
        assert!(!slot.join(&one));
        assert!(slot.json().starts_with(b"7,7,"));
        let mut large = Handful::default();
        large.add(&vec![b'1'; BATCH_BYTES]);
        assert!(!Slot::from(&one).join(&large));
    }
}
