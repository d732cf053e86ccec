//! What a plan looks like to a person: `POST /v1/route:explain` (W38).

use serde::Serialize;

use crate::config::{Price, Tier};
use crate::error::ErrorBody;
use crate::health::{Board, Standing};
use crate::plan::{Left, Plan, Planned, Reason};
use crate::request::Chat;
use crate::spend::{Usage, cost_of, estimated};
use crate::timeout::TimeLimits;

/// What is explained.
pub struct Explained<'a> {
    /// Id of the request, as `x-gateway-request-id` has it.
    pub id: &'a str,
    /// The model as the caller wrote it, or the configured default.
    pub selector: &'a str,
    /// The body.
    pub chat: &'a Chat,
    /// Its plan; without attempts where there is nothing to try.
    pub plan: &'a Plan,
    /// How the candidates stand.
    pub board: &'a Board,
    /// Its time limits.
    pub limits: TimeLimits,
    /// What a request would get instead of an attempt.
    pub error: Option<ErrorBody>,
}

#[derive(Serialize)]
struct Explanation<'a> {
    object: &'static str,
    id: &'a str,
    selector: &'a str,
    stream: bool,
    tiers: Vec<&'static str>,
    attempts: Vec<Attempt<'a>>,
    retry_on_codes: &'a [u16],
    left_out: Vec<LeftOut<'a>>,
    notes: &'a [String],
    limits: Limits,
    #[serde(flatten)]
    error: Option<ErrorBody>,
}

#[derive(Serialize)]
struct Attempt<'a> {
    provider: &'a str,
    model: &'a str,
    request_model: &'a str,
    variant: Option<&'a str>,
    tiers: Vec<&'static str>,
    reason: String,
    health: Health,
    retries: u8,
    estimate: Estimate,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    provider: &'a str,
    model: &'a str,
    reason: String,
    /// Unix milliseconds.
    cooldown_until: Option<u64>,
}

#[derive(Serialize)]
struct Health {
    state: &'static str,
    success_rate: Option<f64>,
    avg_latency_ms: Option<f64>,
    headroom: f64,
}

/// Tokens, and nano-USD.
#[derive(Serialize)]
struct Estimate {
    prompt_tokens: u64,
    max_completion_tokens: Option<u64>,
    prompt_cost_nano_usd: Option<u64>,
    max_cost_nano_usd: Option<u64>,
}

#[derive(Serialize)]
struct Limits {
    attempt_ms: u64,
    idle_ms: u64,
    total_ms: u64,
}

/// The answer's JSON.
#[must_use]
pub fn explain(explained: Explained<'_>) -> String {
    let Explained {
        id,
        selector,
        chat,
        plan,
        board,
        limits,
        error,
    } = explained;
    let attempt = |planned| attempt(planned, chat, board);
    let explanation = Explanation {
        object: "route.explanation",
        id,
        selector,
        stream: chat.stream,
        tiers: words(&plan.tiers),
        attempts: plan.attempts.iter().map(attempt).collect(),
        retry_on_codes: &plan.on_codes,
        left_out: plan.left.iter().map(left_out).collect(),
        notes: &plan.notes,
        limits: Limits {
            attempt_ms: limits.attempt,
            idle_ms: limits.idle,
            total_ms: limits.total,
        },
        error,
    };
    serde_json::to_string(&explanation).unwrap_or_default()
}

fn attempt<'a>(planned: &'a Planned, chat: &Chat, board: &Board) -> Attempt<'a> {
    let Planned {
        model, candidate, ..
    } = planned;
    let figures = board.figures(&candidate.key);
    Attempt {
        provider: &candidate.provider.name,
        model: &model.name,
        request_model: &candidate.model,
        variant: planned.variant.as_deref(),
        tiers: words(&model.tiers),
        reason: planned.by.to_string(),
        health: Health {
            state: state(board.standing(&candidate.key)),
            success_rate: figures.success_rate,
            avg_latency_ms: figures.latency_ms,
            headroom: figures.headroom,
        },
        retries: planned.tries,
        estimate: estimate(chat, candidate.price.as_ref(), model.max_output_tokens),
    }
}

fn left_out(left: &Left) -> LeftOut<'_> {
    LeftOut {
        provider: &left.provider.name,
        model: &left.model.name,
        reason: left.reason.to_string(),
        cooldown_until: match left.reason {
            Reason::Cooling { until, .. } => Some(until),
            _ => None,
        },
    }
}

fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Ready => "ready",
        Standing::HalfOpen => "half_open",
        Standing::Probing => "probing",
        Standing::Cooling { .. } => "cooling_down",
    }
}

/// What the request may cost there: the prompt by its length as in a record, the completion up to
/// the caller's cap or the model's.
fn estimate(chat: &Chat, price: Option<&Price>, most: Option<u64>) -> Estimate {
    let cap = chat.cap.least().and_then(|cap| u64::try_from(cap).ok());
    let max_completion_tokens = [cap, most].into_iter().flatten().min();
    let prompt_tokens = estimated(chat.prompt_bytes);
    let cost = |completion_tokens| {
        let usage = Usage {
            prompt_tokens: Some(prompt_tokens),
            completion_tokens,
            ..Usage::default()
        };
        cost_of(&usage, price?)
    };
    Estimate {
        prompt_tokens,
        max_completion_tokens,
        prompt_cost_nano_usd: cost(Some(0)),
        max_cost_nano_usd: cost(max_completion_tokens),
    }
}

fn words(tiers: &[Tier]) -> Vec<&'static str> {
    tiers.iter().map(|tier| tier.as_str()).collect()
}
