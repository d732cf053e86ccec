use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{program, request};

const POST: &str = "POST /openai/v1/chat/completions HTTP/1.0\r\ncontent-type: application/json";

struct Demo {
    child: Child,
    address: String,
}

impl Demo {
    fn start() -> Self {
        let mut command = program();
        command
            .args(["demo", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("demo provider: http://").unwrap();
        let address = address.strip_suffix("/v1").unwrap().to_owned();
        Self { child, address }
    }

    fn chat(&self, body: &Value) -> (u16, String) {
        request(&self.address, POST, &body.to_string())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn asked(more: &Value) -> Value {
    let mut body =
        json!({"model": "demo", "messages": [{"role": "user", "content": "Say \"hi\" to me"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn events(text: &str) -> Vec<&str> {
    text.split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .collect()
}

#[test]
fn a_plain_answer_says_what_it_is_and_counts() {
    let demo = Demo::start();
    let (status, body) = demo.chat(&asked(&json!({})));
    assert_eq!(status, 200);
    let body: Value = serde_json::from_str(&body).unwrap();
    let text = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(
        text.contains("demo provider") && text.contains("“Say \"hi\" to me”"),
        "{text}"
    );
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    let words = text.split_whitespace().count();
    assert_eq!(
        body["usage"],
        json!({"prompt_tokens": 4, "completion_tokens": words, "total_tokens": words + 4})
    );
    let (_, body) = demo.chat(&asked(&json!({"max_tokens": 3})));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["choices"][0]["finish_reason"], "length");
    assert_eq!(body["usage"]["completion_tokens"], 3);
}

#[test]
fn a_stream_comes_word_by_word_and_ends_with_done() {
    let demo = Demo::start();
    let start = Instant::now();
    let (status, text) = demo.chat(&asked(&json!({"stream": true, "max_tokens": 10})));
    assert_eq!(status, 200);
    assert!(
        start.elapsed().as_millis() >= 10 * 30,
        "the words have gaps"
    );
    let events = events(&text);
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> = events[..events.len() - 1]
        .iter()
        .map(|e| serde_json::from_str(e).unwrap())
        .collect();
    assert_eq!(chunks.len(), 12, "the role, ten words, the end");
    assert!(
        chunks.iter().all(|chunk| chunk.get("usage").is_none()),
        "nobody asked for it"
    );
    let words = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    assert_eq!(
        words.collect::<String>(),
        "This is Sluice's demo provider, not a language model: it "
    );
}

#[test]
fn a_stream_has_usage_when_it_was_asked_for() {
    let demo = Demo::start();
    let asked =
        asked(&json!({"stream": true, "max_tokens": 2, "stream_options": {"include_usage": true}}));
    let (_, text) = demo.chat(&asked);
    let events = events(&text);
    let [chunks @ .., last, "[DONE]"] = &events[..] else {
        panic!("{text}")
    };
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(
        (&last["choices"], &last["usage"]["completion_tokens"]),
        (&json!([]), &json!(2))
    );
    assert!(chunks.iter().all(|chunk| chunk.contains("\"usage\":null")));
}

#[test]
fn what_is_no_chat_request_is_refused() {
    let demo = Demo::start();
    for body in [
        "",
        "{",
        "[]",
        "{\"model\": \"m\"}",
        "{\"model\": \"m\", \"messages\": []}",
    ] {
        let (status, text) = request(&demo.address, POST, body);
        assert_eq!(status, 400, "{body}");
        let error: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(error["error"]["type"], "invalid_request_error");
    }
    assert_eq!(
        request(&demo.address, "GET /v1/chat/completions HTTP/1.0", "").0,
        405
    );
    assert_eq!(request(&demo.address, "GET /v1/other HTTP/1.0", "").0, 404);
}

#[test]
fn its_model_is_listed_under_any_prefix() {
    let demo = Demo::start();
    for path in ["/models", "/v1/models", "/openai/v1/models"] {
        let (status, text) = request(&demo.address, &format!("GET {path} HTTP/1.0"), "");
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (status, &body["data"][0]["id"]),
            (200, &json!("demo")),
            "{path}"
        );
    }
}
