//! What an attempt tells of its provider's health (W36).

use std::sync::Arc;

use super::{Exchange, Running};
use crate::health::{Claim, Sample, Told};
use crate::spend::Outcome;
use crate::timeout;

/// Bytes of an answer after whose leaving a stall may be the caller's, who does not read: Envoy's
/// buffers hold at least twice as many before it stops the provider.
const UNREAD: usize = 512 * 1024;

impl Exchange {
    /// What the attempts tell of their providers; each thing is told once.
    pub fn take_samples(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.samples)
    }

    /// Gives the claim of a half-open key back, of which nothing has been learned.
    pub fn unclaim(&mut self) {
        // A plan with a claim is this exchange's alone.
        if self.plan.claimed.is_some() {
            let claimed = Arc::make_mut(&mut self.plan).claimed.take();
            self.samples.extend(claimed.map(Told::Unclaimed));
        }
    }

    /// Notes what the attempt tells, now that it is over: one failure of a key at most, however often
    /// it is tried. What it says of its limits holds each time.
    pub(super) fn sample(&mut self, running: &Running, outcome: Outcome, now_ms: u64) {
        if !self.is_watched(running) {
            return;
        }
        let lasted = now_ms.saturating_sub(running.started);
        let Some(answered) = self.answered_by(running, outcome, lasted) else {
            if self.claimed(&running.key).is_some() {
                self.unclaim();
            }
            return;
        };
        let status = self.attempts.last().and_then(|attempt| attempt.status);
        let sample = Sample {
            key: Arc::clone(&running.key),
            answered,
            limited: status == Some(429),
            unconnected: outcome == Outcome::Failed && status.is_none(),
            began: running.started,
            latency_ms: running.first_token.unwrap_or(lasted),
            limits: running.limits,
        };
        self.settle(&sample.key);
        if answered || !self.place.failed.contains(&sample.key) {
            if !answered {
                self.place.failed.push(Arc::clone(&sample.key));
            }
            self.samples.push(Told::Over(sample));
        } else if sample.limits.is_some() {
            self.samples.push(Told::Listed(sample));
        }
    }

    /// Notes that the answer of the running attempt has begun: who tries a provider out need not wait
    /// for the end of a long stream.
    pub(super) fn sample_begun(&mut self) {
        let Some(running) = self.running.as_ref().filter(|own| self.is_watched(own)) else {
            return;
        };
        let sample = Sample {
            key: Arc::clone(&running.key),
            answered: true,
            limited: false,
            unconnected: false,
            began: running.started,
            latency_ms: running.first_token.unwrap_or_default(),
            limits: None,
        };
        self.settle(&sample.key);
        self.samples.push(Told::Listed(sample));
    }

    fn is_watched(&self, running: &Running) -> bool {
        self.gateway.config.health.enabled && !running.key.is_empty()
    }

    fn claimed(&self, key: &str) -> Option<&Claim> {
        self.plan
            .claimed
            .as_ref()
            .filter(|claim| *claim.key == *key)
    }

    /// Something has been learned of a key: if it was claimed, its claim is settled.
    fn settle(&mut self, key: &str) {
        if self.claimed(key).is_some() {
            Arc::make_mut(&mut self.plan).claimed = None;
        }
    }

    /// Whether the attempt speaks for its provider or against it; `None` when it does neither: a
    /// refusal is about the request, a caller may leave or not read, and a caller's own short limit
    /// must not speak against a provider.
    fn answered_by(&self, running: &Running, outcome: Outcome, lasted: u64) -> Option<bool> {
        let by_caller =
            self.is_callers_limit() && timeout::may_be_over(self.limits.attempt, lasted);
        match outcome {
            Outcome::Answered => Some(true),
            Outcome::CallerGone => running.first_token.map(|_| true),
            // The answer may be a long one, and the attempts before it may have taken the time.
            Outcome::DeadlineExceeded | Outcome::Refused => None,
            Outcome::Failed | Outcome::Timeout if by_caller => None,
            Outcome::IdleTimeout if running.left > UNREAD => None,
            Outcome::Failed
            | Outcome::IdleTimeout
            | Outcome::InBandError
            | Outcome::Malformed
            | Outcome::Status
            | Outcome::Timeout
            | Outcome::Truncated => Some(false),
        }
    }
}
