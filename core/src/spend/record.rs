//! The spend record: one a request, with one line an attempt (W50).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::labels::{Contact, Thread};

/// One request as the ledger keeps it. Its JSON is what the filter sends to the sidecar.
///
/// Its texts are its own, or those of the exchange that it is told of (`Record<&str>`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "T: Deserialize<'de> + Default + Ord"))]
pub struct Record<T = String> {
    /// A UUIDv7 that the filter makes; also `x-gateway-request-id`. Records are stored once by it.
    pub id: T,
    /// The caller's `x-request-id`: a label, not unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<T>,
    /// Public id of the caller's key; `None` where no key is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<T>,
    /// `ollm::tags` (W51). Where there are none, the ledger takes the user agent for one ([`Record::tagged`]).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<T, T>,
    /// `project_id` (W55).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<T>,
    /// `orq.identity` or `orq.contact` (W55).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// `orq.thread` (W55).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
    /// `orq.name`: what the caller calls the request (W55).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<T>,
    /// `metadata` (W55).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<T, T>,
    /// `ollm::episode_id` (W23).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<T>,
    /// The selector as the caller wrote it: the *original* model.
    pub selector: T,
    /// The catalogue's model that the selector led to.
    pub model: T,
    /// The function's variant, where the selector named a function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<T>,
    /// The provider that served; `None` when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<T>,
    /// The name that was sent to it: the *request* model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_model: Option<T>,
    /// The name that it answered with: the *response* model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_model: Option<T>,
    /// The attempts, in order.
    pub attempts: Vec<Attempt<T>>,
    /// HTTP status as the caller saw it; 0 when the caller left before one.
    pub status: u16,
    /// How the exchange ended.
    pub end: EndReason,
    /// What was used, as far as it is known.
    pub usage: Usage,
    /// Where `usage` comes from; `None` when nothing was used or nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_source: Option<UsageSource>,
    /// When the request came, Unix milliseconds.
    pub started_ms: u64,
    /// From the request's head to the first token, milliseconds; `None` when none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u64>,
    /// From the request's head to the end, milliseconds.
    pub duration_ms: u64,
    /// Whether the caller asked for a stream.
    pub stream: bool,
    /// Whether a cache answered.
    pub cache_hit: bool,
    /// The caller's `user-agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<T>,
    /// The route's dialect: `openai`, `opengateway` or `orq` (W01).
    pub dialect: T,
}

impl Record {
    /// The record as the ledger keeps it: without tags the user agent is one (W51).
    #[must_use]
    pub fn tagged(mut self) -> Self {
        if let (true, Some(user_agent)) = (self.tags.is_empty(), &self.user_agent) {
            let tag = ("user_agent".to_owned(), user_agent.clone());
            self.tags.extend([tag]);
        }
        self
    }
}

/// One try at one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attempt<T = String> {
    /// The provider's name.
    pub provider: T,
    /// The name of the model that was sent.
    pub model: T,
    /// The provider's HTTP status; `None` when it gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// From its start to its end, milliseconds.
    pub duration_ms: u64,
}

/// How an attempt ended. The words stand in `x-gateway-route` and in `error.attempts[]` too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It answered.
    Answered,
    /// The caller left while it ran.
    CallerGone,
    /// The limit of the whole request came while it ran.
    DeadlineExceeded,
    /// No connection, a reset, or a time limit before its headers.
    #[default]
    Failed,
    /// A 200 that was no answer: HTML, not JSON, cut, without choices.
    Malformed,
    /// Its answer had begun, and nothing more came of it in time.
    IdleTimeout,
    /// An error inside a 200.
    InBandError,
    /// A status that leads to the next provider.
    Status,
    /// No first token in time; of a plain answer, no end.
    Timeout,
    /// The answer was cut after it had begun.
    Truncated,
    /// The provider refused the request itself: 400, 404, 409, 413, 422.
    Refused,
}

impl Outcome {
    /// The word for it on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::CallerGone => "caller_gone",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Failed => "failed",
            Self::IdleTimeout => "idle_timeout",
            Self::InBandError => "in_band_error",
            Self::Malformed => "malformed",
            Self::Refused => "refused",
            Self::Status => "status",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
        }
    }
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The answer was given whole.
    Complete,
    /// Every attempt failed; the last gave no plain answer in time.
    AnswerTimeout,
    /// The caller hung up.
    CallerGone,
    /// The limit of the whole request came before the end of an answer.
    DeadlineExceeded,
    /// Every attempt failed.
    #[default]
    Failed,
    /// Every attempt failed; the last gave no first token in time.
    FirstTokenTimeout,
    /// The answer had begun, and nothing more came of it in time.
    IdleTimeout,
    /// A provider refused the request itself.
    Refused,
    /// The answer had begun and was cut by the provider.
    Truncated,
}

impl EndReason {
    /// The word for it on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::AnswerTimeout => "answer_timeout",
            Self::CallerGone => "caller_gone",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Failed => "failed",
            Self::FirstTokenTimeout => "first_token_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::Refused => "refused",
            Self::Truncated => "truncated",
        }
    }
}

/// Tokens of one exchange; `None` is unknown, which is not 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Tokens of the completion, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_tokens: Option<u64>,
    /// Prompt tokens that the provider's cache served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Prompt tokens written to the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// Completion tokens spent on reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// Prompt tokens of audio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_input_tokens: Option<u64>,
    /// Completion tokens of audio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_output_tokens: Option<u64>,
}

/// Where the figures of a usage come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The gateway's estimate: the provider gave none.
    Estimated,
    /// The provider's final word.
    Provider,
    /// The provider's, but from before the end.
    ProviderPartial,
}

impl UsageSource {
    /// The word for it on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Estimated => "estimated",
            Self::Provider => "provider",
            Self::ProviderPartial => "provider_partial",
        }
    }
}

/// What the filter sends to the sidecar's ingest at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The records, oldest first.
    pub records: Vec<Record>,
    /// Records that overflowed since the last batch and are lost (W53).
    #[serde(default)]
    pub dropped: u64,
}
