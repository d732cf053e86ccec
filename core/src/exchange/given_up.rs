//! The answer when no provider gave one (W61).

use super::{Exchange, State};
use crate::error::{Code, ErrorBody, FailedAttempt};
use crate::reply::Reply;
use crate::spend::{EndReason, Outcome};
use crate::wire;

impl Exchange {
    /// The answer in the place of what Envoy is about to send; `None` when a provider has answered.
    pub fn given_up(&mut self, now_ms: u64) -> Option<Reply> {
        if self.state == State::Open {
            self.left(now_ms);
        }
        let (reply, end) = match &self.state {
            State::Answering | State::Ended(_) => return None,
            State::Open => self.failed(now_ms),
            State::Refused(status, refusal) => {
                let reply = Reply::error(*status, &refusal.error(*status));
                (reply, EndReason::Refused)
            }
        };
        let mut reply = reply
            .header(wire::REQUEST_ID, &self.caller.id)
            .header(wire::ATTEMPTS, self.attempts.len().to_string());
        if !self.attempts.is_empty() {
            reply = reply.header(wire::ROUTE, self.route(now_ms));
        }
        if let (State::Refused(..), Some(last)) = (&self.state, self.attempts.last()) {
            reply = reply
                .header(wire::PROVIDER, last.provider())
                .header(wire::MODEL, last.model());
        }
        self.meter.status = reply.status;
        self.state = State::Ended(end);
        Some(reply)
    }

    fn failed(&self, now_ms: u64) -> (Reply, EndReason) {
        let late = !self.attempts.is_empty() && self.is_late(now_ms);
        let last = self.attempts.last();
        let end = match last.map(|last| last.outcome) {
            _ if late => EndReason::DeadlineExceeded,
            Some(Outcome::Timeout) if self.chat.stream => EndReason::FirstTokenTimeout,
            Some(Outcome::Timeout) => EndReason::AnswerTimeout,
            _ => EndReason::Failed,
        };
        let status = match last.map(|last| (last.status, last.outcome)) {
            _ if late => 504,
            Some((_, Outcome::Timeout)) => 504,
            Some((Some(408), Outcome::Status)) => 504,
            Some((Some(status @ (429 | 503 | 504)), Outcome::Status)) => status,
            None => 503,
            Some(_) => 502,
        };
        let attempts: Vec<_> = self
            .attempts
            .iter()
            .map(|attempt| FailedAttempt {
                provider: attempt.provider().to_owned(),
                status: attempt.status,
                outcome: attempt.outcome,
            })
            .collect();
        let names: Vec<_> = attempts
            .iter()
            .map(|attempt| attempt.provider.as_str())
            .collect();
        let (code, message) = if late {
            let message = format!("No answer came in time; tried {}.", names.join(", "));
            (Code::DeadlineExceeded, message)
        } else if names.is_empty() {
            let message = "No provider could be reached.".to_owned();
            (Code::AllAttemptsFailed, message)
        } else {
            let message = format!("No provider could answer; tried {}.", names.join(", "));
            (Code::AllAttemptsFailed, message)
        };
        let body = ErrorBody::new(status, code, message).attempts(attempts);
        let reply = Reply::error(status, &body);
        let reply = match &self.retry_after {
            Some(seconds) if status == 429 || status == 503 => {
                reply.header("retry-after", seconds.to_string())
            }
            _ => reply,
        };
        (reply, end)
    }

    /// Keeps the soonest time after which a failed attempt may be tried again; gives that of this
    /// one, seconds.
    pub(super) fn note_retry_after(&mut self) -> Option<u64> {
        let limits = self.running.as_ref().and_then(|running| running.limits);
        let seconds = limits.and_then(|limits| Some(limits.retry_after_ms?.div_ceil(1_000)));
        self.retry_after = [self.retry_after, seconds].into_iter().flatten().min();
        seconds
    }
}
