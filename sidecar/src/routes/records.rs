//! `POST /internal/records`: takes the filter's batches (W50, W53).

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::access::Filter;
use super::body::{self, Body, JsonBody};
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
    body: Body,
) -> Result<Json<Taken>, ApiError> {
    let start = Instant::now();
    let body = body::read(&app, body)?;
    let intake = Intake::read(&body, &app.config)
        .map_err(|error| body::malformed("a batch of records", &error))?;
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
