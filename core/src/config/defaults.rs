//! What applies where a request says nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::auto::AUTO;
use super::fault::ConfigFault;
use super::model::Model;
use super::provider::Provider;
use super::reader::Reader;

/// What applies where a request says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The model of a request that names none, or `auto`; without it such a request is refused (W10).
    pub model: Option<String>,
    /// Sorts the providers of a model; never adds one (W30).
    pub failover_order: Vec<String>,
    /// What becomes of top-level fields that are not known (W15).
    pub unknown_fields: UnknownFields,
    /// What becomes of paths that are not the gateway's (W03).
    pub unknown_routes: UnknownRoutes,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Size limits.
    pub limits: Limits,
}

/// What becomes of top-level fields that are not known (W15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownFields {
    /// They are taken out.
    Drop,
    /// They pass untouched.
    #[default]
    Forward,
    /// The request is refused with 400.
    Reject,
}

/// What becomes of paths that are not the gateway's (W03).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownRoutes {
    /// They go on to Envoy's other routes: for a listener that serves more than the gateway.
    Pass,
    /// They are refused with 404.
    #[default]
    Reject,
}

/// Time limits, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Of an attempt at a stream up to its first token.
    pub first_token_ms: u64,
    /// Of an attempt at a plain answer, up to its end.
    pub answer_ms: u64,
    /// Between two tokens of an answer that has begun.
    pub idle_ms: u64,
    /// Of all attempts together, up to the end of the answer.
    pub total_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_token_ms: 30_000,
            answer_ms: 300_000,
            idle_ms: 120_000,
            total_ms: 600_000,
        }
    }
}

/// Size limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body (W17).
    pub body_bytes: usize,
    /// Bytes of a plain answer that is held to its end (W34).
    pub held_answer_bytes: usize,
    /// Items of `stop` (W12).
    pub stop_sequences: usize,
    /// Attempts of one request (W30).
    pub attempts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 32 * 1024 * 1024,
            held_answer_bytes: 8 * 1024 * 1024,
            stop_sequences: 4,
            attempts: 8,
        }
    }
}

pub(super) fn read(
    r: &mut Reader<'_>,
    providers: &BTreeMap<String, Arc<Provider>>,
    models: &BTreeMap<String, Arc<Model>>,
) -> Defaults {
    let model = r.text("model");
    let known = |name: &String| models.contains_key(name) || name == AUTO;
    if let Some(name) = model.clone().filter(|name| !known(name)) {
        r.fault(
            "model",
            ConfigFault::Undefined {
                kind: "model",
                name,
            },
        );
    }
    let failover_order = r.texts("failover_order");
    for (i, name) in failover_order.iter().enumerate() {
        if !providers.contains_key(name) {
            let fault = ConfigFault::Undefined {
                kind: "provider",
                name: name.clone(),
            };
            r.fault_within("failover_order", i, fault);
        }
    }
    let fields = [
        ("drop", UnknownFields::Drop),
        ("forward", UnknownFields::Forward),
        ("reject", UnknownFields::Reject),
    ];
    let routes = [
        ("pass", UnknownRoutes::Pass),
        ("reject", UnknownRoutes::Reject),
    ];
    Defaults {
        model,
        failover_order,
        unknown_fields: r
            .choice("unknown_fields", "`forward`, `drop` or `reject`", &fields)
            .unwrap_or_default(),
        unknown_routes: r
            .choice("unknown_routes", "`reject` or `pass`", &routes)
            .unwrap_or_default(),
        timeouts: r.object("timeouts", timeouts).unwrap_or_default(),
        limits: r.object("limits", limits).unwrap_or_default(),
    }
}

fn timeouts(r: &mut Reader<'_>) -> Timeouts {
    let default = Timeouts::default();
    let mut limit = |name, default| r.whole(name, 1).unwrap_or(default);
    Timeouts {
        first_token_ms: limit("first_token_ms", default.first_token_ms),
        answer_ms: limit("answer_ms", default.answer_ms),
        idle_ms: limit("idle_ms", default.idle_ms),
        total_ms: limit("total_ms", default.total_ms),
    }
}

fn limits(r: &mut Reader<'_>) -> Limits {
    let default = Limits::default();
    let mut size = |name, default| {
        r.whole(name, 1)
            .map_or(default, |size| usize::try_from(size).unwrap_or(usize::MAX))
    };
    Limits {
        body_bytes: size("body_bytes", default.body_bytes),
        held_answer_bytes: size("held_answer_bytes", default.held_answer_bytes),
        stop_sequences: size("stop_sequences", default.stop_sequences),
        attempts: size("attempts", default.attempts),
    }
}
