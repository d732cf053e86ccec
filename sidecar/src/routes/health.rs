//! `GET /health`: whether the stores work (W02). Needs no key in any mode.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::app::App;

/// The health document. Only the stores decide the status code.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
    services: BTreeMap<&'static str, Service>,
    models: [(); 0],
}

/// One store.
#[derive(Debug, Serialize)]
struct Service {
    status: &'static str,
    detail: String,
    latency_ms: u64,
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
        models: [],
    };
    (code, Json(health))
}
