//! Everything that a handler may use.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sluice_core::config::Config;

use crate::fleet::Fleet;
use crate::metrics::Metrics;
use crate::probe::Probe;
use crate::store::Store;
use crate::tally::Tally;
use crate::token::Token;

/// The sidecar's state. Clones share it.
#[derive(Clone, Debug)]
pub struct App {
    /// The configuration document: prices and catalogue.
    pub config: Arc<Config>,
    /// The OpenAPI document of the gateway under this configuration.
    pub openapi: Arc<str>,
    /// Where records are kept.
    pub store: Store,
    /// What `/metrics` tells.
    pub metrics: Arc<Metrics>,
    /// The store's health, looked at once a second at most.
    pub probe: Arc<Probe>,
    /// How the providers do, as all Envoys see it.
    pub fleet: Arc<Fleet>,
    /// How many requests each key has served today.
    pub tally: Arc<Tally>,
    /// Who may come in.
    pub access: Access,
    /// Bytes of a batch; a larger one is refused with 413.
    pub max_batch_bytes: usize,
}

/// Who may come in where.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// For `/v1/spend` and `/v1/contacts`; without it these routes answer 403.
    pub admin: Option<Token>,
    /// For `/internal/…`; without it the routes are open to whoever reaches the port.
    pub ingest: Option<Token>,
}

impl App {
    /// Bytes of a batch where nothing else is said: 16 MiB.
    pub const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

    /// An app with no tokens and the default limit.
    #[must_use]
    pub fn new(config: Config, store: Store) -> Self {
        Self {
            metrics: Arc::new(Metrics::new(&config)),
            openapi: crate::openapi::document(&config).into(),
            fleet: Arc::new(Fleet::new(&config)),
            tally: Arc::default(),
            config: Arc::new(config),
            store,
            probe: Arc::new(Probe::default()),
            access: Access::default(),
            max_batch_bytes: Self::MAX_BATCH_BYTES,
        }
    }

    /// Sets who may come in.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Sets the limit of a batch, in bytes.
    #[must_use]
    pub fn max_batch_bytes(mut self, bytes: usize) -> Self {
        self.max_batch_bytes = bytes;
        self
    }
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
