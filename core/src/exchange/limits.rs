//! What ends an attempt from without: a reset, a time limit, a stall (W32, W35).

use super::{Answer, Exchange, Running, State};
use crate::spend::Outcome;
use crate::timeout;

impl Exchange {
    /// Whether the limit of an attempt is the caller's own, and shorter than the configured one: a
    /// provider that missed it need not be slow.
    #[must_use]
    pub fn is_callers_limit(&self) -> bool {
        self.limits.callers
    }

    /// The running attempt is over without an answer: a reset, a refused connection, a time limit.
    /// Nothing happens when it has been told otherwise already.
    pub fn left(&mut self, now_ms: u64) {
        if matches!(self.state, State::Ended(_)) {
            return;
        }
        let Some(running) = &self.running else { return };
        let outcome = match self.state {
            State::Answering if self.is_late(now_ms) => running.broken(Outcome::DeadlineExceeded),
            State::Answering => running.broken(Outcome::Truncated),
            _ if self.is_late(now_ms) => Outcome::DeadlineExceeded,
            _ if timeout::is_over(self.limits.attempt, running.started, now_ms) => Outcome::Timeout,
            _ => Outcome::Failed,
        };
        self.conclude(outcome, now_ms);
    }

    /// Ends an answer that has begun and shows no life any more; `true` when it did, and the
    /// caller's stream is to be reset.
    ///
    /// Life is a chunk of the dialect or `[DONE]`, not a comment, a ping or a part of an event; of an
    /// answer that passes unread it is any byte.
    pub fn stalled(&mut self, now_ms: u64) -> bool {
        if let Some(running) = &mut self.running {
            // The clock may have been set back.
            running.alive = running.alive.min(now_ms);
        }
        let idle = |running: &&Running| now_ms.saturating_sub(running.alive) >= self.limits.idle;
        let running = self.running.as_ref().filter(idle);
        let Some(running) = running.filter(|_| self.state == State::Answering) else {
            return false;
        };
        let outcome = running.broken(Outcome::IdleTimeout);
        self.conclude(outcome, now_ms);
        true
    }

    /// Begins the idle limit anew: nobody has looked for life for a while.
    pub fn revive(&mut self, now_ms: u64) {
        if let Some(running) = &mut self.running {
            running.alive = now_ms;
        }
    }

    /// Whether the limit of the whole request is over.
    pub(super) fn is_late(&self, now_ms: u64) -> bool {
        timeout::is_over(self.limits.total, self.begun, now_ms)
    }
}

impl Running {
    /// What an attempt came to whose answer had begun and was ended by `cause`.
    fn broken(&self, cause: Outcome) -> Outcome {
        match &self.answer {
            answer if answer.is_done() => Outcome::Answered,
            // The provider's error came before.
            Answer::Stream { stream, .. } if stream.truncated => Outcome::Truncated,
            _ => cause,
        }
    }
}
