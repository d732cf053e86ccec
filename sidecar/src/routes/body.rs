//! Bodies that the filter hands in.

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::extract::rejection::BytesRejection;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use sluice_core::error::Code;

use crate::app::App;
use crate::error::ApiError;

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

/// A body as it came, or why it did not.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// The body's bytes.
pub(super) fn read(app: &App, body: Body) -> Result<Bytes, ApiError> {
    body.map_err(|rejection| unread(app, rejection))
}

fn unread(app: &App, rejection: BytesRejection) -> ApiError {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        let message = format!("A batch has at most {} bytes.", app.max_batch_bytes);
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BodyTooLarge, message);
    }
    let message = "The body did not arrive whole.";
    ApiError::new(StatusCode::BAD_REQUEST, Code::BodyCut, message)
}

/// The answer to a body that is not `what`.
pub(super) fn malformed(what: &str, error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    let (code, message) = if error.is_data() {
        let message = format!("The body is not {what} (line {line}, column {column}).");
        (Code::InvalidBatch, message)
    } else {
        (
            Code::InvalidJson,
            format!("The body is not JSON (line {line}, column {column})."),
        )
    };
    ApiError::new(StatusCode::BAD_REQUEST, code, message)
}
