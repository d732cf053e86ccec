//! The end of an exchange → its record.

use std::collections::BTreeMap;

use super::{Exchange, State};
use crate::spend::{EndReason, Outcome, Record, Usage, UsageSource, estimated};

/// How Envoy's words begin where the upstream, or its time limit, ended a response.
const UPSTREAM: [&str; 2] = ["upstream", "response_timeout"];

impl Exchange {
    /// Closes the exchange; `None` when nothing is to be kept of it (W52).
    ///
    /// `details` is Envoy's word on how the response ended (`%RESPONSE_CODE_DETAILS%`); it is only
    /// asked for when the end is not known ([`Exchange::is_settled`]).
    pub fn close(&mut self, details: Option<&str>, now_ms: u64) -> Option<Record> {
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

    fn record(&mut self, end: EndReason, now_ms: u64) -> Record {
        let attempts = std::mem::take(&mut self.attempts);
        let planned = self.plan.attempts.get(self.place.at);
        let served = attempts
            .last()
            .filter(|last| self.meter.status == 200 || last.outcome == Outcome::CallerGone);
        let (usage, usage_source) = self.usage(served.is_some());
        let defaults = &self.gateway.config.defaults;
        let selector = self.chat.model.clone().or_else(|| defaults.model.clone());
        let meter = std::mem::take(&mut self.meter);
        let caller = std::mem::take(&mut self.caller);
        let extras = std::mem::take(&mut self.chat.extras);
        Record {
            id: caller.id,
            request_id: caller.request_id,
            key_id: caller.key_id,
            tags: tags(extras.tags, caller.user_agent.as_deref()),
            project: extras.project,
            contact: extras.contact,
            thread: extras.thread,
            name: extras.name,
            metadata: extras.metadata,
            episode: Some(std::mem::take(&mut self.episode)),
            selector: selector.unwrap_or_default(),
            model: planned
                .map(|planned| planned.model.name.clone())
                .unwrap_or_default(),
            variant: planned.and_then(|planned| planned.variant.clone()),
            provider: served.map(|last| last.provider.clone()),
            request_model: served.map(|last| last.model.clone()),
            response_model: meter.response_model,
            status: meter.status,
            end,
            usage,
            usage_source,
            started_ms: caller.started,
            first_token_ms: meter.first_token,
            duration_ms: now_ms.saturating_sub(caller.started),
            stream: self.chat.stream,
            cache_hit: false,
            user_agent: caller.user_agent,
            dialect: caller.dialect.as_str().to_owned(),
            attempts,
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

type Tags = BTreeMap<String, String>;

/// The tags of the record: `source=playground` is the playground's, and where there are none the
/// user agent is the tag (W51).
fn tags(mut tags: Tags, user_agent: Option<&str>) -> Tags {
    if tags
        .get("source")
        .is_some_and(|source| source == "playground")
    {
        tags.remove("source");
        tags.insert("playground".to_owned(), "true".to_owned());
    }
    if let (true, Some(user_agent)) = (tags.is_empty(), user_agent) {
        tags.insert("user_agent".to_owned(), user_agent.to_owned());
    }
    tags
}
