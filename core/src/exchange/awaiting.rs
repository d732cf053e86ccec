//! A request whose body comes.

use std::sync::Arc;

use super::opening::refuse;
use super::{Body, Caller, Exchange, Meter, Place, State};
use crate::endpoint::{Address, Own};
use crate::explain::{Explained, explain};
use crate::gateway::Gateway;
use crate::id::uuid_v7;
use crate::luck::Luck;
use crate::plan::{Asked, Care, Kept, Plan, Wish};
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::{Chat, Needs, Rules};
use crate::timeout::TimeLimits;
use crate::wire;

/// A request that waits for its body.
pub struct Awaiting {
    gateway: Arc<Gateway>,
    caller: Caller,
    wants: Wants,
    stale: Vec<String>,
}

/// What the head asks of the plan.
pub(super) struct Wants {
    pub(super) asked: Asked,
    /// The caller's own endpoint (W33).
    pub(super) own: Option<Own>,
    /// The caller's limit of an attempt, milliseconds.
    pub(super) timeout: Option<u64>,
    /// Whether the plan is told instead of carried out (W38).
    pub(super) explains: bool,
}

/// What Envoy is told when the body is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Headers to set: how many attempts may come after the first, the limit of each, the limit of all.
    pub set: [(&'static str, u64); 3],
    /// Headers to remove: the caller's word to Envoy (E23), and what is for its own endpoint (W33).
    pub remove: Vec<String>,
    /// The address of the caller's own endpoint, where the plan has one.
    pub address: Option<Address>,
}

impl Awaiting {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        caller: Caller,
        wants: Wants,
        stale: Vec<String>,
    ) -> Self {
        Self {
            gateway,
            caller,
            wants,
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
    /// The gateway's own answer: to a body that is refused, of which no provider has seen anything,
    /// or to one that is explained.
    pub fn body(
        self,
        bytes: Vec<u8>,
        care: &mut Care<'_>,
        luck: &mut Luck,
        kept: &mut Kept,
    ) -> Result<(Box<Exchange>, Sent), Reply> {
        self.grown(bytes.len())?;
        let refused = |rejection: Rejection| refuse(&rejection, &self.caller.id);
        let chat = self.read(&bytes).map_err(refused)?;
        if self.wants.explains {
            let told = self.explain(&chat, &bytes, care, luck);
            return Err(told.unwrap_or_else(refused));
        }
        // Who is in a hurry does not try a provider out.
        let hurried = self.limits(&chat).callers;
        let care = &mut Care {
            claim: &mut |key| !hurried && (care.claim)(key),
            ..*care
        };
        let needs = || Needs::read(&chat, &bytes);
        let plan = kept.plan(&self.wish(&chat, &needs), &self.gateway, care, luck);
        let plan = plan.map_err(refused)?;
        let (mut exchange, sent) = self.send(chat, bytes, plan, luck);
        exchange.begun = care.now_ms;
        Ok((exchange, sent))
    }

    fn read(&self, bytes: &[u8]) -> Result<Box<Chat>, Rejection> {
        let defaults = &self.gateway.config.defaults;
        let rules = Rules {
            dialect: self.caller.dialect,
            stop_sequences: defaults.limits.stop_sequences,
            unknown_fields: defaults.unknown_fields,
            default_model: defaults.model.is_some(),
        };
        Chat::parse(bytes, &rules)
    }

    fn wish<'a>(&'a self, chat: &'a Chat, needs: &'a dyn Fn() -> Needs) -> Wish<'a> {
        let default = self.gateway.config.defaults.model.as_deref();
        Wish {
            selector: chat.model.as_deref().or(default).unwrap_or_default(),
            variant: chat.extras.variant.as_deref(),
            routing: &chat.extras.routing,
            asked: &self.wants.asked,
            needs,
            own: self.wants.own.as_ref(),
        }
    }

    fn limits(&self, chat: &Chat) -> TimeLimits {
        let callers = [self.wants.timeout, chat.extras.call_timeout];
        TimeLimits::new(&self.gateway.config.defaults.timeouts, chat.stream, callers)
    }

    /// The plan as an answer. Nothing is claimed by it.
    fn explain(
        &self,
        chat: &Chat,
        bytes: &[u8],
        care: &Care<'_>,
        luck: &mut Luck,
    ) -> Result<Reply, Rejection> {
        let mut care = Care {
            claim: &mut |_| true,
            ..*care
        };
        let needs = || Needs::read(chat, bytes);
        let wish = self.wish(chat, &needs);
        let plan = Plan::draft(&wish, &self.gateway, &mut care, luck)?;
        let nothing = plan.attempts.is_empty();
        let id = &self.caller.id;
        let json = explain(Explained {
            id,
            selector: wish.selector,
            chat,
            plan: &plan,
            board: care.board,
            limits: self.limits(chat),
            error: nothing.then(|| plan.nothing_left(&wish, care.now_ms).body()),
        });
        Ok(Reply::json(200, json).header(wire::REQUEST_ID, id))
    }

    fn send(
        self,
        chat: Box<Chat>,
        bytes: Vec<u8>,
        plan: Arc<Plan>,
        luck: &mut Luck,
    ) -> (Box<Exchange>, Sent) {
        let limits = self.limits(&chat);
        let Self {
            gateway,
            caller,
            wants: Wants { own, .. },
            stale,
        } = self;
        let own = own.filter(|own| {
            let mut attempts = plan.attempts.iter();
            attempts.any(|to| own.is(&to.candidate.provider))
        });
        let address = own.as_ref().map(Own::address);
        let pinned = match &address {
            Some(Address::Known(address)) => Some(address.clone()),
            _ => None,
        };
        let waits = matches!(address, Some(Address::Ask(_)));
        let episode = chat.extras.episode.clone();
        let episode = episode.unwrap_or_else(|| uuid_v7(caller.started, luck));
        let retries = plan.slots().saturating_sub(1);
        let sent = Sent {
            set: [
                (
                    wire::MAX_RETRIES,
                    u64::try_from(retries).unwrap_or(u64::MAX),
                ),
                (wire::TRY_TIMEOUT, limits.attempt),
                (wire::TOTAL_TIMEOUT, limits.total),
            ],
            remove: stale,
            address,
        };
        let exchange = Box::new(Exchange {
            limits,
            begun: caller.started,
            caller,
            chat,
            plan,
            own,
            pinned,
            body: Body {
                len: bytes.len(),
                // While an address is looked for, many may wait.
                kept: Some(bytes).filter(|_| !waits),
            },
            place: Place::default(),
            attempts: Vec::with_capacity(2),
            running: None,
            state: State::Open,
            meter: Meter::default(),
            episode,
            luck: luck.fork(),
            retry_after: None,
            samples: Vec::new(),
            gateway,
        });
        (exchange, sent)
    }
}
