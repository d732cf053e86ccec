//! Records on their way to the sidecar: what waits, who delivers, and when (W53).
//!
//! ```text
//!  the end ─▶ shared queue ─▶ batch N … batch M ─▶ POST ─▶ 2xx: batch N is forgotten
//!              (inlet)         (the host's shared data)     else: again, later and later
//! ```
//!
//! All of it lives in the host, where neither a trap of the VM nor a reload can take it. One VM at
//! a time holds the lease, collects and delivers; when it dies, the lease runs out and another goes
//! on. Every change of the ring is a compare-and-swap: at a reload or a stop several VMs are at it.

mod backoff;
mod cut;
mod lease;
mod log;
mod ring;
mod slot;

pub use backoff::Backoff;
pub use cut::{Cut, cut};
pub use lease::{LEASE_MS, Lease};
pub use log::for_log;
pub use ring::{Ring, SLOTS, WAITING_BYTES};
pub use slot::Slot;

/// Records of one batch, at most.
pub const BATCH: usize = 200;
/// Bytes of one batch, at most, but for a single record that is larger.
pub const BATCH_BYTES: usize = 512 * 1024;
/// How long a delivery may take before it is tried again, milliseconds.
pub const PATIENCE_MS: u64 = 10_000;
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
}
