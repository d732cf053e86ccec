//! When to try again.

/// The longest wait between two tries, milliseconds.
const BACKOFF_MS: u64 = 5_000;

/// When to try again after failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    until: u64,
}

impl Backoff {
    /// Whether the time for a try has come.
    #[must_use]
    pub fn is_due(&self, now_ms: u64) -> bool {
        now_ms >= self.until
    }

    /// A try has failed; `true` for the first of a row, which is worth a line in the log.
    pub fn failed(&mut self, now_ms: u64) -> bool {
        let wait = 200_u64
            .saturating_mul(1 << self.failures.min(5))
            .min(BACKOFF_MS);
        self.failures = self.failures.saturating_add(1);
        self.until = now_ms.saturating_add(wait);
        self.failures == 1
    }

    /// A try has succeeded; `true` when others had failed before it.
    pub fn succeeded(&mut self) -> bool {
        let recovered = self.failures > 0;
        *self = Self::default();
        recovered
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn tries_grow_rarer() {
        let mut backoff = Backoff::default();
        assert!(backoff.is_due(0));
        assert!(backoff.failed(0) && !backoff.is_due(199) && backoff.is_due(200));
        assert!(!backoff.failed(200) && !backoff.is_due(599));
        for _ in 0..100 {
            backoff.failed(1_000);
        }
        assert!(backoff.is_due(1_000 + BACKOFF_MS));
        assert!(backoff.succeeded() && !backoff.succeeded());
    }
}
