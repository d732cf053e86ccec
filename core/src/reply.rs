//! An answer that the gateway gives itself.

use crate::error::ErrorBody;
use crate::wire;

/// An answer that no provider gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Its headers, without pseudo-headers and `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

impl Reply {
    /// JSON.
    #[must_use]
    pub fn json(status: u16, body: String) -> Self {
        let headers = vec![("content-type", wire::JSON.to_owned())];
        Self {
            status,
            headers,
            body,
        }
    }

    /// An error in the shape of W60.
    #[must_use]
    pub fn error(status: u16, body: &ErrorBody) -> Self {
        Self::json(status, body.to_json())
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
