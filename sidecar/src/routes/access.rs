//! Who may come in: checked before a body is read.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sluice_core::error::Code;

use crate::app::App;
use crate::error::ApiError;
use crate::token::Token;

/// The caller has shown the admin token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admin;

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = app.access.admin.as_ref().ok_or_else(|| {
            let message = "This route is off: the sidecar was started without an admin token \
                           (--admin-token or --admin-token-file).";
            ApiError::new(StatusCode::FORBIDDEN, Code::AdminDisabled, message)
        })?;
        check(token, parts).map(|()| Self)
    }
}

/// The caller may hand in records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter;

impl FromRequestParts<App> for Filter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = app.access.ingest.as_ref();
        token
            .map_or(Ok(()), |token| check(token, parts))
            .map(|()| Self)
    }
}

fn check(token: &Token, parts: &Parts) -> Result<(), ApiError> {
    if token.is_shown(&parts.headers) {
        return Ok(());
    }
    let message = "This route needs its token as `Authorization: Bearer <token>`.";
    Err(ApiError::new(
        StatusCode::UNAUTHORIZED,
        Code::InvalidToken,
        message,
    ))
}
