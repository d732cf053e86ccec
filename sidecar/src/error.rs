//! Faults of a request → an answer in the one shape of every error (W60).
//!
//! The caller gets [`ApiError`]'s message; the cause goes to the log and nowhere else.

use std::error::Error;
use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sluice_core::error::{Code, ErrorBody};

use crate::store::StoreError;

/// An error answer: what the caller is told, and what only the log is.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: Code,
    message: String,
    param: Option<String>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// An error with a status, a code of the contract and a text for the caller.
    #[must_use]
    pub fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            param: None,
            cause: None,
        }
    }

    /// 400 for a parameter that is not what it must be.
    #[must_use]
    pub fn parameter(param: &'static str, expected: impl fmt::Display) -> Self {
        let message = format!("`{param}` must be {expected}.");
        Self {
            param: Some(param.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, Code::InvalidValue, message)
        }
    }

    /// Names the parameter at fault.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The answer's status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let message = "The store does not answer; try again.";
        Self {
            cause: Some(error.into()),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                Code::StoreUnavailable,
                message,
            )
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(cause) = self.cause {
            let error = chain(&*cause);
            tracing::error!(
                status = self.status.as_u16(),
                code = self.code.as_str(),
                error,
                "request failed"
            );
        }
        let body = ErrorBody::new(self.status.as_u16(), self.code, self.message).param(self.param);
        let json = HeaderValue::from_static("application/json");
        let mut response =
            (self.status, [(header::CONTENT_TYPE, json)], body.to_json()).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// An error and what caused it, in one line.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_s_error_is_503_and_keeps_its_cause_for_the_log() {
        let error = ApiError::from(StoreError::Closed);
        assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!error.message.contains("closed"));
        assert_eq!(error.cause.unwrap().to_string(), "the store is closed");
    }

    #[test]
    fn a_chain_names_every_cause() {
        let source = sqlx::Error::PoolClosed;
        let error = StoreError::Database {
            operation: "reading",
            source,
        };
        assert_eq!(
            chain(&error),
            format!("reading failed: {}", sqlx::Error::PoolClosed)
        );
    }
}
