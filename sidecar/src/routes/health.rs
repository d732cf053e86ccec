//! `GET /health`: whether the stores work, and how the providers do (W02, W36). Needs no key in any
//! mode.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::app::{App, now_ms};
use crate::error::chain;

/// The health document. Only the stores decide the status code.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
    services: BTreeMap<&'static str, Service>,
    models: Vec<Model>,
}

/// One store.
#[derive(Debug, Serialize)]
struct Service {
    status: &'static str,
    detail: String,
    latency_ms: u64,
}

/// One model at one provider, in the shape of S4. What is not known is null.
#[derive(Debug, Serialize)]
struct Model {
    /// `provider:model`.
    key: String,
    attempts: usize,
    success_rate: Option<f64>,
    avg_latency_ms: Option<u64>,
    p90_latency_ms: Option<u64>,
    p99_latency_ms: Option<u64>,
    /// Unix milliseconds; 0 when it does not cool down.
    cooldown_until: u64,
    headroom: f64,
    /// Requests that it has served today (UTC).
    daily_used: Option<u64>,
    /// There are no limits a day.
    daily_limit: Option<u64>,
}

/// Reads and writes once, and tells.
pub(crate) async fn show(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let look = app.probe.look(&app.store).await;
    let (code, status) = match look.fault {
        None => (StatusCode::OK, "ok"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let detail = look.fault.map_or_else(
        || "reads and writes".to_owned(),
        |operation| format!("{operation} failed"),
    );
    let service = Service {
        status,
        detail,
        latency_ms: look.latency_ms,
    };
    let health = Health {
        status,
        services: BTreeMap::from([(app.store.name(), service)]),
        models: models(&app, look.fault.is_none()).await,
    };
    (code, Json(health))
}

/// All that are configured, also those that nobody has tried.
async fn models(app: &App, readable: bool) -> Vec<Model> {
    let now_ms = now_ms();
    let served = if readable {
        let served = app.tally.look(&app.store, now_ms).await;
        served
            .map_err(|error| tracing::error!(error = chain(&error), "requests are not counted"))
            .ok()
    } else {
        None
    };
    let figures = app.fleet.figures(now_ms).into_iter();
    let model = |(key, figures): (String, crate::fleet::Figures)| Model {
        daily_used: served
            .as_ref()
            .map(|served| served.get(&key).copied().unwrap_or_default()),
        daily_limit: None,
        key,
        attempts: figures.attempts,
        success_rate: figures.success_rate,
        avg_latency_ms: figures.avg_latency_ms,
        p90_latency_ms: figures.p90_latency_ms,
        p99_latency_ms: figures.p99_latency_ms,
        cooldown_until: figures.cooldown_until,
        headroom: figures.headroom,
    };
    figures.map(model).collect()
}
