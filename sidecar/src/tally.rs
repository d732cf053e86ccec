//! How many requests each key has served today, from the ledger.
//!
//! `/health` needs no key (W02): callers in between share one look, and a look reads only the records
//! that came since the one before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::{Store, StoreError};

/// How long a look holds good.
const FRESH: Duration = Duration::from_secs(5);
const DAY_MS: u64 = 86_400_000;

/// The count of today's requests (UTC).
#[derive(Debug, Default)]
pub struct Tally {
    last: Mutex<Option<Count>>,
}

#[derive(Debug)]
struct Count {
    taken: Instant,
    /// Days since 1970.
    day: u64,
    /// The last record that is in it.
    last: i64,
    served: Arc<BTreeMap<String, u64>>,
}

impl Tally {
    /// Requests that each key has served on the day of `now_ms`, Unix milliseconds.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn look(
        &self,
        store: &Store,
        now_ms: u64,
    ) -> Result<Arc<BTreeMap<String, u64>>, StoreError> {
        let mut last = self.last.lock().await;
        let day = now_ms / DAY_MS;
        let known = last.take_if(|count| count.day != day || count.taken.elapsed() >= FRESH);
        if let Some(count) = last.as_ref() {
            return Ok(Arc::clone(&count.served));
        }
        let known = known.filter(|count| count.day == day);
        let (after, mut served) = match known {
            None => (None, Arc::default()),
            Some(count) => (Some(count.last), count.served),
        };
        let from = day.saturating_mul(DAY_MS);
        let found = store
            .served(from, from.saturating_add(DAY_MS), after)
            .await?;
        let counts = Arc::make_mut(&mut served);
        for (key, requests) in found.requests {
            *counts.entry(key).or_default() += requests;
        }
        *last = Some(Count {
            taken: Instant::now(),
            day,
            last: found.last,
            served: Arc::clone(&served),
        });
        Ok(served)
    }
}
