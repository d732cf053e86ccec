//! `GET /metrics`: for Prometheus, in OpenMetrics' text (W02).

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::app::{App, now_ms};
use crate::error::chain;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Tells every metric.
pub(crate) async fn show(State(app): State<App>) -> impl IntoResponse {
    match app.store.size().await {
        Ok(bytes) => app.metrics.database(bytes),
        Err(error) => tracing::warn!(error = chain(&error), "size of the database is unknown"),
    }
    for (key, figures) in app.fleet.figures(now_ms()) {
        app.metrics.cooling(&key, figures.cooldown_until > 0);
    }
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], app.metrics.text())
}
