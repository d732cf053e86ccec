//! What the answer's headers tell of the attempts (W37).

use super::{Exchange, Tried};
use crate::headers::Headers;
use crate::spend::Outcome;
use crate::wire;

impl Exchange {
    /// Adds the `x-gateway-*` headers of an answer that a provider gave.
    pub(super) fn ledger(&self, now_ms: u64, headers: &mut Headers) {
        headers.push(wire::REQUEST_ID, &self.caller.id);
        headers.push_number(wire::ATTEMPTS, self.attempts.len());
        headers.push(wire::ROUTE, &self.route(now_ms));
        if let Some(last) = self.attempts.last() {
            headers.push(wire::PROVIDER, last.provider());
            headers.push(wire::MODEL, last.model());
        }
        // A word that can stand in a header; what it may be is the provider's to say.
        let word = |text: &&String| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            (1..=32).contains(&text.len()) && text.bytes().all(plain)
        };
        if let Some(effort) = self.chat.reasoning_effort.as_ref().filter(word) {
            headers.push(wire::REASONING_EFFORT, effort);
        }
    }

    /// `azure;429;120ms,openai;200;840ms`.
    pub(super) fn route(&self, now_ms: u64) -> String {
        let mut route = String::with_capacity(64);
        for (i, attempt) in self.attempts.iter().enumerate() {
            if i > 0 {
                route.push(',');
            }
            let running = self
                .running
                .as_ref()
                .filter(|_| i + 1 == self.attempts.len());
            let duration = running.map_or(attempt.duration_ms, |running| {
                now_ms.saturating_sub(running.started)
            });
            let (mut status, mut lasted) = (itoa::Buffer::new(), itoa::Buffer::new());
            let told = match told(attempt, running.is_some()) {
                Ok(code) => status.format(code),
                Err(word) => word,
            };
            for part in [
                attempt.provider(),
                ";",
                told,
                ";",
                lasted.format(duration),
                "ms",
            ] {
                route.push_str(part);
            }
        }
        route
    }
}

/// What an attempt came to: its status where that says it, or a word.
fn told(attempt: &Tried, running: bool) -> Result<u16, &'static str> {
    match (attempt.status, attempt.outcome) {
        (Some(status), _) if running => Ok(status),
        (Some(status), Outcome::Answered | Outcome::Refused | Outcome::Status) => Ok(status),
        (_, outcome) => Err(outcome.as_str()),
    }
}
