//! Records on their way to the sidecar: what waits, who delivers, and when (W53).
//!
//! ```text
//!  the end ─▶ a VM's places ─▶ shared queue ─▶ batch N … batch M ─▶ POST ─▶ 2xx: batch N is forgotten
//!             (shared data)     (inlet)         (shared data)               else: again, later and later
//! ```
//!
//! All of it lives in the host, where neither a trap of the VM nor a reload can take it. One VM at
//! a time holds the lease, collects and delivers; when it dies, the lease runs out and another goes
//! on. Every change of the ring is a compare-and-swap: at a reload or a stop several VMs are at it.
//!
//! What is taken out of the queue costs an entry into the VM, so a VM puts several records in at once. Until then each
//! stands in a place of its own; who holds the lease takes them from there when the VM is gone.

mod backoff;
mod cut;
mod handful;
mod lease;
mod log;
mod owners;
mod ring;
mod slot;

pub use backoff::Backoff;
pub use cut::{Cut, cut};
pub use handful::{HANDFUL, Handful};
pub use lease::{LEASE_MS, Lease};
pub use log::for_log;
pub use owners::Owners;
pub use ring::{Ring, SLOTS, WAITING_BYTES};
pub use slot::Slot;

/// Records of one batch, at most.
pub const BATCH: usize = 200;
/// Bytes of one batch, at most, but for a single record that is larger.
pub const BATCH_BYTES: usize = 512 * 1024;
/// How long a delivery may take before it is tried again, milliseconds.
pub const PATIENCE_MS: u64 = 10_000;
/// Batches of what was gathered; they have no numbers yet.
#[must_use]
pub fn batches(handfuls: impl IntoIterator<Item = Handful>) -> Vec<Slot> {
    let mut batches: Vec<Slot> = Vec::new();
    for handful in handfuls {
        let last = batches.last_mut();
        if !last.is_some_and(|slot| slot.join(&handful)) {
            batches.push(Slot::from(&handful));
        }
    }
    batches
}

/// Two numbers as they stand in shared data.
fn pair(first: u64, second: u64) -> [u8; 16] {
    (u128::from(first) << 64 | u128::from(second)).to_le_bytes()
}

/// The two numbers of [`pair`].
#[expect(clippy::cast_possible_truncation, reason = "the two halves are meant")]
fn unpair(bytes: [u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(bytes);
    ((both >> 64) as u64, both as u64)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::spend::{Batch, Record};

    #[test]
    fn w53_batches_are_bounded_and_readable() {
        let record = |i: usize| Record {
            id: i.to_string(),
            ..Record::default()
        };
        let of = |from: usize| {
            let mut handful = Handful::default();
            for i in from..from + 15 {
                handful.push(&record(i)).unwrap();
            }
            handful
        };
        let batches = batches((0..30).map(|i| of(i * 15)));
        assert_eq!(
            batches.iter().map(Slot::records).collect::<Vec<_>>(),
            [195, 195, 60]
        );
        let last = batches[2].clone();
        let batch: Batch = last.show(3, |body| serde_json::from_slice(body).unwrap());
        assert_eq!((batch.records.len(), batch.dropped), (60, 3));
        assert_eq!(batch.records[59].id, "449");
        let large = [BATCH_BYTES, 10].map(|len| {
            let mut handful = Handful::default();
            handful.add(&vec![b'1'; len]);
            handful
        });
        assert_eq!(super::batches(large).len(), 2);
    }
}
