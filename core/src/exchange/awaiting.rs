//! A request whose body comes.

use std::sync::Arc;

use super::opening::refuse;
use super::{Body, Caller, Exchange, Meter, State};
use crate::gateway::Gateway;
use crate::id::uuid_v7;
use crate::luck::Luck;
use crate::plan::Plan;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::{Chat, Needs, Rules};
use crate::selector::resolve;
use crate::wire;

/// A request that waits for its body.
pub struct Awaiting {
    gateway: Arc<Gateway>,
    caller: Caller,
    sequence: Option<Vec<String>>,
    stale: Vec<String>,
}

/// What Envoy is told when the body is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The cluster of the first attempt.
    pub cluster: String,
    /// Headers to set.
    pub set: Vec<(&'static str, String)>,
    /// Headers to remove: the caller's word to Envoy (E23).
    pub remove: Vec<String>,
}

impl Awaiting {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        caller: Caller,
        sequence: Option<Vec<String>>,
        stale: Vec<String>,
    ) -> Self {
        Self {
            gateway,
            caller,
            sequence,
            stale,
        }
    }

    /// The id of the request.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.caller.id
    }

    /// Takes note of how much of the body has come.
    ///
    /// # Errors
    ///
    /// The answer to a body above the limit (W17).
    pub fn grown(&self, size: usize) -> Result<(), Reply> {
        let limit = self.gateway.config.defaults.limits.body_bytes;
        if size <= limit {
            return Ok(());
        }
        Err(refuse(&Rejection::BodyTooLarge { limit }, &self.caller.id))
    }

    /// Takes the whole body.
    ///
    /// # Errors
    ///
    /// The answer to a body that is refused; no provider has seen anything of it.
    pub fn body(self, bytes: Vec<u8>, luck: &mut Luck) -> Result<(Exchange, Sent), Reply> {
        self.grown(bytes.len())?;
        let id = self.caller.id.clone();
        self.plan(bytes, luck)
            .map_err(|rejection| refuse(&rejection, &id))
    }

    fn plan(self, bytes: Vec<u8>, luck: &mut Luck) -> Result<(Exchange, Sent), Rejection> {
        let Self {
            gateway,
            caller,
            sequence,
            stale,
        } = self;
        let defaults = &gateway.config.defaults;
        let rules = Rules {
            dialect: caller.dialect,
            stop_sequences: defaults.limits.stop_sequences,
            unknown_fields: defaults.unknown_fields,
            default_model: defaults.model.is_some(),
        };
        let chat = Chat::parse(&bytes, &rules)?;
        let selector = chat
            .model
            .as_deref()
            .or(defaults.model.as_deref())
            .unwrap_or_default();
        let target = resolve(selector, chat.extras.variant.as_deref(), &gateway.config)?;
        let needs = || Needs::read(&chat, &bytes);
        let plan = Plan::new(&target, sequence.as_deref(), &gateway, needs, luck)?;
        let episode = chat.extras.episode.clone();
        let episode = episode.unwrap_or_else(|| uuid_v7(caller.started, luck));
        let limit = defaults.timeouts.of_attempt(chat.stream);
        let retries = plan.attempts.len().saturating_sub(1);
        let sent = Sent {
            cluster: plan.cluster(0).unwrap_or_default().to_owned(),
            set: vec![
                (wire::MAX_RETRIES, retries.to_string()),
                (wire::TRY_TIMEOUT, limit.to_string()),
            ],
            remove: stale,
        };
        let exchange = Exchange {
            caller,
            chat,
            plan,
            body: Body {
                len: bytes.len(),
                kept: Some(bytes),
            },
            attempts: Vec::with_capacity(2),
            running: None,
            state: State::Open,
            meter: Meter::default(),
            episode,
            luck: luck.fork(),
            retry_after: None,
            gateway,
        };
        Ok((exchange, sent))
    }
}
