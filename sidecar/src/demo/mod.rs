//! A provider for people without a key: it speaks OpenAI's chat completions and says what it is.
//!
//! Any path that ends in `/chat/completions` or `/models` is served, so that it stands in for
//! providers with and without a prefix. Keys are ignored. Tokens are counted as words.

mod answer;
mod chat;
mod request;

use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;
use sluice_core::error::Code;

use crate::error::ApiError;

/// Bytes of a request's body.
const BODY: usize = 32 * 1024 * 1024;

/// The demo provider as a service.
pub(crate) fn router() -> Router {
    Router::new()
        .fallback(dispatch)
        .layer(axum::extract::DefaultBodyLimit::max(BODY))
}

async fn dispatch(
    method: Method,
    uri: Uri,
    body: Result<axum::body::Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let path = uri.path();
    let allowed = if path.ends_with("/chat/completions") {
        Method::POST
    } else if path.ends_with("/models") {
        Method::GET
    } else {
        let message = "The demo provider serves */chat/completions and */models.";
        return ApiError::new(StatusCode::NOT_FOUND, Code::NotFound, message).into_response();
    };
    if method != allowed {
        let message = format!("This route takes {allowed}.");
        return ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::MethodNotAllowed,
            message,
        )
        .into_response();
    }
    if method == Method::GET {
        return models().into_response();
    }
    match body {
        Ok(body) => chat::complete(&body).unwrap_or_else(IntoResponse::into_response),
        Err(rejection) => {
            let status = rejection.into_response().status();
            ApiError::new(status, Code::BodyCut, "The body could not be read.").into_response()
        }
    }
}

fn models() -> Json<serde_json::Value> {
    let model = json!({"id": "demo", "object": "model", "created": 0, "owned_by": "sluice"});
    Json(json!({"object": "list", "data": [model]}))
}
