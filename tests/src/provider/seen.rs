//! What came to a provider.

use bytes::Bytes;
use hyper::{Version, http::request::Parts};
use serde::Serialize;
use serde_json::{Value, json};

/// One request as the provider received it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The version of HTTP.
    pub version: Version,
    /// `host`, or `:authority`.
    pub authority: Option<String>,
    /// Every header, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Bytes,
}

impl Seen {
    pub(super) fn new(parts: &Parts, body: Bytes) -> Self {
        let headers = parts.headers.iter();
        let path = parts.uri.path_and_query();
        let host = parts
            .headers
            .get("host")
            .and_then(|host| host.to_str().ok());
        Self {
            method: parts.method.to_string(),
            path: path.map(ToString::to_string).unwrap_or_default(),
            version: parts.version,
            authority: host
                .or(parts.uri.authority().map(|authority| authority.as_str()))
                .map(str::to_owned),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body,
        }
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The names of all headers, in order.
    #[must_use]
    pub fn header_names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Everything in it as text, to look for what must not be there.
    #[must_use]
    pub fn text(&self) -> String {
        let headers = self.headers.iter();
        let headers =
            headers.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value)));
        let headers: String = headers.collect();
        let body = String::from_utf8_lossy(&self.body);
        format!("{} {}\n{headers}\n{body}", self.method, self.path)
    }
}

impl Serialize for Seen {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| json!([name, String::from_utf8_lossy(value)]));
        json!({
            "method": self.method,
            "path": self.path,
            "version": format!("{:?}", self.version),
            "authority": self.authority,
            "headers": headers.collect::<Value>(),
            "body": String::from_utf8_lossy(&self.body),
        })
        .serialize(serializer)
    }
}
