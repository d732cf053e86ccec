//! The parameters of a query string, read one by one; what nobody reads is refused.

use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sluice_core::error::Code;

use crate::error::ApiError;

/// Things a page, where nothing is said.
const LIMIT: u32 = 100;

/// Things a page at most.
const LARGEST_LIMIT: u32 = 1_000;

/// The parameters that are not read yet, in their order.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await;
        let Query(pairs) = query.map_err(|_| {
            let message = "The query string is not of the form `name=value&name=value`.";
            ApiError::new(StatusCode::BAD_REQUEST, Code::InvalidQuery, message)
        })?;
        Ok(Self(pairs))
    }
}

impl Params {
    /// Takes every value of a parameter out.
    pub(crate) fn all(&mut self, name: &'static str) -> Vec<String> {
        let taken = self.0.extract_if(.., |(own, _)| own == name);
        taken.map(|(_, value)| value).collect()
    }

    /// Takes a parameter out that may be given once.
    pub(crate) fn one(&mut self, name: &'static str) -> Result<Option<String>, ApiError> {
        let mut values = self.all(name).into_iter();
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(ApiError::parameter(name, "given once")),
        }
    }

    /// Takes a parameter out and reads it; `expected` says in words what it must be.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let value = parse(&text).ok_or_else(|| ApiError::parameter(name, expected))?;
        Ok(Some(value))
    }

    /// Takes `limit` out: how much stands on a page.
    pub(crate) fn limit(&mut self) -> Result<u32, ApiError> {
        let expected = "a whole number from 1 to 1000";
        let limit = self.parsed("limit", expected, |text| {
            text.parse()
                .ok()
                .filter(|limit| (1..=LARGEST_LIMIT).contains(limit))
        })?;
        Ok(limit.unwrap_or(LIMIT))
    }

    /// Refuses what is left: a misspelt filter must not be taken as none.
    pub(crate) fn close(self, known: &str) -> Result<(), ApiError> {
        let Some((name, _)) = self.0.first() else {
            return Ok(());
        };
        let message = format!("`{name}` is not a parameter of this route; there are {known}.");
        Err(ApiError::new(StatusCode::BAD_REQUEST, Code::UnknownParameter, message).param(name))
    }
}
