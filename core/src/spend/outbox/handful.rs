//! Records that are handed on together.

use serde::Serialize;

use crate::spend::Record;

/// Records of a handful, at most, but for those of one that was put together of others.
pub const HANDFUL: usize = 16;
/// Bytes from which it is handed on.
const BYTES: usize = 16 * 1024;
/// What stands before the records: a mark, and how many they are.
const HEAD: usize = 5;
/// The mark of those that stand in Envoy's log already.
const LOGGED: u8 = b'!';

/// A few records, in the form in which they stand in the queue.
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

    /// Puts a record to the others; its JSON.
    ///
    /// # Errors
    ///
    /// Those of the record's own JSON; the others stay as they are.
    pub fn push<T: AsRef<str> + Ord + Serialize>(
        &mut self,
        record: &Record<T>,
    ) -> serde_json::Result<&[u8]> {
        let len = self.0.len();
        let start = self.begin();
        if let Err(error) = record.write(&mut self.0) {
            self.0.truncate(len);
            return Err(error);
        }
        self.count();
        Ok(self.0.get(start..).unwrap_or_default())
    }

    /// Puts a record to the others whose JSON is there already.
    pub fn add(&mut self, json: &[u8]) {
        self.begin();
        self.0.extend_from_slice(json);
        self.count();
    }

    /// Where the next record begins.
    fn begin(&mut self) -> usize {
        if !self.is_empty() {
            self.0.push(b',');
        }
        self.0.len()
    }

    /// Counts one more.
    fn count(&mut self) {
        let records = self.records().saturating_add(1);
        let count = self.0.get_mut(1..HEAD);
        if let Some(count) = count.and_then(<[u8]>::first_chunk_mut) {
            *count = records.to_le_bytes();
        }
    }

    /// Whether it is to be handed on before more are put to it.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.records() as usize >= HANDFUL || self.0.len() >= BYTES
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
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn record(id: &str) -> Record {
        Record {
            id: id.to_owned(),
            ..Record::default()
        }
    }

    #[test]
    fn w53_records_are_gathered_and_read_again() {
        let mut handful = Handful::default();
        assert!(handful.is_empty() && Handful::read(handful.bytes().to_vec()).is_none());
        let first = handful.push(&record("a")).unwrap().to_vec();
        let second = handful.push(&record("b")).unwrap().to_vec();
        assert_eq!(
            serde_json::from_slice::<Record>(&second).unwrap(),
            record("b")
        );
        handful.add(b"{}");
        let read = Handful::read(handful.bytes().to_vec()).unwrap();
        let all = [&first, &second, &b"{}"[..]].join(&b',');
        assert_eq!((read.records(), read.json()), (3, &*all));
        assert!(!read.is_logged());
        let logged = Handful::read(read.logged().bytes().to_vec()).unwrap();
        assert!(logged.is_logged() && logged.records() == 3);
        handful.clear();
        assert_eq!(handful, Handful::default());
    }

    #[test]
    fn w53_a_handful_is_small() {
        let mut handful = Handful::default();
        while !handful.is_full() {
            handful.push(&record("a")).unwrap();
        }
        assert_eq!(handful.records() as usize, HANDFUL);
        let mut handful = Handful::default();
        handful.push(&record(&"x".repeat(BYTES))).unwrap();
        assert!(handful.is_full());
    }

    #[test]
    fn w53_what_is_no_handful_is_none() {
        for bytes in [&b""[..], b"!", b"!\x01\0\0\0", b"!\0\0\0\0{}"] {
            assert_eq!(Handful::read(bytes.to_vec()), None, "{bytes:?}");
        }
    }
}
