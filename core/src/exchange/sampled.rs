//! What an attempt that is over tells of its provider's health (W36).

use super::{Exchange, Running};
use crate::health::Sample;
use crate::spend::Outcome;

impl Exchange {
    /// What the attempts that are over tell of their providers; each is told once.
    pub fn take_samples(&mut self) -> Vec<Sample> {
        std::mem::take(&mut self.samples)
    }

    /// Notes what the attempt tells. One that the caller left before it answered tells nothing, nor
    /// does one whose time was over before the configured limit: a caller's own short limit must not
    /// speak against a provider.
    pub(super) fn sample(&mut self, running: &Running, outcome: Outcome, now_ms: u64) {
        if !self.gateway.config.health.enabled || running.key.is_empty() {
            return;
        }
        let answered = match outcome {
            Outcome::Answered | Outcome::Refused => true,
            Outcome::CallerGone if running.first_token.is_some() => true,
            // The answer may be a long one, and the attempts before it may have taken the time.
            Outcome::CallerGone | Outcome::DeadlineExceeded => return,
            Outcome::Timeout if self.is_callers_limit() => return,
            Outcome::Failed
            | Outcome::IdleTimeout
            | Outcome::InBandError
            | Outcome::Malformed
            | Outcome::Status
            | Outcome::Timeout
            | Outcome::Truncated => false,
        };
        let lasted = now_ms.saturating_sub(running.started);
        let status = self.attempts.last().and_then(|attempt| attempt.status);
        self.samples.push(Sample {
            key: running.key.clone(),
            answered,
            limited: status == Some(429),
            began: running.started,
            latency_ms: running.first_token.unwrap_or(lasted),
            limits: running.limits,
        });
    }
}
