//! The one table of routes, and what every answer has in common.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sluice_core::error::Code;
use sluice_core::health::fleet::ROUTE;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::error::ApiError;
use crate::routes::{
    contacts, health, index, metrics, models, openapi, records, reports, spend, status,
};

/// The sidecar as a service: call it, or serve it.
pub fn router(app: App) -> Router {
    let limit = DefaultBodyLimit::max(app.max_batch_bytes);
    let table = Router::new()
        // For everyone; Envoy serves these on the gateway's port too (W02).
        .route("/health", get(health::show))
        .route("/status", get(status::show))
        .route("/openapi.json", get(openapi::show))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::show))
        // For operators.
        .route("/", get(index::show))
        .route("/metrics", get(metrics::show))
        .route("/v1/spend", get(spend::list))
        .route("/v1/contacts", get(contacts::list))
        .route("/v1/contacts/{*id}", get(contacts::show))
        // For the filter.
        .route("/internal/records", post(records::take).layer(limit))
        .route(ROUTE, post(reports::take).layer(limit));
    finish(table, app)
}

/// Gives a table of routes what every answer has: the shape of errors, also of a panic, and a
/// count.
fn finish(table: Router<App>, app: App) -> Router {
    table
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

async fn no_route() -> ApiError {
    let message = "There is no such route; `GET /` names those there are.";
    ApiError::new(StatusCode::NOT_FOUND, Code::NotFound, message)
}

async fn no_method(method: Method) -> ApiError {
    let message =
        format!("This route does not take {method}; the header `allow` says what it does.");
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Code::MethodNotAllowed,
        message,
    )
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    let message = "Something went wrong.";
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        Code::InternalError,
        message,
    )
    .into_response()
}

async fn observe(
    State(app): State<App>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let response = next.run(request).await;
    let route = path.as_ref().map_or("unmatched", MatchedPath::as_str);
    let status = response.status().as_u16();
    app.metrics.request(route, status);
    tracing::debug!(
        route,
        status,
        duration_us = start.elapsed().as_micros(),
        "request answered"
    );
    response
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use sluice_core::config::Config;
    use tower::ServiceExt;

    use super::*;
    use crate::store::Store;

    async fn boom() -> &'static str {
        panic!("with a secret")
    }

    #[tokio::test]
    async fn w60_a_panic_is_a_500_in_the_one_shape() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/s.db", folder.path().display());
        let document = br#"{"providers": {"p": {"host": "h"}},
            "models": {"m": {"providers": [{"provider": "p"}]}}}"#;
        let app = App::new(
            Config::parse(document).unwrap(),
            Store::open(&url).await.unwrap(),
        );
        let service = finish(Router::new().route("/boom", get(boom)), app.clone());
        let request = Request::get("/boom").body(Body::empty()).unwrap();
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.starts_with(r#"{"error":{"message":"#), "{body}");
        assert!(
            body.contains(r#""code":"internal_error""#) && !body.contains("secret"),
            "{body}"
        );
        assert!(app.metrics.text().contains(r#"route="/boom",status="500""#));
    }
}
