//! The head of a request → what becomes of it.

use std::sync::Arc;

use super::Caller;
use super::awaiting::{Awaiting, Wants};
use crate::auth::Known;
use crate::config::UnknownRoutes;
use crate::endpoint::Own;
use crate::gateway::Gateway;
use crate::head::Head;
use crate::id::uuid_v7;
use crate::luck::Luck;
use crate::plan::Asked;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::route::{Dialect, Route};
use crate::timeout;
use crate::wire;

/// Characters of a caller's header that are kept as a label.
const LABEL: usize = 256;

/// What becomes of a request by its head.
pub enum Opened {
    /// Its body is needed.
    Await(Box<Awaiting>),
    /// Envoy's other routes have it. The id is that of a request for a route of the gateway's.
    Pass(Option<String>),
    /// It is answered at once.
    Reply(Reply),
}

/// Takes the head of a request.
///
/// Shape: `now_ms` in Unix milliseconds. Source: W01, W03, W05, W17, W30.
#[must_use]
pub fn open(
    gateway: &Arc<Gateway>,
    head: &Head,
    now_ms: u64,
    luck: &mut Luck,
    known: &mut Known,
) -> Opened {
    let id = uuid_v7(now_ms, luck);
    let text = |name| head.get(name).map(label);
    let mut caller = Caller {
        id,
        dialect: Dialect::default(),
        key_id: None,
        request_id: text("x-request-id"),
        user_agent: text("user-agent"),
        traced: head.get(wire::TRACEPARENT).is_some(),
        started: now_ms,
    };
    match admit(gateway, head, known) {
        Ok(Admitted::Other) => Opened::Pass(None),
        Ok(Admitted::Sidecar) => Opened::Pass(Some(caller.id)),
        Ok(Admitted::Chat {
            dialect,
            key_id,
            wants,
        }) => {
            caller.dialect = dialect;
            caller.key_id = key_id;
            let stale = |name: &str| {
                name.starts_with(wire::ENVOY_PREFIX) && name != wire::EXTERNAL_ADDRESS
                    || [wire::VLLM_ENDPOINT, wire::VLLM_API_KEY].contains(&name)
            };
            let stale = head.iter().filter(|(name, _)| stale(name));
            let stale = stale.map(|(name, _)| name.to_owned()).collect();
            Opened::Await(Box::new(Awaiting::new(
                Arc::clone(gateway),
                caller,
                *wants,
                stale,
            )))
        }
        Err(rejection) => Opened::Reply(refuse(&rejection, &caller.id)),
    }
}

/// The first characters of a header.
fn label(text: &str) -> String {
    if text.len() <= LABEL {
        return text.to_owned();
    }
    text.chars().take(LABEL).collect()
}

/// The answer to a fault, with the id that every answer has.
pub(super) fn refuse(rejection: &Rejection, id: &str) -> Reply {
    rejection.reply().header(wire::REQUEST_ID, id)
}

enum Admitted {
    Chat {
        dialect: Dialect,
        key_id: Option<String>,
        wants: Box<Wants>,
    },
    /// A route that is not the gateway's.
    Other,
    Sidecar,
}

fn admit(gateway: &Gateway, head: &Head, known: &mut Known) -> Result<Admitted, Rejection> {
    let config = &gateway.config;
    let (method, path) = (head.get(":method"), head.get(":path"));
    match Route::of(method.unwrap_or_default(), path.unwrap_or_default()) {
        Route::Chat(dialect) => chat(gateway, head, dialect, false, known),
        // In the words of the route that takes most.
        Route::Explain => chat(gateway, head, Dialect::Orq, true, known),
        Route::Sidecar { public: true } => Ok(Admitted::Sidecar),
        Route::Sidecar { public: false } => {
            known.check(&config.auth, head.get("authorization"))?;
            Ok(Admitted::Sidecar)
        }
        Route::Unknown if config.defaults.unknown_routes == UnknownRoutes::Pass => {
            Ok(Admitted::Other)
        }
        Route::Unknown => Err(Rejection::NotFound),
        Route::WrongMethod { allow } => Err(Rejection::Method { allow }),
    }
}

fn chat(
    gateway: &Gateway,
    head: &Head,
    dialect: Dialect,
    explains: bool,
    known: &mut Known,
) -> Result<Admitted, Rejection> {
    let config = &gateway.config;
    let key_id = known.check(&config.auth, head.get("authorization"))?;
    if !head.is_json() && says_not_json(head) {
        return Err(Rejection::ContentType);
    }
    if head.is_encoded() {
        return Err(Rejection::ContentEncoding);
    }
    let limit = config.defaults.limits.body_bytes;
    let length = head
        .get("content-length")
        .and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| u64::try_from(limit).is_ok_and(|limit| length > limit)) {
        return Err(Rejection::BodyTooLarge { limit });
    }
    let own = Own::read(head, config)?;
    let wants = Box::new(Wants {
        asked: Asked::read(head, config, own.as_ref())?,
        own,
        timeout: timeout::callers(head)?,
        explains,
    });
    Ok(Admitted::Chat {
        dialect,
        key_id,
        wants,
    })
}

/// Whether the head says that the body is something else than JSON in UTF-8.
fn says_not_json(head: &Head) -> bool {
    let media = head.media_type();
    media.is_some_and(|media| !media.eq_ignore_ascii_case(wire::JSON))
        || head.charset().is_some_and(|charset| charset != "utf-8")
}
