//! What the answer's headers tell of the attempts (W37).

use std::fmt::Write;

use super::Exchange;
use crate::head::Headers;
use crate::spend::{Attempt, Outcome};
use crate::wire;

impl Exchange {
    /// Adds the `x-gateway-*` headers of an answer that a provider gave.
    pub(super) fn ledger(&self, now_ms: u64, headers: &mut Headers) {
        headers.reserve(7);
        let mut put = |name: &'static str, value: String| headers.push((name.into(), value.into()));
        put(wire::REQUEST_ID, self.caller.id.clone());
        put(wire::ATTEMPTS, self.attempts.len().to_string());
        put(wire::ROUTE, self.route(now_ms));
        if let Some(last) = self.attempts.last() {
            put(wire::PROVIDER, last.provider.clone());
            put(wire::MODEL, last.model.clone());
        }
        // A word that can stand in a header; what it may be is the provider's to say.
        let word = |text: &&String| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            (1..=32).contains(&text.len()) && text.bytes().all(plain)
        };
        if let Some(effort) = self.chat.reasoning_effort.as_ref().filter(word) {
            put(wire::REASONING_EFFORT, effort.clone());
        }
    }

    /// `azure;429;120ms,openai;200;840ms`.
    pub(super) fn route(&self, now_ms: u64) -> String {
        let mut route = String::new();
        for (i, attempt) in self.attempts.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let running = self
                .running
                .as_ref()
                .filter(|_| i + 1 == self.attempts.len());
            let duration = running.map_or(attempt.duration_ms, |running| {
                now_ms.saturating_sub(running.started)
            });
            let _ = write!(route, "{comma}{};", attempt.provider);
            match told(attempt, running.is_some()) {
                Ok(status) => drop(write!(route, "{status}")),
                Err(word) => route.push_str(word),
            }
            let _ = write!(route, ";{duration}ms");
        }
        route
    }
}

/// What an attempt came to: its status where that says it, or a word.
fn told(attempt: &Attempt, running: bool) -> Result<u16, &'static str> {
    match (attempt.status, attempt.outcome) {
        (Some(status), _) if running => Ok(status),
        (Some(status), Outcome::Answered | Outcome::Refused | Outcome::Status) => Ok(status),
        (_, outcome) => Err(outcome.as_str()),
    }
}
