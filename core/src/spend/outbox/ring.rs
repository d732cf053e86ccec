//! Which batches wait.

use serde::{Deserialize, Serialize};

/// Bytes of all batches that wait, at most.
pub const WAITING_BYTES: u64 = 64 * 1024 * 1024;
/// Places for batches in shared data; they are used again and again, as nothing is ever deleted
/// there. At most so many batches wait.
pub const SLOTS: u64 = 4096;
/// The batches that wait, as they stand in shared data; the batches stand beside it by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// Number of the oldest batch.
    pub head: u64,
    /// Number of the next batch; equal to `head` when none waits.
    pub tail: u64,
    /// Records in all of them.
    pub waiting: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Records that overflowed since the last delivery.
    pub dropped: u64,
    /// Batches below this number stand in Envoy's log already.
    pub logged: u64,
}

impl Ring {
    /// Reads a ring; what is not there or not readable is empty.
    #[must_use]
    pub fn read(bytes: Option<&[u8]>) -> Self {
        bytes
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default()
    }

    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Makes room for so many records of so many bytes, in a batch of their own; its number, or
    /// `None` when they overflow `limit` records, the bytes or the slots, and are dropped.
    pub fn push(&mut self, records: u64, bytes: u64, limit: u64) -> Option<u64> {
        if self.tail - self.head >= SLOTS || !self.take(records, bytes, limit) {
            return None;
        }
        self.tail += 1;
        Some(self.tail - 1)
    }

    /// Counts so many records more in batch `number`, if it is there still.
    pub fn grow(&mut self, number: u64, records: u64, bytes: u64) {
        if (self.head..self.tail).contains(&number) {
            self.add(records, bytes);
        }
    }

    /// Whether so many records of so many bytes may wait beside those that do.
    #[must_use]
    pub fn fits(&self, records: u64, bytes: u64, limit: u64) -> bool {
        self.waiting.saturating_add(records) <= limit
            && self.bytes.saturating_add(bytes) <= WAITING_BYTES
    }

    fn take(&mut self, records: u64, bytes: u64, limit: u64) -> bool {
        let fits = self.fits(records, bytes, limit);
        if fits {
            self.add(records, bytes);
        } else {
            self.dropped = self.dropped.saturating_add(records);
        }
        fits
    }

    fn add(&mut self, records: u64, bytes: u64) {
        self.waiting = self.waiting.saturating_add(records);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// The batch to deliver next.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        (self.head < self.tail).then_some(self.head)
    }

    /// The newest batch, where more records may join it: it is not on its way and not in the log.
    #[must_use]
    pub fn open_batch(&self, on_its_way: Option<u64>) -> Option<u64> {
        let last = self.tail.checked_sub(1)?;
        (last >= self.head && last >= self.logged && Some(last) != on_its_way).then_some(last)
    }

    /// Forgets batch `number`, which had so many records and bytes and told of so many dropped
    /// ones. When it is not the oldest any more, another VM has delivered it, and nothing happens.
    pub fn delivered(&mut self, number: u64, records: u64, bytes: u64, dropped: u64) {
        if number != self.head {
            return;
        }
        self.dropped = self.dropped.saturating_sub(dropped);
        if self.head < self.tail && records > 0 {
            self.head += 1;
            self.waiting = self.waiting.saturating_sub(records);
            self.bytes = self.bytes.saturating_sub(bytes);
            self.settle();
        }
    }

    /// Gives up batch `number`, which was never written.
    pub fn give_up(&mut self, number: u64) {
        if self.next() == Some(number) {
            self.head += 1;
            self.settle();
        }
    }

    /// Where nothing waits there is nothing to count, whatever became of the batches.
    fn settle(&mut self) {
        if self.head == self.tail {
            (self.waiting, self.bytes) = (0, 0);
        }
    }

    /// Claims the batches that are not in Envoy's log yet: the caller writes them there.
    pub fn claim_log(&mut self) -> std::ops::Range<u64> {
        let range = self.logged.max(self.head)..self.tail;
        self.logged = self.tail;
        range
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w53_what_overflows_is_counted() {
        let mut ring = Ring::default();
        assert_eq!(ring.next(), None);
        assert_eq!(ring.push(6, 60, 10), Some(0));
        assert_eq!(ring.push(5, 50, 10), None);
        assert_eq!(ring.push(1, WAITING_BYTES, 10), None);
        ring.grow(0, 1, 10);
        ring.grow(1, 1, 10);
        assert_eq!((ring.waiting, ring.bytes), (7, 70), "there is no batch 1");
        assert!(ring.fits(3, 30, 10) && !ring.fits(4, 40, 10));
        assert!(!ring.fits(1, WAITING_BYTES, 10));
        assert_eq!(ring.push(3, 30, 10), Some(1));
        assert_eq!((ring.waiting, ring.bytes, ring.dropped), (10, 100, 6));
        ring.delivered(1, 3, 30, 0);
        assert_eq!(ring.next(), Some(0), "only the oldest is forgotten");
        ring.delivered(0, 7, 70, 6);
        ring.delivered(0, 7, 70, 6);
        assert_eq!(
            (ring.waiting, ring.bytes, ring.dropped, ring.next()),
            (3, 30, 0, Some(1))
        );
        ring.delivered(1, 3, 30, 0);
        assert_eq!((ring.push(11, 0, 10), ring.dropped), (None, 11));
        ring.delivered(2, 0, 0, 11);
        assert_eq!(
            (ring.dropped, ring.head),
            (0, 2),
            "what was dropped is told without a batch"
        );
        assert_eq!(Ring::read(Some(&ring.write())), ring);
        assert_eq!(Ring::read(Some(b"?")), Ring::default());
    }

    #[test]
    fn w53_slots_are_not_overrun() {
        let mut ring = Ring {
            head: 7,
            tail: 7 + SLOTS,
            ..Ring::default()
        };
        assert_eq!(ring.push(1, 1, u64::MAX), None);
        ring.give_up(7);
        assert_eq!(ring.push(1, 1, u64::MAX), Some(7 + SLOTS));
        let mut last = Ring::default();
        last.push(3, 30, 10);
        last.give_up(0);
        assert_eq!((last.next(), last.waiting, last.bytes), (None, 0, 0));
    }

    #[test]
    fn w53_a_batch_that_is_on_its_way_or_logged_takes_no_more() {
        let mut ring = Ring::default();
        assert_eq!(ring.open_batch(None), None);
        ring.push(1, 1, 10);
        assert_eq!(
            (ring.open_batch(None), ring.open_batch(Some(0))),
            (Some(0), None)
        );
        assert_eq!((ring.claim_log(), ring.claim_log()), (0..1, 1..1));
        assert_eq!(ring.open_batch(None), None);
    }
}
