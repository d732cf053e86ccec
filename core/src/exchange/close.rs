//! The end of an exchange → its record.

use std::collections::BTreeMap;

use super::{Exchange, State, Tried};
use crate::spend::{Attempt, EndReason, Outcome, Record, Usage, UsageSource, estimated};

/// How Envoy's words begin where the upstream, or its time limit, ended a response.
const UPSTREAM: [&str; 2] = ["upstream", "response_timeout"];

impl Exchange {
    /// Closes the exchange; `None` when nothing is to be kept of it (W52).
    ///
    /// `details` is Envoy's word on how the response ended (`%RESPONSE_CODE_DETAILS%`); it is only
    /// asked for when the end is not known ([`Exchange::is_settled`]).
    pub fn close(&mut self, details: Option<&str>, now_ms: u64) -> Option<Record<&str>> {
        let end = self.end(details, now_ms);
        self.state = State::Ended(end);
        self.unclaim();
        if self.chat.extras.dryrun {
            return None;
        }
        Some(self.record(end, now_ms))
    }

    /// Whether the exchange knows by itself how it ended.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.state, State::Ended(_)) || self.running.is_none() && !self.attempts.is_empty()
    }

    /// Whether the provider cut the answer after it had begun.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.attempts
            .last()
            .is_some_and(|last| last.outcome == Outcome::Truncated)
    }

    fn end(&mut self, details: Option<&str>, now_ms: u64) -> EndReason {
        if let State::Ended(end) = self.state {
            return end;
        }
        if let Some(running) = &self.running {
            let upstream =
                details.is_some_and(|details| UPSTREAM.iter().any(|own| details.starts_with(own)));
            if running.answer.is_done() {
                self.conclude(Outcome::Answered, now_ms);
            } else if self.state == State::Answering && upstream {
                self.left(now_ms);
            } else {
                self.conclude(Outcome::CallerGone, now_ms);
            }
        }
        match self.attempts.last().map(|attempt| attempt.outcome) {
            Some(Outcome::Answered) => EndReason::Complete,
            Some(Outcome::DeadlineExceeded) => EndReason::DeadlineExceeded,
            Some(Outcome::IdleTimeout) => EndReason::IdleTimeout,
            Some(Outcome::Truncated) => EndReason::Truncated,
            Some(Outcome::Refused) => EndReason::Refused,
            _ => EndReason::CallerGone,
        }
    }

    fn record(&mut self, end: EndReason, now_ms: u64) -> Record<&str> {
        let (contact, thread) = (
            self.chat.extras.contact.take(),
            self.chat.extras.thread.take(),
        );
        let (caller, extras, meter) = (&self.caller, &self.chat.extras, &self.meter);
        let planned = self.plan.attempts.get(self.place.at);
        let last = self.attempts.last();
        let served = last.filter(|last| meter.status == 200 || last.outcome == Outcome::CallerGone);
        let (usage, usage_source) = self.usage(served.is_some());
        let defaults = &self.gateway.config.defaults;
        let selector = self.chat.model.as_deref().or(defaults.model.as_deref());
        let attempts = self.attempts.iter().map(|own| Attempt {
            provider: own.provider(),
            model: own.model(),
            status: own.status,
            outcome: own.outcome,
            duration_ms: own.duration_ms,
        });
        Record {
            id: &caller.id,
            request_id: caller.request_id.as_deref(),
            key_id: caller.key_id.as_deref(),
            tags: tags(&extras.tags),
            project: extras.project.as_deref(),
            contact,
            thread,
            name: extras.name.as_deref(),
            metadata: texts(&extras.metadata),
            episode: Some(&self.episode),
            selector: selector.unwrap_or_default(),
            model: planned.map_or("", |planned| &planned.model.name),
            variant: planned.and_then(|planned| planned.variant.as_deref()),
            provider: served.map(Tried::provider),
            request_model: served.map(Tried::model),
            response_model: meter.response_model.as_deref(),
            status: meter.status,
            end,
            usage,
            usage_source,
            started_ms: caller.started,
            first_token_ms: meter.first_token,
            duration_ms: now_ms.saturating_sub(caller.started),
            stream: self.chat.stream,
            cache_hit: false,
            user_agent: caller.user_agent.as_deref(),
            dialect: caller.dialect.as_str(),
            attempts: attempts.collect(),
        }
    }

    /// The provider's figures; where it gave none or not the last, the gateway's estimate (W53).
    fn usage(&self, served: bool) -> (Usage, Option<UsageSource>) {
        match self.meter.usage {
            _ if !served => (Usage::default(), None),
            Some(usage) if self.meter.complete => (usage, Some(UsageSource::Provider)),
            Some(usage) => (usage, Some(UsageSource::ProviderPartial)),
            None => {
                let chunks = u64::try_from(self.meter.chunks).unwrap_or(u64::MAX);
                let completion = estimated(self.meter.bytes).max(chunks);
                let usage = Usage {
                    prompt_tokens: Some(estimated(self.chat.prompt_bytes)),
                    completion_tokens: Some(completion).filter(|_| !self.meter.unread),
                    ..Usage::default()
                };
                (usage, Some(UsageSource::Estimated))
            }
        }
    }
}

type Texts<'a> = BTreeMap<&'a str, &'a str>;

fn texts(own: &BTreeMap<String, String>) -> Texts<'_> {
    let texts = own.iter();
    texts.map(|(name, text)| (&**name, &**text)).collect()
}

/// The tags of the record: `source=playground` is the playground's (W51).
fn tags(own: &BTreeMap<String, String>) -> Texts<'_> {
    let mut tags = texts(own);
    if tags.get("source") == Some(&"playground") {
        tags.remove("source");
        tags.insert("playground", "true");
    }
    tags
}
