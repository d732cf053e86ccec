//! The order of the providers, and what leads from one to the next.

use futures_util::future::join_all;
use serde_json::json;
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::{Answer, Chat, Cut, Script, Stack};

use crate::expect::{self, MODEL};

const SEQUENCE: &str = "x-opengateway-failover-sequence";

/// Two providers that have the model; the second answers.
async fn two(first: impl Into<Script>) -> Stack {
    Stack::builder()
        .steady()
        .provider("openai", first)
        .provider("azure", Chat::of(&["from azure"]))
        .config(|doc| {
            doc["defaults"]["timeouts"] = json!({"first_token_ms": 600, "answer_ms": 600});
        })
        .start()
        .await
}

#[track_caller]
fn assert_from(reply: &Reply, provider: &str, route: &str) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("x-gateway-provider"), Some(provider));
    assert_eq!(expect::route(&reply.headers), route);
    let attempts = route.split(',').count().to_string();
    assert_eq!(reply.header("x-gateway-attempts"), Some(attempts.as_str()));
    expect::assert_request_id(reply);
}

#[tokio::test]
async fn w30_the_configured_order_is_the_default() {
    for (order, route) in [
        (json!(["openai", "azure"]), "openai;500,azure;500"),
        (json!(["azure", "openai"]), "azure;500,openai;500"),
    ] {
        let stack = Stack::builder()
            .provider("openai", Answer::error(500, "no"))
            .provider("azure", Answer::error(500, "no"))
            .config(|doc| doc["defaults"]["failover_order"] = order)
            .start()
            .await;
        let reply = stack.caller.chat(&plain(MODEL)).send().await;
        assert_eq!(expect::route(&reply.headers), route);
    }
}

#[tokio::test]
async fn w30_a_callers_order_comes_first() {
    let stack = two(Chat::of(&["from openai"])).await;
    for (sequence, provider) in [
        (r#"["azure","openai"]"#, "azure"),
        (r#"[ "openai", "azure" ]"#, "openai"),
        (r#"["azure"]"#, "azure"),
        // A provider that does not have the model is skipped.
        (r#"["groq","azure"]"#, "azure"),
        ("", "openai"),
    ] {
        let call = stack.caller.chat(&plain(MODEL)).header(SEQUENCE, sequence);
        assert_from(&call.send().await, provider, &format!("{provider};200"));
    }
    stack.provider("azure").script(Answer::error(503, "no"));
    let call = stack
        .caller
        .chat(&plain(MODEL))
        .header(SEQUENCE, r#"["azure","openai"]"#);
    assert_from(&call.send().await, "openai", "azure;503,openai;200");
    // An order of one has nothing after it.
    let call = stack
        .caller
        .chat(&plain(MODEL))
        .header(SEQUENCE, r#"["azure"]"#);
    let reply = call.send().await;
    expect::shape(&reply, 503);
    assert_eq!(expect::route(&reply.headers), "azure;503");
}

#[tokio::test]
async fn w30_a_malformed_order_is_refused_before_any_attempt() {
    let stack = two(Script::default()).await;
    let cases = [
        ("openai,azure", "invalid_failover_sequence"),
        ("[\"openai\"", "invalid_failover_sequence"),
        ("{\"a\":1}", "invalid_failover_sequence"),
        ("\"openai\"", "invalid_failover_sequence"),
        ("[1]", "invalid_failover_sequence"),
        ("[\"openai\", null]", "invalid_failover_sequence"),
        ("[\"opnai\"]", "unknown_provider"),
        ("[\"openai\",\"nix\"]", "unknown_provider"),
    ];
    let cases = cases.map(|(value, code)| (value.to_owned(), code));
    expect::each(cases, async |value, code: &str| {
        let call = stack.caller.chat(&plain(MODEL)).header(SEQUENCE, value);
        expect::error(&call.send().await, 400, code);
        stack.assert_untouched(value);
    })
    .await;
}

#[tokio::test]
async fn w31_every_trigger_leads_to_the_next_provider() {
    let plain_answer = || Chat::default().plain(MODEL);
    let no_choices = json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m"});
    let mut empty_choices = no_choices.clone();
    empty_choices["choices"] = json!([]);
    let mut nothing = no_choices.clone();
    nothing["choices"] = json!([{"index": 0, "finish_reason": null,
        "message": {"role": "assistant", "content": null}}]);
    let in_band = json!({"error": {"message": "overloaded", "type": "server_error"}});
    let mut cases: Vec<(String, Answer)> = [401, 403, 408, 425, 429, 500, 502, 503, 504, 529]
        .map(|status| (format!("status {status}"), Answer::error(status, "no")))
        .to_vec();
    let more = [
        ("reset before the headers", Answer::none(Cut::Reset)),
        ("close before the headers", Answer::none(Cut::Close)),
        ("no HTTP", Answer::garbage("SSH-2.0-OpenSSH_9.2\r\n")),
        ("silence", plain_answer().wait_ms(60_000)),
        (
            "headers and then silence",
            plain_answer().first_byte_after_ms(60_000),
        ),
        ("a page", Answer::html(200)),
        ("an empty body", Answer::empty(200)),
        ("not JSON", Answer::new(200, "application/json", "hello")),
        (
            "half of the JSON",
            plain_answer().end_after_bytes(60).chunked(),
        ),
        (
            "a body that is cut",
            plain_answer().cut_after_bytes(60, Cut::Reset),
        ),
        ("no choices", Answer::json(200, &no_choices)),
        ("empty choices", Answer::json(200, &empty_choices)),
        (
            "neither content nor finish reason",
            Answer::json(200, &nothing),
        ),
        ("an error in a 200", Answer::json(200, &in_band)),
        ("a page with a 500", Answer::html(500)),
        (
            "a 429 that would talk Envoy out of a retry",
            Answer::error(429, "no").header("x-envoy-ratelimited", "true"),
        ),
        ("an empty 503", Answer::empty(503)),
    ];
    cases.extend(more.map(|(name, answer)| (name.to_owned(), answer)));
    let stack = two(Script::default()).await;
    expect::each(cases, async |name, answer: Answer| {
        let status = answer.status;
        stack.provider("openai").script(answer);
        let reply = stack.caller.chat(&plain(MODEL)).send().await;
        assert_eq!(reply.said(), "from azure", "{name}");
        let route = expect::route(&reply.headers);
        let (first, second) = route.split_once(',').unwrap();
        assert_eq!(second, "azure;200");
        if status != 200 {
            assert_eq!(first, format!("openai;{status}"));
        } else {
            assert!(
                first.starts_with("openai;") && first != "openai;200",
                "{name}: {first}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn w31_no_connection_leads_to_the_next_provider() {
    let stack = Stack::builder()
        .refusing("openai")
        .provider("azure", Chat::of(&["from azure"]))
        .start()
        .await;
    for body in [plain(MODEL), streamed(MODEL)] {
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(
            reply.header("x-gateway-provider"),
            Some("azure"),
            "{}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn w31_what_is_the_callers_fault_stays_with_the_first() {
    let stack = two(Script::default()).await;
    let cases = [400, 404, 409, 413, 422].map(|status| (status.to_string(), status));
    expect::each(cases, async |_, status: u16| {
        for body in [plain(MODEL), streamed(MODEL)] {
            let message = format!("your fault: {status}");
            stack
                .provider("openai")
                .script(Answer::error(status, &message));
            let reply = stack.caller.chat(&body).send().await;
            let error = expect::error(&reply, status, "scripted");
            assert!(
                error["message"].as_str().unwrap().contains(&message),
                "{error}"
            );
            assert_eq!(expect::route(&reply.headers), format!("openai;{status}"));
        }
    })
    .await;
    assert!(stack.provider("azure").requests().is_empty());
}

#[tokio::test]
async fn w31_an_empty_answer_with_a_finish_reason_is_an_answer() {
    let stack = two(Chat::of(&[])).await;
    for body in [plain(MODEL), streamed(MODEL)] {
        let reply = stack.caller.chat(&body).send().await;
        assert_from(&reply, "openai", "openai;200");
    }
}

#[tokio::test]
async fn w61_when_all_attempts_fail_each_is_told() {
    // What the two providers do, the status that the caller sees, the outcomes.
    let cases = [
        (
            Answer::error(500, "a"),
            Answer::error(429, "b"),
            429,
            ["status", "status"],
        ),
        (
            Answer::error(429, "a"),
            Answer::error(500, "b"),
            502,
            ["status", "status"],
        ),
        (
            Answer::error(500, "a"),
            Answer::error(503, "b"),
            503,
            ["status", "status"],
        ),
        (
            Answer::error(401, "a"),
            Answer::error(403, "b"),
            502,
            ["status", "status"],
        ),
        (
            Answer::html(200),
            Answer::error(429, "b"),
            429,
            ["malformed", "status"],
        ),
        (
            Answer::html(200),
            Answer::empty(200),
            502,
            ["malformed", "malformed"],
        ),
        (
            Answer::none(Cut::Reset),
            Answer::error(504, "b"),
            504,
            ["failed", "status"],
        ),
        (
            Answer::error(500, "a"),
            Chat::default().plain(MODEL).wait_ms(60_000),
            504,
            ["status", "timeout"],
        ),
        (
            Answer::json(200, &json!({"error": {"message": "x"}})),
            Answer::json(200, &json!({"error": {"message": "y"}})),
            502,
            ["in_band_error", "in_band_error"],
        ),
    ];
    let stack = two(Script::default()).await;
    let cases = cases
        .into_iter()
        .enumerate()
        .map(|(i, case)| (format!("case {i}"), case));
    expect::each(cases, async |_, (first, second, status, outcomes)| {
        stack.provider("openai").script(first);
        stack.provider("azure").script(second);
        let reply = stack.caller.chat(&plain(MODEL)).send().await;
        let error = expect::error(&reply, status, "all_attempts_failed");
        let attempts = error["attempts"].as_array().unwrap();
        let told = |member: &str| -> Vec<_> {
            attempts
                .iter()
                .map(|own| own[member].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(told("provider"), ["openai", "azure"]);
        assert_eq!(told("outcome"), outcomes);
        assert_eq!(reply.header("x-gateway-attempts"), Some("2"));
        assert_eq!(expect::route(&reply.headers).split(',').count(), 2);
        let text = reply.everything();
        assert!(
            !text.contains("scripted"),
            "a provider's error leaks: {text}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_provider_without_its_key_is_not_used() {
    let stack = Stack::builder()
        .provider("azure", Script::default())
        .start()
        .await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_from(&reply, "azure", "azure;200");
    let stack = Stack::builder().start().await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    expect::error(&reply, 503, "no_provider_available");
}

#[tokio::test]
async fn a_body_of_any_size_is_sent_again_whole() {
    let stack = two(Answer::error(500, "no")).await;
    for size in [10, 100_000, 5 << 20] {
        let body = expect::saying(MODEL, &"b".repeat(size));
        let reply = stack.caller.chat(&body).send().await;
        assert_from(&reply, "azure", "openai;500,azure;200");
        let seen = stack.provider("azure").request();
        assert!(seen.json() == body, "{size} bytes");
        stack.provider("azure").forget();
    }
}

#[tokio::test]
async fn e24_sixty_callers_at_once_all_fail_over() {
    let stack = two(Answer::error(500, "no").wait_ms(50)).await;
    let body = plain(MODEL);
    let replies = join_all((0..60).map(|_| stack.caller.chat(&body).send())).await;
    for reply in replies {
        assert_eq!(reply.said(), "from azure");
    }
}

#[tokio::test]
async fn w34_a_plain_answer_has_a_limit_of_its_own() {
    let stack = Stack::builder()
        .provider("openai", Chat::of(&["slow"]).wait_ms(1500))
        .provider("azure", Chat::of(&["from azure"]))
        .config(|doc| {
            doc["defaults"]["timeouts"] = json!({"first_token_ms": 600, "answer_ms": 10_000});
        })
        .start()
        .await;
    assert_eq!(stack.caller.chat(&plain(MODEL)).send().await.said(), "slow");
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_eq!(reply.streamed(), "from azure");
}

#[tokio::test]
async fn w30_no_more_attempts_are_made_than_configured() {
    let stack = Stack::builder()
        .provider("openai", Answer::error(500, "no"))
        .provider("azure", Chat::default())
        .config(|doc| doc["defaults"]["limits"]["attempts"] = json!(1))
        .start()
        .await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    expect::error(&reply, 502, "all_attempts_failed");
    assert!(stack.provider("azure").requests().is_empty());
}
