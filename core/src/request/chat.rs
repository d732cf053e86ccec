//! The body of a chat completion.

use super::caps::Cap;
use super::extras::Extras;
use super::reader::Reader;
use super::usage::Options;
use crate::config::{CapField, UnknownFields};
use crate::json::{self, Fault, Place, Span};
use crate::reject::Rejection;
use crate::route::Dialect;

/// What the route and the configuration say about bodies.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Whose words the route is in (W01).
    pub dialect: Dialect,
    /// Items of `stop` (W12).
    pub stop_sequences: usize,
    /// What becomes of unknown fields (W15).
    pub unknown_fields: UnknownFields,
    /// Whether `model` may be absent (W10).
    pub default_model: bool,
}

/// What the gateway knows of a body; the body itself is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chat {
    /// `model` as the caller wrote it; `None` where it is absent and may be.
    pub model: Option<String>,
    /// `stream`.
    pub stream: bool,
    /// Whether the caller gets usage in a stream (W41, W42).
    pub include_usage: bool,
    /// `reasoning_effort` as it is sent: `auto` is not (W23).
    pub reasoning_effort: Option<String>,
    /// The token caps.
    pub cap: Cap,
    /// The gateway's own fields.
    pub extras: Extras,
    /// Bytes of `messages`: what an estimate of the prompt goes by.
    pub prompt_bytes: usize,
    pub(super) members: Vec<Member>,
    pub(super) open: usize,
    pub(super) options: Option<Options>,
    /// Strings that leave as the JSON they hold (S1), in the order of the body.
    pub(super) inline: Vec<(Span, String)>,
}

/// Where a top-level member stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) role: Role,
    /// The opening quote of its name.
    pub(super) start: usize,
    /// Its value.
    pub(super) value: Span,
}

/// What a top-level member is to the edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Cap(CapField),
    /// It leaves as it came.
    Kept,
    Model,
    /// It never reaches a provider.
    Removed,
    Stream,
    StreamOptions,
}

impl Chat {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// [`Rejection::InvalidJson`] for what is not JSON, [`Rejection::Fields`] with every fault of
    /// what is. Source: W10 to W18.
    pub fn parse(bytes: &[u8], rules: &Rules) -> Result<Box<Self>, Rejection> {
        let refuse = |fault: Fault| Rejection::InvalidJson(fault, Place::of(bytes, fault.at));
        let text = json::text(bytes).map_err(refuse)?;
        let reader = Reader::read(text, rules).map_err(refuse)?;
        reader.finish()
    }
}
