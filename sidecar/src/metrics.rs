//! What `/metrics` tells, in OpenMetrics' text.
//!
//! Labels come from the configuration or from the route table, never from a request: a model or
//! provider that the configuration does not have is counted as `other`, so that no caller can grow the
//! number of series.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use sluice_core::config::Config;

use crate::store::{Appended, Entry};

/// The bounds of the latency histogram, seconds.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// The sidecar's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    names: BTreeSet<String>,
    requests: Family<Request, Counter>,
    records: Family<Records, Counter>,
    dropped: Counter,
    unpriced: Family<Spend, Counter>,
    tokens: Family<Tokens, Counter>,
    cost: Family<Spend, Counter>,
    database: Gauge<u64, AtomicU64>,
    cooling: Family<Cooling, Gauge<u64, AtomicU64>>,
    /// Seconds from a batch's head to its commit.
    pub ingest: Histogram,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Records {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Spend {
    model: String,
    provider: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Tokens {
    model: String,
    provider: String,
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Cooling {
    key: String,
}

impl Metrics {
    /// Metrics of which all are 0, for the names of this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let names = config.models.keys().chain(config.providers.keys());
        let mut metrics = Self {
            registry: Registry::with_prefix("sluice"),
            names: names.cloned().collect(),
            requests: Family::default(),
            records: Family::default(),
            dropped: Counter::default(),
            unpriced: Family::default(),
            tokens: Family::default(),
            cost: Family::default(),
            database: Gauge::default(),
            cooling: Family::default(),
            ingest: Histogram::new(SECONDS),
        };
        metrics.register(&config.hash);
        metrics
    }

    fn register(&mut self, hash: &str) {
        let r = &mut self.registry;
        r.register(
            "http_requests",
            "Requests by route and status",
            self.requests.clone(),
        );
        r.register(
            "records",
            "Spend records that arrived, by outcome",
            self.records.clone(),
        );
        r.register(
            "records_dropped",
            "Records that filters lost",
            self.dropped.clone(),
        );
        r.register(
            "records_unpriced",
            "Stored records of unknown cost",
            self.unpriced.clone(),
        );
        r.register("tokens", "Tokens of stored records", self.tokens.clone());
        r.register(
            "cost_nano_usd",
            "Cost of stored records, nano-USD",
            self.cost.clone(),
        );
        r.register(
            "database_bytes",
            "Size of the database",
            self.database.clone(),
        );
        r.register(
            "provider_cooling_down",
            "Whether a provider's model cools down everywhere: 1 or 0",
            self.cooling.clone(),
        );
        r.register(
            "ingest_seconds",
            "From a batch's head to its commit",
            self.ingest.clone(),
        );
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let build = vec![("version", version), ("config_hash", hash.to_owned())];
        r.register("sidecar_build", "The sidecar that runs", Info::new(build));
        for outcome in ["stored", "duplicate", "refused"] {
            drop(self.records.get_or_create(&Records { outcome }));
        }
    }

    /// Counts an answered request. `route` is a pattern of the route table.
    pub fn request(&self, route: &str, status: u16) {
        let route = route.to_owned();
        self.requests
            .get_or_create(&Request { route, status })
            .inc();
    }

    /// Counts what became of a batch.
    pub fn batch(&self, appended: &Appended, refused: u64, dropped: u64) {
        for entry in &appended.stored {
            self.spend(entry);
        }
        let stored = u64::try_from(appended.stored.len()).unwrap_or(u64::MAX);
        let outcomes = [
            ("stored", stored),
            ("duplicate", appended.duplicates),
            ("refused", refused),
        ];
        for (outcome, count) in outcomes {
            self.records
                .get_or_create(&Records { outcome })
                .inc_by(count);
        }
        self.dropped.inc_by(dropped);
    }

    fn spend(&self, entry: &Entry) {
        let model = self.known(&entry.record.model);
        let provider = entry.record.provider.as_deref();
        let provider = provider.map_or_else(|| "none".to_owned(), |name| self.known(name));
        let usage = &entry.record.usage;
        let kinds = [
            ("prompt", usage.prompt_tokens),
            ("completion", usage.completion_tokens),
        ];
        for (kind, tokens) in kinds {
            let (model, provider) = (model.clone(), provider.clone());
            let family = self.tokens.get_or_create(&Tokens {
                model,
                provider,
                kind,
            });
            family.inc_by(tokens.unwrap_or_default());
        }
        let labels = Spend { model, provider };
        match entry.cost_nano_usd {
            Some(cost) => self.cost.get_or_create(&labels).inc_by(cost),
            None => self.unpriced.get_or_create(&labels).inc(),
        };
    }

    fn known(&self, name: &str) -> String {
        if self.names.contains(name) {
            name
        } else {
            "other"
        }
        .to_owned()
    }

    /// Sets the database's size, bytes.
    pub fn database(&self, bytes: u64) {
        self.database.set(bytes);
    }

    /// Sets whether the model of this key, a configured one, cools down everywhere.
    pub fn cooling(&self, key: &str, cools: bool) {
        let key = key.to_owned();
        let gauge = self.cooling.get_or_create(&Cooling { key });
        gauge.set(cools.into());
    }

    /// Everything as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        if text::encode(&mut out, &self.registry).is_err() {
            tracing::error!("metrics could not be written");
        }
        out
    }
}
