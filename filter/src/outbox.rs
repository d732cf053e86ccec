//! Carries records to the sidecar as `sluice_core::spend::outbox` says.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use sluice_core::gateway::Gateway;
use sluice_core::spend::Record;
use sluice_core::spend::outbox::{
    Backoff, HANDFUL, Handful, Lease, Owners, PATIENCE_MS, Ring, SLOTS, Slot, batches, for_log,
};

use crate::{host, shared};

const QUEUE: &str = "sluice.handfuls";
const LEASE: &str = "sluice.lease";
const OWNERS: &str = "sluice.owners";
const RING: &str = "sluice.ring";
const INGEST: &str = "/internal/records";

/// Handfuls of records taken from the queue at one tick; more wait for the next.
const AT_ONCE: usize = 1_000;

/// One VM's hand on the outbox, which itself is in the host.
pub(crate) struct Outbox {
    gateway: Arc<Gateway>,
    /// This VM, as the lease and its places name it.
    owner: u64,
    queue: Option<u32>,
    /// What is to be handed on.
    handful: RefCell<Handful>,
    /// Where the host has it, each record by itself.
    places: Vec<String>,
    /// How many of the places have a record.
    kept: Cell<usize>,
    /// Root contexts whose ticks hand it on.
    roots: Cell<u32>,
    backoff: Cell<Backoff>,
    on_its_way: RefCell<Option<Delivery>>,
    /// A batch that was not in its slot, and since when.
    missing: Cell<Option<(u64, u64)>>,
}

/// The batch that is being delivered.
#[derive(Clone, Copy)]
struct Delivery {
    call: u32,
    number: u64,
    /// Of the slot as it was read.
    version: Option<u32>,
    records: u64,
    bytes: u64,
    /// The dropped records that it tells of.
    dropped: u64,
    since: u64,
}

impl Outbox {
    pub(crate) fn new(gateway: Arc<Gateway>, owner: u64) -> Self {
        let queue = host::queue(QUEUE);
        shared::begin(RING, || Ring::default().write());
        shared::begin(OWNERS, || Owners::default().write());
        Self {
            gateway,
            owner,
            queue,
            handful: RefCell::default(),
            places: places(owner).collect(),
            kept: Cell::default(),
            roots: Cell::default(),
            backoff: Cell::default(),
            on_its_way: RefCell::default(),
            missing: Cell::default(),
        }
    }

    /// A root context ticks from now on.
    pub(crate) fn begin(&self, now: u64) {
        self.roots.set(self.roots.get() + 1);
        self.renew(now);
    }

    /// Puts a record where a trap of this VM can not take it.
    pub(crate) fn put(&self, record: &Record<&str>) {
        let mut handful = self.handful.borrow_mut();
        let place = self.places.get(handful.records() as usize);
        let place = place.filter(|_| self.roots.get() > 0);
        let waits = match handful.push(record) {
            Ok(json) => place.is_some_and(|place| host::set_shared(place, json, None)),
            Err(error) => {
                log::error!("record {} is lost: {error}", record.id);
                return;
            }
        };
        let records = handful.records() as usize;
        self.kept.set(self.kept.get().max(records));
        if !waits || handful.is_full() {
            self.hand_on(&mut handful);
        }
    }

    /// Gives what was gathered to whoever delivers.
    fn hand_on(&self, handful: &mut Handful) {
        if !self.enqueue(handful) {
            let records = handful.records();
            log::error!("{records} records are lost: the host's queue did not take them");
        }
        handful.clear();
    }

    /// Hands on what this VM has gathered.
    fn gather(&self) {
        let mut handful = self.handful.borrow_mut();
        if !handful.is_empty() {
            self.hand_on(&mut handful);
        }
        for place in self.places.iter().take(self.kept.take()) {
            host::set_shared(place, &[], None);
        }
    }

    /// Says that this VM is there; the ones that are gone.
    fn renew(&self, now: u64) -> Vec<u64> {
        let gone = change_owners(|owners| {
            owners.renew(self.owner, now);
            owners.gone(now)
        });
        gone.unwrap_or_default()
    }

    /// Hands on what a VM has gathered that is gone. It may be there after all: then some records come twice, and the
    /// ledger takes each once.
    fn adopt(&self, owner: u64) {
        let mut handful = Handful::default();
        let mut taken = Vec::new();
        for place in places(owner) {
            let (found, version) = host::shared(&place);
            if let Some(json) = found {
                handful.add(&json);
                taken.push((place, version));
            }
        }
        if !handful.is_empty() && self.enqueue(&handful) {
            for (place, version) in taken {
                host::set_shared(&place, &[], version);
            }
        }
    }

    /// Collects and delivers what waits, when this VM holds the lease; `true` when it does.
    pub(crate) fn tick(&self, now: u64) -> bool {
        self.gather();
        let gone = self.renew(now);
        let (found, version) = host::shared(LEASE);
        let Some(lease) = Lease::take(found.as_deref(), self.owner, now) else {
            return false;
        };
        if !host::set_shared(LEASE, &lease.write(), version) {
            return false;
        }
        for owner in gone {
            self.adopt(owner);
            change_owners(|owners| owners.remove(owner));
        }
        self.on_its_way
            .borrow_mut()
            .take_if(|delivery| now.saturating_sub(delivery.since) > PATIENCE_MS);
        self.collect();
        self.deliver(now);
        true
    }

    /// The sidecar has answered, or has not.
    pub(crate) fn answered(&self, call: u32, status: Option<u16>, now: u64) {
        let mut on_its_way = self.on_its_way.borrow_mut();
        let Some(delivery) = on_its_way.take_if(|delivery| delivery.call == call) else {
            return;
        };
        drop(on_its_way);
        let mut backoff = self.backoff.get();
        match status {
            Some(200..=299) => {
                if backoff.succeeded() {
                    log::info!("the sidecar takes records again");
                }
                if !forget(&delivery) {
                    change(|ring| ring.dropped = ring.dropped.saturating_sub(delivery.dropped));
                }
            }
            Some(status @ (400 | 413 | 415 | 422)) => {
                let records = delivery.records;
                if forget(&delivery) {
                    log::error!(
                        "the sidecar refused a batch with {status}: {records} records lost"
                    );
                    change(|ring| ring.dropped = ring.dropped.saturating_add(records));
                }
            }
            status => {
                if backoff.failed(now) {
                    log::warn!("the sidecar does not take records ({status:?}); they wait");
                }
            }
        }
        self.backoff.set(backoff);
        self.deliver(now);
    }

    /// A root context ticks no more. Writes what waits into Envoy's log, from which `sluice-sidecar recover` can take it:
    /// this may be the end of the process. If it is not, all of it keeps waiting; the ledger takes each
    /// record once. Several VMs may be here at once, and none needs the lease.
    pub(crate) fn end(&self) {
        self.roots.set(self.roots.get().saturating_sub(1));
        self.gather();
        // Who is gone can not, and who is not has handed on at its own end what is there twice then.
        for owner in Owners::read(host::shared(OWNERS).0.as_deref()).all() {
            self.adopt(owner);
        }
        for number in change(Ring::claim_log).unwrap_or_default() {
            if let Some(slot) = slot(number) {
                log_records(slot.json());
            }
        }
        let queued: Vec<_> = std::iter::from_fn(|| self.dequeue()).collect();
        let fresh = queued.iter().filter(|handful| !handful.is_logged());
        for slot in batches(fresh.cloned()) {
            log_records(slot.json());
        }
        for handful in queued {
            self.enqueue(&handful.logged());
        }
    }

    /// From the queue into batches. The number is taken first, then the batch is written: until
    /// then it is not in its slot, and nobody takes it for delivered.
    fn collect(&self) {
        let limit = self.gateway.config.sidecar.max_waiting_records;
        let mut handfuls = std::iter::from_fn(|| self.dequeue())
            .take(AT_ONCE)
            .peekable();
        if handfuls.peek().is_none() {
            return;
        }
        let mut joined = Vec::new();
        let on_its_way = self.on_its_way.borrow().map(|delivery| delivery.number);
        let ring = Ring::read(host::shared(RING).0.as_deref());
        if let Some((mut open, version)) = ring.open_batch(on_its_way).and_then(stored) {
            let (count, len) = (open.records(), open.json().len());
            while let Some(handful) = handfuls.next_if(|handful| open.join(handful)) {
                joined.push(handful);
            }
            let more = open.records().saturating_sub(count);
            let bytes = size(open.json().len().saturating_sub(len));
            let number = open.number();
            // It may be delivered and erased meanwhile, by a VM that had the lease.
            if more > 0
                && ring.fits(more, bytes, limit)
                && host::set_shared(&key(number), open.bytes(), version)
            {
                change(|ring| ring.grow(number, more, bytes));
                joined.clear();
            }
        }
        for slot in batches(joined.into_iter().chain(handfuls)) {
            let (count, bytes) = (slot.records(), size(slot.json().len()));
            match change(|ring| ring.push(count, bytes, limit)).flatten() {
                Some(number) => {
                    host::set_shared(&key(number), slot.numbered(number).bytes(), None);
                }
                None => log::error!("{count} records are lost: too many wait for the sidecar"),
            }
        }
    }

    fn deliver(&self, now: u64) {
        if self.on_its_way.borrow().is_some() || !self.backoff.get().is_due(now) {
            return;
        }
        let ring = Ring::read(host::shared(RING).0.as_deref());
        let (slot, version) = match ring.next() {
            Some(number) => match stored(number) {
                Some(found) => {
                    self.missing.set(None);
                    found
                }
                None => return self.miss(number, now),
            },
            // Nothing waits, but the sidecar does not know yet of what was dropped.
            None if ring.dropped > 0 => (Slot::default().numbered(ring.tail), None),
            None => return,
        };
        let cluster = &self.gateway.config.sidecar.cluster;
        let token = self.gateway.ingest_token.as_deref();
        let (number, records, bytes) = (slot.number(), slot.records(), size(slot.json().len()));
        let post = |body: &[u8]| host::post(cluster, INGEST, token, body);
        if let Some(call) = slot.show(ring.dropped, post) {
            *self.on_its_way.borrow_mut() = Some(Delivery {
                call,
                number,
                version,
                records,
                bytes,
                dropped: ring.dropped,
                since: now,
            });
            return;
        }
        let mut backoff = self.backoff.get();
        if backoff.failed(now) {
            log::warn!("records can not be sent: is there a cluster for the sidecar?");
        }
        self.backoff.set(backoff);
    }

    /// A batch has a number and is not in its slot: it is about to be written, or its VM died just
    /// then.
    fn miss(&self, number: u64, now: u64) {
        match self.missing.get() {
            Some((missing, since)) if missing == number => {
                if now.saturating_sub(since) > PATIENCE_MS {
                    log::error!("batch {number} of records was never written");
                    change(|ring| ring.give_up(number));
                }
            }
            _ => self.missing.set(Some((number, now))),
        }
    }

    fn enqueue(&self, handful: &Handful) -> bool {
        self.queue
            .is_some_and(|queue| host::enqueue(queue, handful.bytes()))
    }

    fn dequeue(&self) -> Option<Handful> {
        Handful::read(host::dequeue(self.queue?)?)
    }
}

fn change<T>(with: impl FnMut(&mut Ring) -> T) -> Option<T> {
    shared::change(RING, Ring::read, Ring::write, with)
}

fn change_owners<T>(with: impl FnMut(&mut Owners) -> T) -> Option<T> {
    shared::change(OWNERS, Owners::read, Owners::write, with)
}

/// Forgets a batch that was delivered; `false` where it has grown since, while another VM had the lease: then it is delivered
/// once more, and the ledger takes each record once.
fn forget(delivery: &Delivery) -> bool {
    let Delivery {
        number,
        version,
        records,
        bytes,
        dropped,
        ..
    } = *delivery;
    // The host keeps a value until another takes its place: delivered batches would fill all slots.
    let erased = version.is_none() || host::set_shared(&key(number), &[], version);
    if erased {
        change(|ring| ring.delivered(number, records, bytes, dropped));
    }
    erased
}

/// A batch, and the version of its slot.
fn stored(number: u64) -> Option<(Slot, Option<u32>)> {
    let (bytes, version) = host::shared(&key(number));
    Some((Slot::read(bytes?, number)?, version))
}

fn slot(number: u64) -> Option<Slot> {
    Some(stored(number)?.0)
}

/// Where a VM's records stand until it hands them on.
fn places(owner: u64) -> impl Iterator<Item = String> {
    (0..HANDFUL).map(move |n| format!("sluice.record.{owner:016x}.{n}"))
}

fn key(number: u64) -> String {
    format!(
        "sluice.batch.{}",
        number.checked_rem(SLOTS).unwrap_or_default()
    )
}

fn log_records(json: &[u8]) {
    match for_log(json) {
        Some(batch) => log::warn!("sluice.records {}", String::from_utf8_lossy(&batch)),
        None => log::error!("records that wait are not readable and not logged"),
    }
}

fn size(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
