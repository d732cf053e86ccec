//! `POST /internal/health`: takes what an Envoy tells of its providers, and says what the fleet knows
//! (W36).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sluice_core::error::Code;
use sluice_core::health::fleet::{Fleet, Report};

use super::access::Filter;
use super::body::{self, Body, JsonBody};
use crate::app::{App, now_ms};
use crate::error::ApiError;

/// Bytes of an Envoy's name, at most.
const NAME: usize = 64;

/// Merges a report.
pub(crate) async fn take(
    State(app): State<App>,
    _: Filter,
    _: JsonBody,
    body: Body,
) -> Result<Json<Fleet>, ApiError> {
    let body = body::read(&app, body)?;
    let report: Report = serde_json::from_slice(&body)
        .map_err(|error| body::malformed("a report of health", &error))?;
    if !(1..=NAME).contains(&report.instance.len()) {
        let message = format!("`instance` must be a name of 1 to {NAME} bytes.");
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            Code::InvalidBatch,
            message,
        ));
    }
    Ok(Json(app.fleet.take(report, now_ms())))
}
