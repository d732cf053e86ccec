//! Chat completions of the demo provider, plain and streamed.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::{Value, json};

use super::answer::Answer;
use super::request::ChatRequest;
use crate::error::ApiError;

/// Between two chunks of a stream.
const GAP: Duration = Duration::from_millis(30);

/// Answers a chat request.
pub(super) fn complete(body: &[u8]) -> Result<Response, ApiError> {
    let request = ChatRequest::parse(body)?;
    let answer = Answer::to(&request);
    let head = Head::new(&request);
    if request.stream() {
        let chunks = chunks(&head, &answer, request.include_usage());
        return Ok(Sse::new(paced(chunks)).into_response());
    }
    let message = json!({"role": "assistant", "content": answer.text(), "refusal": null});
    let choice = json!({"index": 0, "message": message, "logprobs": null,
        "finish_reason": answer.finish_reason});
    let mut whole = head.object("chat.completion", &json!([choice]));
    set(&mut whole, "usage", answer.usage());
    Ok(Json(whole).into_response())
}

/// What every object of one answer has in common.
struct Head {
    id: String,
    created: u64,
    model: String,
}

impl Head {
    fn new(request: &ChatRequest) -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            id: format!("chatcmpl-demo{}", since.as_nanos()),
            created: since.as_secs(),
            model: request.model.clone(),
        }
    }

    fn object(&self, object: &str, choices: &Value) -> Value {
        json!({"id": self.id, "object": object, "created": self.created, "model": self.model,
            "system_fingerprint": "demo", "choices": choices})
    }
}

/// The chunks: the role, each word, the end, and the usage when it was asked for.
fn chunks(head: &Head, answer: &Answer, include_usage: bool) -> Vec<Value> {
    let choice = |delta: Value, finish_reason: Value| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}]);
    let role = choice(json!({"role": "assistant", "content": ""}), Value::Null);
    let words = answer
        .pieces
        .iter()
        .map(|word| choice(json!({"content": word}), Value::Null));
    let end = choice(json!({}), answer.finish_reason.into());
    let all = std::iter::once(role)
        .chain(words)
        .chain(std::iter::once(end));
    let mut chunks: Vec<_> = all
        .map(|choices| head.object("chat.completion.chunk", &choices))
        .collect();
    if include_usage {
        chunks
            .iter_mut()
            .for_each(|chunk| set(chunk, "usage", Value::Null));
        let mut last = head.object("chat.completion.chunk", &json!([]));
        set(&mut last, "usage", answer.usage());
        chunks.push(last);
    }
    chunks
}

/// The chunks as events, one after the other, and `[DONE]`.
fn paced(chunks: Vec<Value>) -> impl Stream<Item = Result<Event, Infallible>> {
    let texts = chunks.into_iter().map(|chunk| chunk.to_string());
    let events = texts.chain(std::iter::once("[DONE]".to_owned()));
    stream::iter(events)
        .enumerate()
        .then(|(place, text)| async move {
            if place > 0 {
                tokio::time::sleep(GAP).await;
            }
            Ok(Event::default().data(text))
        })
}

fn set(value: &mut Value, name: &str, member: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), member);
    }
}
