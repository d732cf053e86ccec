//! Carries what attempts tell to the rings and the list of cooldowns that all VMs of the process share, and to
//! the sidecar, as `sluice_core::health` says (W36).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use sluice_core::gateway::Gateway;
use sluice_core::health::fleet::{AT_LEAST_MS, EVERY_MS, Fleet, ROUTE, Report};
use sluice_core::health::{Board, Change, Cooldowns, Ring, Sample, Told, Why};
use sluice_core::sorted;
use sluice_core::spend::outbox::{Backoff, PATIENCE_MS};

use crate::{host, shared};

const COOLDOWNS: &str = "sluice.cooldowns";
const INSTANCE: &str = "sluice.instance";

/// How long nothing is taken to cool down after a look at the host said so, milliseconds. What this VM finds out counts at once.
const CALM_MS: u64 = 50;
/// How old the figures of a board may be, milliseconds.
const FRESH_MS: u64 = 1_000;
/// Answers of one key that this VM gathers before the tick takes them.
const GATHERED: usize = 100;
/// Bytes of the sidecar's answer that are read.
const ANSWER: usize = 1024 * 1024;

/// One VM's hand on the providers' health, which itself is in the host.
pub(crate) struct Health {
    gateway: Arc<Gateway>,
    /// This VM, until the process has a name.
    owner: u64,
    /// Answers that no ring has yet. Failures do not wait.
    gathered: RefCell<BTreeMap<Arc<str>, Vec<Sample>>>,
    /// What is told while every key is ready.
    board: RefCell<Rc<Board>>,
    /// When this VM last looked, where nothing cooled down then.
    calm: Cell<Option<u64>>,
    refreshed: Cell<u64>,
    reported: Cell<u64>,
    backoff: Cell<Backoff>,
    on_its_way: RefCell<Option<Post>>,
}

/// A report that is on its way.
struct Post {
    call: u32,
    since: u64,
    /// The attempts of all time that the sidecar knows of when it has it, by key.
    totals: Vec<(String, u64)>,
}

impl Health {
    pub(crate) fn new(gateway: Arc<Gateway>, owner: u64) -> Self {
        shared::begin(COOLDOWNS, || Cooldowns::default().write());
        for key in gateway.config.keys() {
            shared::begin(&name(key), || Ring::default().write());
        }
        Self {
            gateway,
            owner,
            gathered: RefCell::default(),
            board: RefCell::default(),
            calm: Cell::default(),
            refreshed: Cell::default(),
            reported: Cell::default(),
            backoff: Cell::default(),
            on_its_way: RefCell::default(),
        }
    }

    /// How all providers stand: one look at the host, and none for a while where all is calm.
    pub(crate) fn board(&self, now: u64) -> Rc<Board> {
        let board = Rc::clone(&self.board.borrow());
        // What stands in the host may be from a configuration in which it was not off.
        if !self.gateway.config.health.enabled {
            return board;
        }
        let fresh = |looked| now.saturating_sub(looked) < CALM_MS;
        if self.calm.get().is_some_and(fresh) {
            return board;
        }
        let cooldowns = self.cooldowns(now);
        self.calm.set(cooldowns.is_empty().then_some(now));
        if cooldowns.is_empty() {
            return board;
        }
        Rc::new(Board {
            standings: cooldowns.standings(now),
            figures: Rc::clone(&board.figures),
        })
    }

    /// Claims the one try of a key whose cooldown is over; no two VMs get it.
    pub(crate) fn claim(&self, key: &str, now: u64) -> bool {
        let claimed = self.change_cooldowns(now, |cooldowns| cooldowns.claim(key, now));
        claimed.unwrap_or_default()
    }

    /// Takes what attempts tell.
    #[inline]
    pub(crate) fn take(&self, told: Vec<Told>) {
        if !told.is_empty() {
            self.take_all(told);
        }
    }

    fn take_all(&self, told: Vec<Told>) {
        for told in told {
            let now = host::recent();
            match told {
                Told::Over(sample) => self.gather(sample, now),
                Told::Listed(sample) if sample.answered && self.calm.get().is_some() => {}
                Told::Listed(sample) => self.list(&Arc::clone(&sample.key), &[sample], None, now),
                Told::Unclaimed(claim) => {
                    self.change_cooldowns(now, |cooldowns| cooldowns.unclaim(&claim));
                }
            }
        }
    }

    /// A failure goes into the ring at once, behind the answers that were gathered before it; so does
    /// what may change the list of cooldowns.
    fn gather(&self, sample: Sample, now: u64) {
        let asks = sample
            .limits
            .is_some_and(|limits| limits.retry_after_ms.is_some());
        let concerns = || {
            // The tick looks again.
            if self.calm.get().is_some() && !asks {
                return false;
            }
            let cooldowns = self.cooldowns(now);
            cooldowns.concerns(std::slice::from_ref(&sample), None)
        };
        let urgent = !sample.answered || concerns();
        let key = Arc::clone(&sample.key);
        let mut gathered = self.gathered.borrow_mut();
        let waiting = gathered.entry(Arc::clone(&key)).or_default();
        waiting.push(sample);
        if urgent || waiting.len() >= GATHERED {
            let all = std::mem::take(waiting);
            drop(gathered);
            self.settle(&key, &all, now);
        }
    }

    /// Takes what was gathered, and looks at the figures anew.
    pub(crate) fn tick(&self, now: u64) {
        for (key, samples) in self.gathered.take() {
            self.settle(&key, &samples, now);
        }
        if self.gateway.config.health.enabled
            && now.saturating_sub(self.refreshed.get()) >= FRESH_MS
        {
            self.refreshed.set(now);
            if !self.cooldowns(now).is_empty() {
                self.change_cooldowns(now, |cooldowns| cooldowns.forget(now));
            }
            let figure = |(key, ring): (&str, Ring)| (key.to_owned(), ring.figures(now));
            let figures = Rc::new(sorted::map(self.rings().into_iter().map(figure)));
            let standings = BTreeMap::new();
            self.board.replace(Rc::new(Board { standings, figures }));
        }
    }

    fn settle(&self, key: &str, samples: &[Sample], now: u64) {
        if samples.is_empty() {
            return;
        }
        let rules = &self.gateway.config.health;
        let reason = change_ring(key, |ring| ring.take(samples, rules, now)).flatten();
        self.list(key, samples, reason, now);
    }

    /// Takes what attempts at one key tell into the list of cooldowns; `reason` is its ring's.
    fn list(&self, key: &str, samples: &[Sample], reason: Option<Why>, now: u64) {
        if !self.cooldowns(now).concerns(samples, reason) {
            return;
        }
        let rules = &self.gateway.config.health;
        let change =
            self.change_cooldowns(now, |cooldowns| cooldowns.take(samples, reason, rules, now));
        match change.flatten() {
            Some(Change::CoolsDown { cooldown_ms, why }) => {
                let why = match why {
                    Why::Failures => "it failed again and again",
                    Why::RateLimited => "its rate limit is used up",
                };
                log::warn!("{key} cools down for {cooldown_ms} ms: {why}");
            }
            Some(Change::Recovered) => {
                change_ring(key, |ring| ring.forgive(now));
                log::info!("{key} answers again");
            }
            None => {}
        }
    }

    /// Tells the sidecar what is new. One VM of the process does: the one that delivers records.
    pub(crate) fn report(&self, now: u64) {
        let waited = now.saturating_sub(self.reported.get());
        let busy = |post: &Post| now.saturating_sub(post.since) <= PATIENCE_MS;
        if !self.gateway.config.health.enabled
            || waited < EVERY_MS
            || self.on_its_way.borrow().as_ref().is_some_and(busy)
            || !self.backoff.get().is_due(now)
        {
            return;
        }
        let rings = self.rings();
        let report = Report::new(self.instance(), &rings, &self.cooldowns(now), now);
        if !report.is_news() && waited < AT_LEAST_MS {
            return;
        }
        let told = report
            .entries
            .iter()
            .filter(|entry| !entry.samples.is_empty());
        let total = |key: &String| Some((key.clone(), rings.get(key.as_str())?.total()));
        let totals = told.filter_map(|entry| total(&entry.key)).collect();
        let body = serde_json::to_vec(&report).unwrap_or_default();
        let cluster = &self.gateway.config.sidecar.cluster;
        let token = self.gateway.ingest_token.as_deref();
        self.reported.set(now);
        let call = host::post(cluster, ROUTE, token, &body);
        if call.is_none() {
            self.failed(now);
        }
        let since = now;
        self.on_its_way.replace(call.map(|call| Post {
            call,
            since,
            totals,
        }));
    }

    /// Takes the sidecar's answer; `false` when the call is not a report's.
    pub(crate) fn answered(&self, call: u32, size: usize, now: u64) -> bool {
        let post = self
            .on_its_way
            .borrow_mut()
            .take_if(|post| post.call == call);
        let Some(post) = post else {
            return false;
        };
        let body = || host::post_body(size.min(ANSWER));
        let taken = host::post_status().filter(|status| (200..300).contains(status));
        let fleet = taken.and_then(|_| serde_json::from_slice::<Fleet>(&body()).ok());
        let Some(fleet) = fleet else {
            self.failed(now);
            return true;
        };
        let mut backoff = self.backoff.get();
        backoff.succeeded();
        self.backoff.set(backoff);
        for (key, total) in &post.totals {
            change_ring(key, |ring| ring.reported(*total));
        }
        let config = &self.gateway.config;
        let keys = config.keys();
        let known = |key: &str| keys.contains(key);
        self.change_cooldowns(now, |cooldowns| {
            cooldowns.merge(&fleet, known, &config.health, now);
        });
        true
    }

    fn failed(&self, now: u64) {
        let mut backoff = self.backoff.get();
        if backoff.failed(now) {
            log::warn!("the sidecar does not take reports of health: this Envoy goes by its own");
        }
        self.backoff.set(backoff);
    }

    /// The name of this process: that of the VM which was asked for it first.
    fn instance(&self) -> String {
        let found = host::shared(INSTANCE).0;
        let found = found.and_then(|bytes| String::from_utf8(bytes).ok());
        found.unwrap_or_else(|| {
            let own = format!("{:016x}", self.owner);
            host::set_shared(INSTANCE, own.as_bytes(), None);
            own
        })
    }

    fn rings(&self) -> BTreeMap<&str, Ring> {
        let keys = self.gateway.config.keys().into_iter();
        sorted::map(keys.map(|key| (key, Ring::read(host::shared(&name(key)).0.as_deref()))))
    }

    fn cooldowns(&self, now: u64) -> Cooldowns {
        let bytes = host::shared(COOLDOWNS).0;
        Cooldowns::read(bytes.as_deref(), &self.gateway.config.health, now)
    }

    fn change_cooldowns<T>(&self, now: u64, with: impl FnMut(&mut Cooldowns) -> T) -> Option<T> {
        self.calm.set(None);
        let read = |bytes: Option<&[u8]>| Cooldowns::read(bytes, &self.gateway.config.health, now);
        shared::change(COOLDOWNS, read, Cooldowns::write, with)
    }
}

fn change_ring<T>(key: &str, with: impl FnMut(&mut Ring) -> T) -> Option<T> {
    shared::change(&name(key), Ring::read, Ring::write, with)
}

fn name(key: &str) -> String {
    format!("sluice.health.{key}")
}
