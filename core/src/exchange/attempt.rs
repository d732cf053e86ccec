//! One attempt, on its way to its provider.

use std::sync::Arc;

use super::{Answer, Exchange, Meter, Running, State, Tracer, Tried};
use crate::answer::Echo;
use crate::config::Candidate;
use crate::dialect;
use crate::endpoint;
use crate::gateway;
use crate::headers::Headers;
use crate::id::uuid_v7;
use crate::json;
use crate::spend::Outcome;
use crate::text::same;
use crate::wire;

/// What of the request's headers passes to a provider as it is, each where the one before it is there (W43).
const PASSED: [&str; 2] = [wire::TRACEPARENT, "tracestate"];

/// The head of an attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct AttemptHead {
    /// All of its headers: what is not here does not leave (E9, W43).
    pub headers: Headers,
    /// Whether the body changes.
    pub edited: bool,
}

/// The body of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptBody {
    /// What stands in the place of the first bytes.
    pub prefix: Vec<u8>,
    /// How many bytes it stands for; the rest is unchanged.
    pub covered: usize,
}

/// The attempt runs at another provider than was planned: a cluster's filter bears a wrong name,
/// or a route leads past the plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the attempt planned for `{planned}` runs in the cluster whose filter is named `{found}`")]
pub struct Misrouted {
    /// The provider that was planned; empty when no attempt was left.
    pub planned: String,
    /// The one that runs.
    pub found: String,
}

impl Exchange {
    /// Begins the next attempt.
    ///
    /// `passed` reads a header of the request as it comes to the attempt; `tracer` is that of all requests.
    ///
    /// # Errors
    ///
    /// [`Misrouted`] when `provider` is not the one that was planned: its key must not go there.
    pub fn attempt(
        &mut self,
        provider: &str,
        passed: impl Fn(&'static str) -> Option<String>,
        tracer: &mut Tracer,
        now_ms: u64,
    ) -> Result<AttemptHead, Misrouted> {
        self.left(now_ms);
        self.meter = Meter::default();
        let i = self.place.next;
        let found = self.plan.attempts.get(i);
        let planned = found.filter(|planned| same(&planned.candidate.provider.name, provider));
        let Some(planned) = planned else {
            let planned = self.plan.cluster(i).unwrap_or_default().to_owned();
            return Err(Misrouted {
                planned,
                found: provider.to_owned(),
            });
        };
        if i != self.place.at || self.attempts.is_empty() {
            self.place.tries = planned.tries;
        }
        (self.place.at, self.place.next) = (i, i + 1);
        let candidate = &Arc::clone(&planned.candidate);
        let edits = self.chat.edits(&dialect::upstream(candidate));
        let length = json::edited_len(self.body.len, &edits);
        let accept = if self.chat.stream {
            wire::EVENT_STREAM
        } else {
            wire::JSON
        };
        let own = self.own.as_ref().filter(|own| own.is(&candidate.provider));
        let (mut headers, private) = match own {
            None => self.gateway.attempt(&candidate.provider),
            Some(own) => (gateway::head(&candidate.provider), own.private()),
        };
        headers.push(":path", &dialect::path(candidate));
        headers.push("accept", accept);
        headers.push_number("content-length", length);
        if let Some(own) = own {
            let bearer = own.bearer().map(|bearer| ("authorization", bearer));
            let pinned = self.pinned.as_deref();
            let pinned = pinned.filter(|_| own.name() == endpoint::TLS);
            let pinned = pinned.map(|address| (endpoint::PINNED, address));
            for (name, value) in bearer.into_iter().chain(pinned) {
                headers.push(name, value);
            }
        }
        let looks = self.caller.traced || tracer.is_looked_for();
        for name in PASSED.iter().filter(|_| looks) {
            let Some(value) = passed(name) else { break };
            if !self.caller.traced {
                tracer.found();
            }
            headers.push(name, &value);
        }
        self.attempts.push(Tried {
            candidate: Arc::clone(candidate),
            status: None,
            outcome: Outcome::default(),
            duration_ms: 0,
        });
        let edited = !edits.is_empty();
        self.running = Some(Running {
            started: now_ms,
            key: Arc::clone(&candidate.key),
            first_token: None,
            limits: None,
            alive: now_ms,
            left: 0,
            edits,
            answer: Answer::None,
            echo: self.echo(candidate, now_ms),
            private,
        });
        Ok(AttemptHead { headers, edited })
    }

    /// The cluster of the attempt that comes next: the first, or one after another that failed. Empty when the plan has none;
    /// `None` where none comes.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        let open = self.running.is_none() && matches!(self.state, State::Open);
        let more = open && self.attempts.len() < self.plan.slots();
        more.then(|| self.plan.cluster(self.place.next).unwrap_or_default())
    }

    /// What the gateway adds to the answer of an attempt.
    fn echo(&mut self, candidate: &Candidate, now_ms: u64) -> Echo {
        let extras = &self.chat.extras;
        let (raw_usage, raw_response) = (extras.include_raw_usage, extras.include_raw_response);
        let inference_id = if raw_usage || raw_response {
            uuid_v7(now_ms, &mut self.luck)
        } else {
            String::new()
        };
        Echo {
            episode: self.episode.clone(),
            raw_usage,
            raw_response,
            inference_id,
            provider_type: candidate.provider.kind.as_str(),
        }
    }

    /// The body of the running attempt; `None` when the caller's goes out as it is.
    ///
    /// `read` gives the first bytes of the host's copy of the caller's body.
    pub fn attempt_body(&mut self, read: impl FnOnce(usize) -> Vec<u8>) -> Option<AttemptBody> {
        let running = self
            .running
            .as_ref()
            .filter(|running| !running.edits.is_empty());
        let body = running.map(|running| {
            let end = running.edits.last().map_or(0, |edit| edit.span.end);
            let bytes = self.body.kept.take().unwrap_or_else(|| read(end));
            let (prefix, covered) = json::apply_to(bytes, &running.edits);
            AttemptBody { prefix, covered }
        });
        // A further attempt reads the host's copy.
        self.body.kept = None;
        body
    }

    /// Ends the running attempt.
    pub(super) fn conclude(&mut self, outcome: Outcome, now_ms: u64) {
        let Some(running) = self.running.take() else {
            return;
        };
        if let Answer::Stream { stream, .. } = &running.answer {
            self.meter.note(stream);
        }
        self.sample(&running, outcome, now_ms);
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.outcome = outcome;
            attempt.duration_ms = now_ms.saturating_sub(running.started);
        }
    }
}
