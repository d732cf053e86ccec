//! Telling a provider what to do from outside the process.
//!
//! | request | what |
//! |---|---|
//! | `PUT /_control/script` | a [`super::Script`] as JSON: `{"queue": [{"answer": {"status": 429}}], "default": {"chat": {"deltas": ["Hi"]}}}` |
//! | `GET /_control/requests` | what was seen, as JSON, oldest first |
//! | `DELETE /_control/requests` | forgets it |
//! | `GET /_control/aborted` | how many answers were left by the other side before their end |

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::http::request::Parts;
use hyper::{Method, Response};
use serde_json::json;

use super::serve::{Body, State};

/// Paths that begin with this are not a provider's.
pub const PREFIX: &str = "/_control/";

pub(super) fn answer(parts: &Parts, body: &Bytes, state: &State) -> Response<Body> {
    let rest = parts.uri.path().trim_start_matches(PREFIX);
    let (status, text) = match (&parts.method, rest) {
        (&Method::PUT, "script") => match serde_json::from_slice(body) {
            Ok(script) => {
                *state.script.lock().unwrap() = script;
                (204, String::new())
            }
            Err(error) => (400, error.to_string()),
        },
        (&Method::GET, "requests") => {
            let seen = state.seen.lock().unwrap();
            (200, json!(*seen).to_string())
        }
        (&Method::DELETE, "requests") => {
            state.seen.lock().unwrap().clear();
            (204, String::new())
        }
        (&Method::GET, "aborted") => (200, json!({"aborted": state.aborted()}).to_string()),
        _ => (404, "no such control".to_owned()),
    };
    let body = Full::from(text)
        .map_err(|never| match never {})
        .boxed_unsync();
    let response = Response::builder().status(status);
    response.body(body).expect("a status and a text")
}
