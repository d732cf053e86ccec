//! One request and all of its attempts.
//!
//! ```text
//!            head            body                  attempt*                 answer
//!  open() ──────▶ Awaiting ──────▶ Exchange ─┬─▶ attempt() ─▶ answer_head() ─▶ answer_body()* ─┐
//!    │ └ Pass         │                      └──────────── failed: the next one ◀──────────────┤
//!    └───── Reply ◀───┴──── given_up() ◀──── none is left ◀────────────────────────────────────┘
//!                                  close() ─▶ Record
//! ```
//!
//! The gateway filter opens and closes it, the provider filter of each attempt works on it. What
//! the meter knows is in it as it streams, because the end may come in any order.

mod again;
mod answer;
mod attempt;
mod awaiting;
mod close;
mod given_up;
mod ledger;
mod limits;
mod opening;
mod sampled;
mod tracer;

use std::sync::Arc;

pub use answer::{Flow, Read, Verdict};
pub use attempt::{AttemptBody, AttemptHead, Misrouted};
pub use awaiting::{Awaiting, Sent};
pub use opening::{Opened, open};
pub use tracer::Tracer;

use crate::answer::{Echo, Refusal, Stream};
use crate::config::Candidate;
use crate::endpoint::Own;
use crate::gateway::Gateway;
use crate::health::{Limits, Told};
use crate::json::Edit;
use crate::luck::Luck;
use crate::plan::Plan;
use crate::reply::Reply;
use crate::request::Chat;
use crate::route::Dialect;
use crate::scrub::Private;
use crate::spend::{EndReason, Outcome, Usage};
use crate::timeout::TimeLimits;

/// How long a resolver may be asked, milliseconds: longer than it looks for a name itself.
const RESOLVED_MS: u64 = 6_000;

/// One request that is on its way.
pub struct Exchange {
    gateway: Arc<Gateway>,
    caller: Caller,
    chat: Box<Chat>,
    limits: TimeLimits,
    plan: Arc<Plan>,
    place: Place,
    /// The caller's own endpoint (W33).
    own: Option<Own>,
    /// The one address that its attempts may go to, such as `203.0.113.7:8000`, once it is known.
    pinned: Option<String>,
    body: Body,
    /// When the plan was made, Unix milliseconds: the limit of the whole runs from there.
    begun: u64,
    attempts: Vec<Tried>,
    running: Option<Running>,
    state: State,
    meter: Meter,
    /// `episode_id` of the answer and of the record (W23).
    episode: String,
    /// For the ids of the attempts.
    luck: Luck,
    /// After which time the soonest of the failed attempts may be tried again, seconds.
    retry_after: Option<u64>,
    /// What the attempts tell of their providers, until it is taken.
    samples: Vec<Told>,
}

/// What the head of the request says of who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Caller {
    /// Id of the exchange and of its record.
    id: String,
    /// Of the route.
    dialect: Dialect,
    key_id: Option<String>,
    request_id: Option<String>,
    user_agent: Option<String>,
    /// Whether its request is part of a trace.
    traced: bool,
    /// Unix milliseconds.
    started: u64,
}

/// The caller's body: its length, and its bytes until the first attempt has them. A further one reads the host's copy.
struct Body {
    len: usize,
    kept: Option<Vec<u8>>,
}

/// How far the plan has been carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    /// Index of the planned attempt that runs, or ran last.
    at: usize,
    /// Index of the one that comes next.
    next: usize,
    /// Tries more of the same provider that are left.
    tries: u8,
    /// The keys that have failed this request.
    failed: Vec<Arc<str>>,
}

/// One try at one provider.
struct Tried {
    /// The provider, and its name for the model.
    candidate: Arc<Candidate>,
    /// The provider's HTTP status; `None` while it gave none.
    status: Option<u16>,
    /// How it ended.
    outcome: Outcome,
    /// From its start to its end, milliseconds.
    duration_ms: u64,
}

impl Tried {
    /// The provider's name.
    fn provider(&self) -> &str {
        &self.candidate.provider.name
    }

    /// The name of the model that was sent.
    fn model(&self) -> &str {
        &self.candidate.model
    }
}

/// The attempt that runs.
struct Running {
    /// Unix milliseconds.
    started: u64,
    /// Whose health it tells of ([`crate::config::Candidate::key`]); empty for nobody's.
    key: Arc<str>,
    /// From its start to its first token, milliseconds.
    first_token: Option<u64>,
    /// What the head of its answer says.
    limits: Option<Limits>,
    /// When its answer last showed life, Unix milliseconds; counts once the answer leaves.
    alive: u64,
    /// Bytes of its answer that have left.
    left: usize,
    edits: Vec<Edit>,
    answer: Answer,
    echo: Echo,
    private: Arc<Private>,
}

/// How the answer of the attempt is read.
enum Answer {
    /// Its head has not come.
    None,
    /// Plain, held to its end.
    Plain,
    /// The provider refuses the request itself; its body is held for its message.
    Refusal,
    /// A stream.
    Stream {
        stream: Box<Stream>,
        /// Bytes of the host's buffer that have been read.
        seen: usize,
    },
    /// Plain and too large to hold: it passes. Its last bytes are kept, where the usage stands.
    Unread(Vec<u8>),
}

impl Answer {
    /// Whether the caller has all of it, though the body has not ended.
    fn is_done(&self) -> bool {
        matches!(self, Self::Stream { stream, .. } if stream.is_done())
    }
}

/// How far the exchange is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// No attempt has begun to answer.
    Open,
    /// The answer of the last attempt leaves.
    Answering,
    /// The caller has its answer, or Envoy has ended it.
    Ended(EndReason),
    /// A provider refuses the request: its status, and what it says.
    Refused(u16, Refusal),
}

/// What is known of the answer, for the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Meter {
    status: u16,
    first_token: Option<u64>,
    response_model: Option<String>,
    usage: Option<Usage>,
    /// Whether `usage` is the provider's last word.
    complete: bool,
    /// The answer passed without being read: nothing is known of its length in tokens.
    unread: bool,
    /// Bytes and chunks of text, for an estimate.
    bytes: usize,
    chunks: usize,
}

impl Exchange {
    /// How long the resolver may be asked for the address of the caller's own endpoint, milliseconds.
    #[must_use]
    pub fn patience(&self) -> u64 {
        self.limits.attempt.min(RESOLVED_MS)
    }

    /// Takes the resolver's word for the caller's own endpoint, and gives the address that its
    /// attempts are pinned to. The time it took is part of the whole (W32): `sent` then has the rest.
    ///
    /// # Errors
    ///
    /// The answer to the caller when the address may not be reached (W33).
    pub fn pin(&mut self, answer: &str, sent: &mut Sent, now_ms: u64) -> Result<String, Reply> {
        let Some(own) = &self.own else {
            return Ok(String::new());
        };
        let waited = now_ms.saturating_sub(self.begun);
        let rest = self.limits.total.saturating_sub(waited).max(1);
        let [.., (_, total)] = &mut sent.set;
        *total = rest;
        let address = own
            .pin(answer, self.gateway.config.vllm_endpoint.as_ref())
            .map_err(|rejection| opening::refuse(&rejection, &self.caller.id))?;
        self.pinned = Some(address.clone());
        Ok(address)
    }

    /// Whether the answer of a provider leaves, or has left.
    #[must_use]
    pub fn is_answering(&self) -> bool {
        self.state == State::Answering
    }

    /// Whether the time matters at which the answer has come to `size` bytes, and not to its end: it does not where they
    /// wait for the rest of a plain answer, nor where the answer leaves already.
    #[must_use]
    pub fn is_timed(&self, size: usize) -> bool {
        let held = self.gateway.config.defaults.limits.held_answer_bytes;
        let answer = self.running.as_ref().map(|running| &running.answer);
        !(self.is_answering() || size <= held && matches!(answer, Some(Answer::Plain)))
    }

    /// Whether an attempt runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Its id, which is that of its record (W50).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.caller.id
    }
}

#[cfg(test)]
mod tests;
