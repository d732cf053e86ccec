//! Answers as a caller reads them: whole, or as they come.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::HeaderName;
use hyper::{HeaderMap, Response};
use serde_json::Value;

use super::PATIENCE;
use crate::sse;

/// Said of an answer that neither goes on nor ends.
pub const SILENCE: &str = "nothing came in time";

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// From sending to the end.
    pub took: Duration,
}

impl Reply {
    /// One that came as bytes over HTTP/1.1, whole.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| {
            let name = name.parse::<HeaderName>().expect("a header's name");
            (name, value.parse().expect("a header's value"))
        });
        Self {
            status: status
                .and_then(|status| status.parse().ok())
                .unwrap_or_default(),
            headers: headers.collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            took: Duration::ZERO,
        }
    }

    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The text that the model said.
    #[must_use]
    pub fn said(&self) -> String {
        let json = self.json();
        let content = json["choices"][0]["message"]["content"].as_str();
        content
            .unwrap_or_else(|| panic!("no content: {} {json}", self.status))
            .to_owned()
    }

    /// Everything in it as text, to look for what must not be there.
    #[must_use]
    pub fn everything(&self) -> String {
        format!("{:?}\n{}", self.headers, self.text())
    }
}

/// An answer that is being read.
#[derive(Debug)]
pub struct Stream {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    body: Incoming,
    sent: Instant,
}

impl Stream {
    pub(super) fn new(answer: Response<Incoming>, sent: Instant) -> Self {
        let (parts, body) = answer.into_parts();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            sent,
        }
    }

    /// The next bytes as they come; `None` at a clean end, an error when it was cut.
    ///
    /// # Errors
    ///
    /// What hyper says of an answer that ended before its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await;
            match frame.map_err(|_| SILENCE.to_owned())? {
                None => return Ok(None),
                Some(Err(error)) => return Err(format!("{error:?}")),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Ok(Some(data)),
                    _ => {}
                },
            }
        }
    }

    /// Reads until the text so far holds `needle`; gives the text.
    pub async fn read_until(&mut self, needle: &str) -> String {
        let mut text = Vec::new();
        loop {
            let bytes = self.next().await.expect("more of the stream");
            text.extend_from_slice(&bytes.unwrap_or_else(|| panic!("an end before {needle:?}")));
            let text = String::from_utf8_lossy(&text);
            if text.contains(needle) {
                return text.into_owned();
            }
        }
    }

    /// Reads to the end.
    pub async fn whole(self) -> Reply {
        self.try_whole().await.expect("a whole answer")
    }

    /// Reads to the end, if it has one.
    ///
    /// # Errors
    ///
    /// What hyper says of an answer that ended before its end.
    pub async fn try_whole(self) -> Result<Reply, String> {
        let (reply, end) = self.rest().await;
        end.map(|()| reply)
    }

    /// Reads as far as it goes, and tells how it ended.
    pub async fn rest(mut self) -> (Reply, Result<(), String>) {
        let mut body = Vec::new();
        let end = loop {
            match self.next().await {
                Ok(Some(bytes)) => body.extend_from_slice(&bytes),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let reply = Reply {
            status: self.status,
            headers: self.headers,
            body: body.into(),
            took: self.sent.elapsed(),
        };
        (reply, end)
    }
}

/// What a streamed answer says.
impl Reply {
    /// The `data` of its events.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        sse::events(&self.body)
    }

    /// Its chunks as JSON, `[DONE]` left out.
    #[must_use]
    pub fn chunks(&self) -> Vec<Value> {
        sse::chunks(&self.body)
    }

    /// The text that its deltas add up to.
    #[must_use]
    pub fn streamed(&self) -> String {
        sse::text(&self.body)
    }
}
