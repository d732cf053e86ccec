//! Records on their way to the sidecar: what waits, who delivers, and when (W53).
//!
//! ```text
//!  on_log ─▶ shared queue ─▶ batch N … batch M ─▶ POST ─▶ 2xx: batch N is forgotten
//!             (inlet)         (the host's shared data)     else: again, later and later
//! ```
//!
//! All of it lives in the host, where neither a trap of the VM nor a reload can take it. One VM at
//! a time holds the lease and delivers; when it dies, the lease runs out and another goes on.

use serde::{Deserialize, Serialize};

/// Records of one batch, at most.
pub const BATCH: usize = 200;
/// Bytes of one batch, at most, but for a single record that is larger.
pub const BATCH_BYTES: usize = 512 * 1024;
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

    /// Takes a batch of so many records; its number, or `None` when it overflows `limit` and is
    /// counted as dropped.
    pub fn push(&mut self, records: u64, limit: u64) -> Option<u64> {
        if self.waiting.saturating_add(records) > limit {
            self.dropped = self.dropped.saturating_add(records);
            return None;
        }
        let number = self.tail;
        self.tail += 1;
        self.waiting += records;
        Some(number)
    }

    /// The batch to deliver next.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        (self.head < self.tail).then_some(self.head)
    }

    /// Forgets the oldest batch, which had so many records and told of so many dropped ones.
    pub fn delivered(&mut self, records: u64, dropped: u64) {
        self.head = self.tail.min(self.head + 1);
        self.waiting = self.waiting.saturating_sub(records);
        self.dropped = self.dropped.saturating_sub(dropped);
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
        assert_eq!(
            (ring.push(6, 10), ring.push(5, 10), ring.push(4, 10)),
            (Some(0), None, Some(1))
        );
        assert_eq!((ring.waiting, ring.dropped, ring.next()), (10, 5, Some(0)));
        ring.delivered(6, 5);
        assert_eq!((ring.waiting, ring.dropped, ring.next()), (4, 0, Some(1)));
        assert_eq!(Ring::read(Some(&ring.write())), ring);
        assert_eq!(Ring::read(Some(b"?")), Ring::default());
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
