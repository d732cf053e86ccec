//! The records that one VM has made since it last handed some on.

use serde::Serialize;

/// Records of a handful, at most.
const MOST: u32 = 16;
/// Bytes from which it is handed on: every record more is written with all that are there already.
const MOST_BYTES: usize = 8 * 1024;
/// What stands before the records: a mark, and how many they are.
const HEAD: usize = 5;
/// The mark of those that stand in Envoy's log already.
const LOGGED: u8 = b'!';

/// A few records, in the form in which they stand in the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handful(Vec<u8>);

impl Default for Handful {
    fn default() -> Self {
        Self(vec![0; HEAD])
    }
}

impl Handful {
    /// Reads what [`bytes`](Self::bytes) gave; `None` where it is nothing of the kind, or empty.
    #[must_use]
    pub fn read(bytes: Vec<u8>) -> Option<Self> {
        let read = Self(bytes);
        (read.0.len() > HEAD && read.records() > 0).then_some(read)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Puts a record to the others.
    ///
    /// # Errors
    ///
    /// Those of the record's own JSON; the others stay as they are.
    pub fn push(&mut self, record: &impl Serialize) -> serde_json::Result<()> {
        let (len, records) = (self.0.len(), self.records());
        if records > 0 {
            self.0.push(b',');
        }
        let written = serde_json::to_writer(&mut self.0, record);
        if written.is_err() {
            self.0.truncate(len);
        } else if let Some(count) = self.count() {
            *count = records.saturating_add(1).to_le_bytes();
        }
        written
    }

    /// Whether it is to be handed on before more are put to it.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.records() >= MOST || self.0.len() >= MOST_BYTES
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records() == 0
    }

    /// Takes all of them away.
    pub fn clear(&mut self) {
        self.0.truncate(HEAD);
        self.0.fill(0);
    }

    /// Whether they stand in Envoy's log already.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        self.0.first() == Some(&LOGGED)
    }

    /// The same, of which the log has all.
    #[must_use]
    pub fn logged(mut self) -> Self {
        if let Some(mark) = self.0.first_mut() {
            *mark = LOGGED;
        }
        self
    }

    /// How many they are.
    #[must_use]
    pub fn records(&self) -> u32 {
        let count = self.0.get(1..HEAD).and_then(<[u8]>::first_chunk);
        count.map_or(0, |count| u32::from_le_bytes(*count))
    }

    /// Their JSON, separated by commas.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        self.0.get(HEAD..).unwrap_or_default()
    }

    fn count(&mut self) -> Option<&mut [u8; 4]> {
        self.0.get_mut(1..HEAD)?.first_chunk_mut()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use std::collections::HashMap;

    use super::*;

    #[test]
    fn w53_records_are_gathered_and_read_again() {
        let mut handful = Handful::default();
        assert!(handful.is_empty() && Handful::read(handful.bytes().to_vec()).is_none());
        handful.push(&1).unwrap();
        handful.push(&"b").unwrap();
        // A key that is no text can not be written; half of it stays away.
        assert!(handful.push(&HashMap::from([((), 1)])).is_err());
        let read = Handful::read(handful.bytes().to_vec()).unwrap();
        assert_eq!((read.records(), read.json()), (2, &b"1,\"b\""[..]));
        assert!(!read.is_logged());
        let logged = Handful::read(read.logged().bytes().to_vec()).unwrap();
        assert!(logged.is_logged() && logged.records() == 2);
        handful.clear();
        assert_eq!(handful, Handful::default());
    }

    #[test]
    fn w53_a_handful_is_small() {
        let mut handful = Handful::default();
        while !handful.is_full() {
            handful.push(&1).unwrap();
        }
        assert_eq!(handful.records(), MOST);
        let mut handful = Handful::default();
        handful.push(&"x".repeat(MOST_BYTES)).unwrap();
        assert!(handful.is_full());
    }

    #[test]
    fn w53_what_is_no_handful_is_none() {
        for bytes in [&b""[..], b"!", b"!\x01\0\0\0", b"!\0\0\0\0{}"] {
            assert_eq!(Handful::read(bytes.to_vec()), None, "{bytes:?}");
        }
    }
}
