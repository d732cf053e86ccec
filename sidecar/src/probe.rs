//! The store's health, looked at once a second at most.
//!
//! `/health` needs no key (W02), and a look writes to the disk: callers in between share one.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::error::chain;
use crate::store::Store;

/// How long a look holds good.
const FRESH: Duration = Duration::from_secs(1);

/// What the last look at the store saw.
#[derive(Debug, Default)]
pub struct Probe {
    last: Mutex<Option<Look>>,
}

/// One look at the store.
#[derive(Clone, Debug)]
pub struct Look {
    /// When it was taken.
    taken: Instant,
    /// What failed, without internals; `None` when reading and writing worked.
    pub fault: Option<&'static str>,
    /// Milliseconds that reading and writing took together.
    pub latency_ms: u64,
}

impl Probe {
    /// The last look, or a new one when that is too old.
    pub async fn look(&self, store: &Store) -> Look {
        let mut last = self.last.lock().await;
        if let Some(look) = last.as_ref().filter(|look| look.taken.elapsed() < FRESH) {
            return look.clone();
        }
        let start = Instant::now();
        let result = store.probe().await;
        if let Err(error) = &result {
            tracing::error!(
                store = store.name(),
                error = chain(error),
                "store is unavailable"
            );
        }
        let look = Look {
            taken: Instant::now(),
            fault: result.err().map(|error| error.operation()),
            latency_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        *last = Some(look.clone());
        look
    }
}
