//! `GET /openapi.json`: what the gateway's port takes and answers (W02). Needs no key in any mode.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::app::App;

/// Gives the document.
pub(crate) async fn show(State(app): State<App>) -> impl IntoResponse {
    let kind = (header::CONTENT_TYPE, "application/json");
    ([kind], app.openapi.to_string())
}
