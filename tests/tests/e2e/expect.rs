//! What answers must look like, and the ways of saying so that all topics share.

use std::io::Write;

use serde_json::{Value, json};
use sluice_core::error::{Code, ErrorType};
use sluice_tests::client::Reply;

/// A model with the providers `openai` and `azure`, which both call it the same.
pub(crate) const MODEL: &str = "gpt-4o-mini";

/// An error in the shape of W60, with `x-gateway-request-id` (W37). Gives its `error`.
#[track_caller]
pub(crate) fn error(reply: &Reply, status: u16, code: &str) -> Value {
    let error = shape(reply, status);
    assert_eq!(error["code"], code, "{error}");
    assert_request_id(reply);
    error
}

/// An error in the shape of W60 with any code.
#[track_caller]
pub(crate) fn shape(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(
        reply.header("content-type"),
        Some("application/json"),
        "{}",
        reply.text()
    );
    let body = reply.json();
    let error = body["error"]
        .as_object()
        .unwrap_or_else(|| panic!("no error: {body}"));
    let kind = serde_json::to_value(ErrorType::of(status)).unwrap();
    assert_eq!(error["type"], kind, "{body}");
    for member in ["message", "code"] {
        let text = error
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default();
        assert!(!text.is_empty(), "error.{member} is empty: {body}");
    }
    let word = error["code"].as_str().unwrap_or_default();
    let code = Code::ALL.iter().find(|code| code.as_str() == word);
    match code {
        Some(code) => assert!(
            code.statuses().contains(&status),
            "{code} does not come with {status}"
        ),
        // A provider's own word comes with its refusal (W61).
        None => assert!(
            Code::ProviderRejectedRequest.statuses().contains(&status)
                && reply.header("x-gateway-provider").is_some(),
            "{word} is no code: {body}"
        ),
    }
    let param = error
        .get("param")
        .unwrap_or_else(|| panic!("no param: {body}"));
    assert!(param.is_null() || param.is_string(), "{body}");
    body["error"].clone()
}

/// `x-gateway-request-id` is there and is a UUIDv7; gives it.
#[track_caller]
pub(crate) fn assert_request_id(reply: &Reply) -> String {
    let id = reply
        .header("x-gateway-request-id")
        .unwrap_or_else(|| panic!("no id: {reply:?}"));
    assert_uuid_v7(id);
    id.to_owned()
}

/// `episode_id` of an answer or of a chunk, which is a UUIDv7 of the gateway's; gives it (W23).
#[track_caller]
pub(crate) fn episode(json: &Value) -> String {
    let id = json["episode_id"].as_str();
    let id = id.unwrap_or_else(|| panic!("no episode: {json}"));
    assert_uuid_v7(id);
    id.to_owned()
}

/// An answer without what the gateway adds to each.
#[track_caller]
pub(crate) fn without_episode(mut json: Value) -> Value {
    episode(&json);
    json.as_object_mut().map(|own| own.remove("episode_id"));
    json
}

/// Events as JSON, as far as they are; a usage of `null` is as good as none.
pub(crate) fn meaning(events: &[String]) -> Vec<Value> {
    let events = events
        .iter()
        .map(|data| match serde_json::from_str::<Value>(data) {
            Ok(mut chunk) => {
                if let Some(own) = chunk
                    .as_object_mut()
                    .filter(|own| own.get("usage") == Some(&Value::Null))
                {
                    own.remove("usage");
                }
                chunk
            }
            Err(_) => json!(data),
        });
    events.collect()
}

#[track_caller]
fn assert_uuid_v7(id: &str) {
    let groups: Vec<_> = id.split('-').collect();
    let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
    assert!(
        id.chars().all(|c| c == '-' || c.is_ascii_hexdigit()),
        "{id}"
    );
    assert!(groups[2].starts_with('7'), "not version 7: {id}");
}

/// `x-gateway-route` without its times: `azure;429,openai;200`.
#[track_caller]
pub(crate) fn route(headers: &hyper::HeaderMap) -> String {
    let route = headers
        .get("x-gateway-route")
        .and_then(|value| value.to_str().ok());
    let route = route.unwrap_or_else(|| panic!("no x-gateway-route: {headers:?}"));
    let attempts = route.split(',').map(|attempt| {
        let parts: Vec<_> = attempt.trim().split(';').collect();
        let [provider, status, time] = parts[..] else {
            panic!("three parts are expected: {route}")
        };
        let ms = time
            .strip_suffix("ms")
            .and_then(|ms| ms.parse::<u64>().ok());
        assert!(ms.is_some(), "a time is expected: {route}");
        format!("{provider};{status}")
    });
    attempts.collect::<Vec<_>>().join(",")
}

/// A chat request that says this.
pub(crate) fn saying(model: &str, text: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": text}]})
}

/// Says that a test did not run, past the harness that keeps the output of tests that pass.
pub(crate) fn skipped(test: &str, reason: &str) {
    let _unheard = writeln!(std::io::stderr(), "SKIPPED {test}: {reason}");
}

/// Runs a table of cases and reports every one that failed, not only the first.
pub(crate) async fn each<T>(
    cases: impl IntoIterator<Item = (String, T)>,
    mut run: impl AsyncFnMut(&str, T),
) {
    use futures_util::FutureExt;
    use std::panic::AssertUnwindSafe;
    let mut failed = Vec::new();
    for (name, case) in cases {
        if AssertUnwindSafe(run(&name, case))
            .catch_unwind()
            .await
            .is_err()
        {
            eprintln!("^ case: {name}");
            failed.push(name);
        }
    }
    assert!(
        failed.is_empty(),
        "{} cases failed: {failed:#?}",
        failed.len()
    );
}
