//! `POST /internal/records`: takes the filter's batches (W50, W53).

use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use super::access::Filter;
use sluice_core::error::Code;

use crate::app::App;
use crate::error::ApiError;
use crate::ingest::Intake;

/// What became of a batch.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {
    /// Records that are new and on the disk now.
    stored: usize,
    /// Records that were there already.
    duplicates: u64,
    /// Records that cannot be taken; sending them again would not help.
    #[serde(skip_serializing_if = "is_zero")]
    refused: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Stores a batch; the answer comes after the commit.
pub(crate) async fn take(
    State(app): State<App>,
    _: Filter,
    _: JsonBody,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Taken>, ApiError> {
    let start = Instant::now();
    let body = body.map_err(|rejection| unread(&app, rejection))?;
    let intake = Intake::read(&body, &app.config).map_err(|error| malformed(&error))?;
    let (refused, dropped) = (intake.refused, intake.dropped);
    let sent = intake.entries.len();
    let appended = app.store.append(intake.entries).await?;
    app.metrics.ingest.observe(start.elapsed().as_secs_f64());
    // A batch of which all was there came a second time: what it says of losses was counted then.
    let again = sent > 0 && appended.stored.is_empty();
    let dropped = if again { 0 } else { dropped };
    if dropped > 0 {
        tracing::warn!(
            dropped,
            "a filter lost records: they overflowed while the sidecar was away"
        );
    }
    app.metrics.batch(&appended, refused, dropped);
    let taken = Taken {
        stored: appended.stored.len(),
        duplicates: appended.duplicates,
        refused,
    };
    tracing::debug!(
        stored = taken.stored,
        duplicates = taken.duplicates,
        refused,
        "batch taken"
    );
    Ok(Json(taken))
}

/// The request says that its body is JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonBody;

impl<S: Sync> FromRequestParts<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = text
            .and_then(|text| text.split(';').next())
            .unwrap_or_default();
        if essence.trim().eq_ignore_ascii_case("application/json") {
            return Ok(Self);
        }
        let message = "The body must be `application/json`.";
        Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::UnsupportedMediaType,
            message,
        ))
    }
}

fn unread(app: &App, rejection: BytesRejection) -> ApiError {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        let message = format!("A batch has at most {} bytes.", app.max_batch_bytes);
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BodyTooLarge, message);
    }
    let message = "The body did not arrive whole.";
    ApiError::new(StatusCode::BAD_REQUEST, Code::BodyCut, message)
}

fn malformed(error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    let (code, message) = if error.is_data() {
        let message = format!("The body is not a batch of records (line {line}, column {column}).");
        (Code::InvalidBatch, message)
    } else {
        (
            Code::InvalidJson,
            format!("The body is not JSON (line {line}, column {column})."),
        )
    };
    ApiError::new(StatusCode::BAD_REQUEST, code, message)
}
