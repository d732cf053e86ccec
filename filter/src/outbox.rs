//! Carries records to the sidecar as `sluice_core::spend::outbox` says.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use sluice_core::gateway::Gateway;
use sluice_core::spend::Record;
use sluice_core::spend::outbox::{Backoff, Lease, Ring, batches, body};

use crate::host;

const QUEUE: &str = "sluice.records";
const LEASE: &str = "sluice.lease";
const RING: &str = "sluice.ring";
const INGEST: &str = "/internal/records";

/// Records taken from the queue at one tick; more wait for the next.
const AT_ONCE: usize = 2_000;

/// One VM's hand on the outbox, which itself is in the host.
pub(crate) struct Outbox {
    gateway: Arc<Gateway>,
    /// This VM, as the lease names it.
    owner: u64,
    queue: Option<u32>,
    backoff: Cell<Backoff>,
    /// The batch that is being delivered: its records and the dropped ones that it tells of.
    in_flight: RefCell<Option<(u64, u64)>>,
}

impl Outbox {
    pub(crate) fn new(gateway: Arc<Gateway>, owner: u64) -> Self {
        let queue = host::queue(QUEUE);
        let (backoff, in_flight) = (Cell::default(), RefCell::default());
        Self {
            gateway,
            owner,
            queue,
            backoff,
            in_flight,
        }
    }

    /// Puts a record where a trap of this VM can not take it.
    pub(crate) fn put(&self, record: &Record) {
        let taken = serde_json::to_vec(record)
            .ok()
            .is_some_and(|bytes| self.queue.is_some_and(|queue| host::enqueue(queue, &bytes)));
        if !taken {
            log::error!(
                "record {} is lost: the host's queue did not take it",
                record.id
            );
        }
    }

    /// Delivers what waits, when this VM holds the lease.
    pub(crate) fn tick(&self, now: u64) {
        let (found, version) = host::shared(LEASE);
        let Some(lease) = Lease::take(found.as_deref(), self.owner, now) else {
            self.in_flight.take();
            return;
        };
        if !host::set_shared(LEASE, Some(&lease.write()), version) {
            return;
        }
        self.collect();
        if self.in_flight.borrow().is_none() && self.backoff.get().is_due(now) {
            self.deliver(now);
        }
    }

    /// The sidecar has answered, or has not.
    pub(crate) fn answered(&self, status: Option<u16>, now: u64) {
        let Some((records, dropped)) = self.in_flight.take() else {
            return;
        };
        let mut backoff = self.backoff.get();
        match status {
            Some(200..=299) => {
                if backoff.succeeded() {
                    log::info!("the sidecar takes records again");
                }
                self.forget(records, dropped);
            }
            Some(status @ (400 | 413 | 415 | 422)) => {
                log::error!("the sidecar refused a batch with {status}: {records} records lost");
                self.forget(records, dropped);
            }
            status => {
                if backoff.failed(now) {
                    log::warn!("the sidecar does not take records ({status:?}); they wait");
                }
            }
        }
        self.backoff.set(backoff);
        if self.in_flight.borrow().is_none() && backoff.is_due(now) {
            self.deliver(now);
        }
    }

    /// Writes what waits into Envoy's log, from which `sluice-sidecar recover` can take it: this
    /// may be the end of the process. What it was not keeps waiting; the ledger takes each once.
    pub(crate) fn log_what_waits(&self) {
        self.collect();
        let mut ring = Ring::read(host::shared(RING).0.as_deref());
        for number in ring.logged.max(ring.head)..ring.tail {
            if let Some((_, records)) = batch(number) {
                let line = body(&records, 0);
                log::warn!("sluice.records {}", String::from_utf8_lossy(&line));
            }
        }
        ring.logged = ring.tail;
        host::set_shared(RING, Some(&ring.write()), None);
    }

    /// From the queue into batches.
    fn collect(&self) {
        let Some(queue) = self.queue else { return };
        let records = std::iter::from_fn(|| host::dequeue(queue)).take(AT_ONCE);
        let batches = batches(records);
        if batches.is_empty() {
            return;
        }
        let mut ring = Ring::read(host::shared(RING).0.as_deref());
        for (records, count) in batches {
            match ring.push(count, self.gateway.config.sidecar.max_waiting_records) {
                Some(number) => {
                    let batch = [&count.to_le_bytes(), records.as_slice()].concat();
                    host::set_shared(&batch_key(number), Some(&batch), None);
                }
                None => log::error!("{count} records are lost: too many wait for the sidecar"),
            }
        }
        host::set_shared(RING, Some(&ring.write()), None);
    }

    fn deliver(&self, now: u64) {
        let ring = Ring::read(host::shared(RING).0.as_deref());
        let Some(number) = ring.next() else { return };
        let Some((count, records)) = batch(number) else {
            log::error!("batch {number} of records is not where it was put");
            return self.forget(0, 0);
        };
        let sent = host::post(
            &self.gateway.config.sidecar.cluster,
            INGEST,
            self.gateway.ingest_token.as_deref(),
            &body(&records, ring.dropped),
        );
        match sent {
            Some(_) => *self.in_flight.borrow_mut() = Some((count, ring.dropped)),
            None => {
                let mut backoff = self.backoff.get();
                if backoff.failed(now) {
                    log::warn!("records can not be sent: is there a cluster for the sidecar?");
                }
                self.backoff.set(backoff);
            }
        }
    }

    fn forget(&self, records: u64, dropped: u64) {
        let mut ring = Ring::read(host::shared(RING).0.as_deref());
        host::set_shared(&batch_key(ring.head), None, None);
        ring.delivered(records, dropped);
        host::set_shared(RING, Some(&ring.write()), None);
    }
}

/// A batch that waits: how many records, and their JSON.
fn batch(number: u64) -> Option<(u64, Vec<u8>)> {
    let bytes = host::shared(&batch_key(number)).0?;
    let (count, records) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*count), records.to_vec()))
}

fn batch_key(number: u64) -> String {
    format!("sluice.batch.{number}")
}
