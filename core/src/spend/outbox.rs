//! Records on their way to the sidecar: what waits, who delivers, and when (W53).
//!
//! ```text
//!  on_log ─▶ shared queue ─▶ batch N … batch M ─▶ POST ─▶ 2xx: batch N is forgotten
//!             (inlet)         (the host's shared data)     else: again, later and later
//! ```
//!
//! All of it lives in the host, where neither a trap of the VM nor a reload can take it. One VM at
//! a time holds the lease, collects and delivers; when it dies, the lease runs out and another goes
//! on. Every change of the ring is a compare-and-swap: at a reload or a stop several VMs are at it.

use serde::{Deserialize, Serialize};

/// Records of one batch, at most.
pub const BATCH: usize = 200;
/// Bytes of one batch, at most, but for a single record that is larger.
pub const BATCH_BYTES: usize = 512 * 1024;
/// Bytes of all batches that wait, at most.
pub const WAITING_BYTES: u64 = 64 * 1024 * 1024;
/// Places for batches in shared data; they are used again and again, as nothing is ever deleted
/// there. At most so many batches wait.
pub const SLOTS: u64 = 4096;
/// How long a delivery may take before it is tried again, milliseconds.
pub const PATIENCE_MS: u64 = 10_000;
/// How long a lease holds without being renewed, milliseconds.
pub const LEASE_MS: u64 = 3_000;
/// The longest wait between two tries, milliseconds.
const BACKOFF_MS: u64 = 5_000;

/// The right to deliver, as it stands in shared data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The VM that holds it: a random number of its own.
    pub owner: u64,
    /// When it runs out, Unix milliseconds.
    pub until: u64,
}

impl Lease {
    /// The lease that `owner` may take or renew now; `None` while another holds it.
    #[must_use]
    pub fn take(found: Option<&[u8]>, owner: u64, now_ms: u64) -> Option<Self> {
        let held = found.and_then(Self::read);
        let free = held.is_none_or(|held| held.owner == owner || held.until <= now_ms);
        free.then_some(Self {
            owner,
            until: now_ms.saturating_add(LEASE_MS),
        })
    }

    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> [u8; 16] {
        (u128::from(self.owner) << 64 | u128::from(self.until)).to_le_bytes()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let both = u128::from_le_bytes(bytes.try_into().ok()?);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves are meant")]
        Some(Self {
            owner: (both >> 64) as u64,
            until: both as u64,
        })
    }
}

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

    /// Makes room for so many records more in batch `number`; `false` when they are dropped.
    pub fn grow(&mut self, number: u64, records: u64, bytes: u64, limit: u64) -> bool {
        (self.head..self.tail).contains(&number) && self.take(records, bytes, limit)
    }

    fn take(&mut self, records: u64, bytes: u64, limit: u64) -> bool {
        let fits = self.waiting.saturating_add(records) <= limit
            && self.bytes.saturating_add(bytes) <= WAITING_BYTES;
        if fits {
            self.waiting += records;
            self.bytes += bytes;
        } else {
            self.dropped = self.dropped.saturating_add(records);
        }
        fits
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
    /// ones; nothing happens when it is not the oldest any more.
    pub fn delivered(&mut self, number: u64, records: u64, bytes: u64, dropped: u64) {
        if self.next() == Some(number) {
            self.head += 1;
            self.waiting = self.waiting.saturating_sub(records);
            self.bytes = self.bytes.saturating_sub(bytes);
            self.dropped = self.dropped.saturating_sub(dropped);
        }
    }

    /// Claims the batches that are not in Envoy's log yet: the caller writes them there.
    pub fn claim_log(&mut self) -> std::ops::Range<u64> {
        let range = self.logged.max(self.head)..self.tail;
        self.logged = self.tail;
        range
    }
}

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

    /// Reads batch `number`; `None` when the slot holds another or none.
    #[must_use]
    pub fn read(bytes: &[u8], number: u64) -> Option<Self> {
        let (found, rest) = bytes.split_first_chunk::<8>()?;
        let (records, json) = rest.split_first_chunk::<8>()?;
        (u64::from_le_bytes(*found) == number).then(|| Self {
            number,
            records: u64::from_le_bytes(*records),
            json: json.to_vec(),
        })
    }

    /// Takes one more record, where it has room.
    pub fn join(&mut self, record: &[u8]) -> bool {
        let room = self.records < BATCH as u64
            && self.json.len().saturating_add(record.len()) < BATCH_BYTES;
        if room {
            self.json.push(b',');
            self.json.extend_from_slice(record);
            self.records += 1;
        }
        room
    }
}

/// When to try again after failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    until: u64,
}

impl Backoff {
    /// Whether the time for a try has come.
    #[must_use]
    pub fn is_due(&self, now_ms: u64) -> bool {
        now_ms >= self.until
    }

    /// A try has failed; `true` for the first of a row, which is worth a line in the log.
    pub fn failed(&mut self, now_ms: u64) -> bool {
        let wait = 200_u64
            .saturating_mul(1 << self.failures.min(5))
            .min(BACKOFF_MS);
        self.failures = self.failures.saturating_add(1);
        self.until = now_ms.saturating_add(wait);
        self.failures == 1
    }

    /// A try has succeeded; `true` when others had failed before it.
    pub fn succeeded(&mut self) -> bool {
        let recovered = self.failures > 0;
        *self = Self::default();
        recovered
    }
}

/// Records in the text of their JSON → batches, each the JSON of a list's inside and a count.
#[must_use]
pub fn batches(records: impl IntoIterator<Item = Vec<u8>>) -> Vec<(Vec<u8>, u64)> {
    let mut batches: Vec<(Vec<u8>, u64)> = Vec::new();
    for record in records {
        match batches.last_mut() {
            Some((bytes, count))
                if *count < BATCH as u64 && bytes.len() + record.len() < BATCH_BYTES =>
            {
                bytes.push(b',');
                bytes.extend_from_slice(&record);
                *count += 1;
            }
            _ => batches.push((record, 1)),
        }
    }
    batches
}

/// A [`Batch`](super::Batch) as JSON from the inside of its list.
#[must_use]
pub fn body(records: &[u8], dropped: u64) -> Vec<u8> {
    [
        b"{\"records\":[",
        records,
        format!("],\"dropped\":{dropped}}}").as_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::spend::{Batch, Record};

    #[test]
    fn w53_one_delivers_until_its_lease_runs_out() {
        let mine = Lease::take(None, 1, 1_000).unwrap();
        let bytes = mine.write();
        assert_eq!(Lease::take(Some(&bytes), 2, 1_000 + LEASE_MS - 1), None);
        assert!(Lease::take(Some(&bytes), 1, 1_500).is_some_and(|lease| lease.until == 4_500));
        assert!(Lease::take(Some(&bytes), 2, 1_000 + LEASE_MS).is_some());
        assert!(Lease::take(Some(b"nonsense"), 2, 0).is_some());
    }

    #[test]
    fn w53_what_overflows_is_counted() {
        let mut ring = Ring::default();
        assert_eq!(ring.next(), None);
        assert_eq!(ring.push(6, 60, 10), Some(0));
        assert_eq!(ring.push(5, 50, 10), None);
        assert_eq!(ring.push(1, WAITING_BYTES, 10), None);
        assert!(
            ring.grow(0, 1, 10, 10) && !ring.grow(1, 1, 10, 10),
            "there is no batch 1"
        );
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
        ring.delivered(7, 0, 0, 0);
        assert_eq!(ring.push(1, 1, u64::MAX), Some(7 + SLOTS));
        let slot = Slot {
            number: 9,
            records: 1,
            json: b"{}".to_vec(),
        };
        assert_eq!(Slot::read(&slot.write(), 9), Some(slot.clone()));
        assert_eq!(Slot::read(&slot.write(), 9 + SLOTS), None);
        assert_eq!(Slot::read(b"short", 9), None);
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
        let mut slot = Slot {
            number: 0,
            records: BATCH as u64 - 1,
            json: b"{}".to_vec(),
        };
        assert!(slot.join(b"{}") && !slot.join(b"{}"));
        assert_eq!(slot.json, b"{},{}");
    }

    #[test]
    fn w53_batches_are_bounded_and_readable() {
        let record = |i: usize| {
            serde_json::to_vec(&Record {
                id: i.to_string(),
                ..Record::default()
            })
            .unwrap()
        };
        let batches = batches((0..450).map(record));
        assert_eq!(
            batches.iter().map(|(_, count)| *count).collect::<Vec<_>>(),
            [200, 200, 50]
        );
        let batch: Batch = serde_json::from_slice(&body(&batches[2].0, 3)).unwrap();
        assert_eq!((batch.records.len(), batch.dropped), (50, 3));
        assert_eq!(batch.records[49].id, "449");
        let large = vec![vec![b'1'; BATCH_BYTES], vec![b'2'; 10]];
        assert_eq!(super::batches(large).len(), 2);
    }

    #[test]
    fn tries_grow_rarer() {
        let mut backoff = Backoff::default();
        assert!(backoff.is_due(0));
        assert!(backoff.failed(0) && !backoff.is_due(199) && backoff.is_due(200));
        assert!(!backoff.failed(200) && !backoff.is_due(599));
        for _ in 0..100 {
            backoff.failed(1_000);
        }
        assert!(backoff.is_due(1_000 + BACKOFF_MS));
        assert!(backoff.succeeded() && !backoff.succeeded());
    }
}
