//! Another try of the same provider, where `orq.retry` asks for it (W31).

use super::Exchange;

/// Seconds that are waited for a provider at most; beyond it the next one is tried.
const LONGEST: u64 = 16;

/// The next attempt is at the same provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// Its cluster.
    pub cluster: String,
    /// Seconds until then: 1, 2, 4, 8, 16, or what the provider asked for if that is longer.
    pub wait_s: u64,
}

impl Exchange {
    /// Whether the provider that has just failed with this status is tried again. `rest_s` is what
    /// its `Retry-After` says.
    pub(super) fn again(&mut self, status: u16, rest_s: Option<u64>) -> Option<Again> {
        let planned = self.plan.attempts.get(self.place.at)?;
        if self.place.tries == 0 || !self.plan.on_codes.contains(&status) {
            return None;
        }
        let done = planned.tries.saturating_sub(self.place.tries);
        let backoff = 1_u64.checked_shl(done.into()).unwrap_or(LONGEST);
        let wait_s = backoff.max(rest_s.unwrap_or_default());
        if wait_s > LONGEST {
            return None;
        }
        self.place.tries = self.place.tries.saturating_sub(1);
        self.place.next = self.place.at;
        Some(Again {
            cluster: planned.candidate.provider.name.clone(),
            wait_s,
        })
    }
}
