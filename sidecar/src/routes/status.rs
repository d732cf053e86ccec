//! `GET /status`: the sidecar lives, and with which configuration (W02). Needs no key in any mode.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::app::App;

/// That the sidecar lives.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    status: &'static str,
    version: &'static str,
    config_hash: String,
}

/// Tells version and configuration.
pub(crate) async fn show(State(app): State<App>) -> Json<Status> {
    Json(Status {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        config_hash: app.config.hash.clone(),
    })
}
