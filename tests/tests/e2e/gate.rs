//! The commit gate of streams: nothing reaches the caller before the first token (W34).

use std::time::Duration;

use serde_json::json;
use sluice_tests::client::{plain, streamed};
use sluice_tests::{Answer, Chat, Cut, Script, Stack};

use crate::expect::{self, MODEL};

#[tokio::test]
async fn w34_a_stream_that_fails_before_its_first_token_fails_over() {
    let chat = || Chat::of(&["never seen"]).stream(MODEL, true);
    let error = r#"{"error":{"message":"overloaded","type":"server_error","code":null}}"#;
    let role = String::from_utf8(chat().end_after(1).bytes()).unwrap();
    let cases = [
        (
            "an error as the first event",
            Answer::sse([format!("data: {error}\n\n")]),
        ),
        (
            "an error event",
            Answer::sse([format!("event: error\ndata: {error}\n\n")]),
        ),
        (
            "an error after the role",
            Answer::sse([role.clone(), format!("data: {error}\n\n")]),
        ),
        (
            "an error after a comment",
            Answer::sse([": ping\n\n".into(), format!("data: {error}\n\n")]),
        ),
        (
            "an error without a stream",
            Answer::new(200, "application/json", error),
        ),
        (
            "an error in ones",
            Answer::sse([format!("data: {error}\n\n")])
                .split(1)
                .gap_ms(1),
        ),
        (
            "silence after the headers",
            chat().first_byte_after_ms(60_000),
        ),
        ("silence after the role", chat().stall_after(1)),
        ("pings and no token", chat().pings().stall_after(2)),
        ("silence before the headers", chat().wait_ms(60_000)),
        ("a reset after the role", chat().cut_after(1, Cut::Reset)),
        ("a reset after the headers", chat().cut_after(0, Cut::Reset)),
        ("an end after the role", chat().end_after(1)),
        ("nothing at all", chat().end_after(0)),
        ("only the end", Answer::sse(["data: [DONE]\n\n".to_owned()])),
        ("a page", Answer::html(200)),
        ("not JSON", Answer::sse(["data: hello\n\n".to_owned()])),
        ("a 429", Answer::error(429, "slow down")),
        ("a reset before the headers", Answer::none(Cut::Reset)),
    ];
    let stack = Stack::builder()
        .steady()
        .provider("openai", Script::default())
        .provider("azure", Chat::of(&["from ", "azure"]))
        .config(|doc| doc["defaults"]["timeouts"]["first_token_ms"] = json!(600))
        .start()
        .await;
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |name, answer: Answer| {
        stack.provider("openai").script(answer);
        let reply = stack.caller.chat(&streamed(MODEL)).send().await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        assert_eq!(reply.streamed(), "from azure", "{name}");
        assert_eq!(reply.events().last().unwrap(), "[DONE]", "{name}");
        assert!(!reply.text().contains("error"), "{name}: {}", reply.text());
        let route = expect::route(&reply.headers);
        assert!(
            route.ends_with(",azure;200") && !route.starts_with("openai;200"),
            "{name}: {route}"
        );
    })
    .await;
}

#[tokio::test]
async fn w34_any_kind_of_first_token_opens_the_gate() {
    let chunk = |delta: serde_json::Value, reason: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        let chunk = json!({"id": "x", "object": "chat.completion.chunk", "created": 1,
            "model": "m", "choices": [choice]});
        format!("data: {chunk}\n\n")
    };
    let cases = [
        ("content", json!({"content": "x"}), None),
        ("reasoning", json!({"reasoning_content": "hm"}), None),
        ("a refusal", json!({"refusal": "no"}), None),
        (
            "a tool",
            json!({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}),
            None,
        ),
        ("audio", json!({"audio": {"data": "AAAA"}}), None),
        ("a finish reason", json!({}), Some("stop")),
    ];
    let stack = Stack::builder()
        .steady()
        .provider("openai", Script::default())
        .start()
        .await;
    let cases = cases.map(|(name, delta, reason)| (name.to_owned(), chunk(delta, reason)));
    expect::each(cases, async |name, first: String| {
        let role = chunk(json!({"role": "assistant"}), None);
        let answer = Answer::sse([role, first.clone()]).stall_after(2);
        stack.provider("openai").script(answer);
        let mut stream = stack.caller.chat(&streamed(MODEL)).stream().await;
        assert_eq!(stream.status, 200, "{name}");
        let first = first.trim().trim_start_matches("data: ");
        let delta: serde_json::Value = serde_json::from_str(first).unwrap();
        let delta = delta["choices"][0]["delta"].to_string();
        stream.read_until(&delta).await;
    })
    .await;
}

#[tokio::test]
async fn w34_the_gate_opens_at_64_kib_anyway() {
    let pings = vec![format!(": {}\n\n", "p".repeat(1000)); 80];
    let answer = Answer::sse(pings).stall_after(100);
    let stack = Stack::builder()
        .steady()
        .provider("openai", answer)
        .start()
        .await;
    let mut stream = stack.caller.chat(&streamed(MODEL)).stream().await;
    assert_eq!(stream.status, 200);
    assert!(stream.next().await.unwrap().is_some());
}

#[tokio::test]
async fn w32_the_limit_to_the_first_token_ends_there() {
    let chat = Chat::of(&["a ", "b ", "c ", "d ", "e ", "f ", "g ", "h "]).gap_ms(250);
    let stack = Stack::builder()
        .steady()
        .provider("openai", chat)
        .config(|doc| {
            doc["defaults"]["timeouts"] = json!({"first_token_ms": 1000, "answer_ms": 1000});
        })
        .start()
        .await;
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_eq!(reply.streamed(), "a b c d e f g h ");
    assert!(reply.took > Duration::from_millis(1700), "{:?}", reply.took);
}

#[tokio::test]
async fn a_provider_that_limits_its_rate_is_not_left_out() {
    let limited = Answer::error(429, "slow down").header("retry-after", "7");
    let stack = Stack::builder()
        .steady()
        .provider("openai", limited)
        .start()
        .await;
    // More in a row than any outlier detection would bear, and longer than its interval.
    for i in 0..30 {
        let reply = stack
            .caller
            .chat(&plain(MODEL))
            .header("x-opengateway-failover-sequence", r#"["openai"]"#);
        let reply = reply.send().await;
        assert_eq!(reply.status, 429, "{i}: {}", reply.text());
        assert_eq!(reply.header("retry-after"), Some("7"));
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_eq!(stack.provider("openai").requests().len(), 30);
}
