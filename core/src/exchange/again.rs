//! Another try of the same provider, where `orq.retry` asks for it (W31).

use super::Exchange;

/// Seconds that are waited for a provider at most; beyond it the next one is tried.
const LONGEST: u64 = 16;

impl Exchange {
    /// Seconds until the provider that has just failed with this status is tried again: 1, 2, 4, 8, 16, or what it asked for
    /// if that is longer; `None` where it is not. `rest_s` is what its `Retry-After` says.
    pub(super) fn again(&mut self, status: u16, rest_s: Option<u64>) -> Option<u64> {
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
        Some(wait_s)
    }
}
