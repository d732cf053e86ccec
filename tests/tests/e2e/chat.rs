//! Plain chat: what reaches the provider and what comes back.

use serde_json::{Value, json};
use sluice_tests::client::{CHAT, plain};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect::{self, MODEL};

#[tokio::test]
async fn w37_an_answer_comes_back_with_the_gateways_headers() {
    let stack = Stack::builder()
        .provider("openai", Chat::of(&["Hello", "!"]))
        .start()
        .await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.said(), "Hello!");
    assert_eq!(reply.json()["usage"]["total_tokens"], 18);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-gateway-provider"), Some("openai"));
    assert_eq!(reply.header("x-gateway-model"), Some(MODEL));
    assert_eq!(reply.header("x-gateway-attempts"), Some("1"));
    assert_eq!(expect::route(&reply.headers), "openai;200");
    let first = expect::assert_request_id(&reply);
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_ne!(expect::assert_request_id(&reply), first);
}

#[tokio::test]
async fn a_provider_is_called_in_its_own_way() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .provider("azure", Script::default())
        .provider("groq", Script::default())
        .start()
        .await;
    for (provider, model, path, authority, key) in [
        (
            "openai",
            MODEL,
            "/v1/chat/completions",
            "api.openai.com",
            "authorization",
        ),
        (
            "azure",
            MODEL,
            "/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21",
            "example.openai.azure.com",
            "api-key",
        ),
        (
            "groq",
            "llama-3.3-70b",
            "/openai/v1/chat/completions",
            "api.groq.com",
            "authorization",
        ),
    ] {
        let sequence = json!([provider]).to_string();
        let call = stack.caller.chat(&plain(model));
        let reply = call
            .header("x-opengateway-failover-sequence", &sequence)
            .send()
            .await;
        assert_eq!(
            reply.header("x-gateway-provider"),
            Some(provider),
            "{}",
            reply.text()
        );
        let seen = stack.provider(provider).request();
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", path));
        assert_eq!(seen.authority.as_deref(), Some(authority));
        assert_eq!(
            seen.header("content-type").as_deref(),
            Some("application/json")
        );
        let secret = sluice_tests::stack::key_of(provider);
        let scheme = if key == "api-key" { "" } else { "Bearer " };
        assert_eq!(seen.header(key), Some(format!("{scheme}{secret}")));
    }
}

/// Bodies that are odd in every way JSON allows; `MODEL` stands for the model's name.
const GOLDEN: [&str; 7] = [
    r#"{"model":"MODEL","messages":[{"role":"user","content":"hi"}],"x":1.0e3}"#,
    r#"{"messages":[{"role":"user","content":"hi"}],"x":-0.10E+2,"model":"MODEL"}"#,
    "  {\n\t\"model\" : \"MODEL\" ,\r\n \"messages\":[ { \"role\":\"user\",\"content\":\"hi\" } ] }\n",
    r#"{"model":"MODEL","messages":[{"content":"\u00e9\ud83d\ude00\/é😀","role":"user"}],"n":1}"#,
    r#"{"id":12345678901234567890123,"model":"MODEL","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]}"#,
    r#"{"model":"MODEL","messages":[{"role":"user","content":"hi"}],"metadata":{"b":"1","a":"2"},"z":{"k":1,"k":2}}"#,
    r#"{"model":"MODEL","messages":[{"role":"user","content":"\"model\":\"MODEL\""}],"temperature":1.0,"seed":7}"#,
];

#[tokio::test]
async fn w16_bytes_that_need_no_change_are_left_as_they_came() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .provider("groq", Script::default())
        .start()
        .await;
    // The name that the caller writes, the provider that has it, and what it calls the model.
    let names = [
        (MODEL, "openai", MODEL),
        ("ollm::model_name::gpt-4o-mini", "openai", MODEL),
        ("llama-3.3-70b", "groq", "llama-3.3-70b-versatile"),
    ];
    for (original, provider, request) in names {
        for golden in GOLDEN {
            let sent = golden.replacen("\"MODEL\"", &format!("\"{original}\""), 1);
            let expected = golden.replacen("\"MODEL\"", &format!("\"{request}\""), 1);
            let reply = stack.caller.chat_bytes(sent.clone()).send().await;
            assert_eq!(reply.status, 200, "{sent}: {}", reply.text());
            let seen = stack.provider(provider).request();
            assert_eq!(String::from_utf8_lossy(&seen.body), expected);
            assert_exact_length(&seen);
            stack.provider(provider).forget();
        }
    }
}

#[tokio::test]
async fn a_body_of_any_size_goes_on_with_its_exact_length() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    for size in [1, 70_000, 5 << 20] {
        let body = expect::saying(MODEL, &"a".repeat(size)).to_string();
        let reply = stack.caller.chat_bytes(body.clone()).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let seen = stack.provider("openai").request();
        assert!(seen.body == body.as_bytes(), "{size} bytes");
        assert_exact_length(&seen);
        stack.provider("openai").forget();
    }
    // A caller that sends its body in chunks changes nothing of that.
    let body = plain(MODEL).to_string();
    let (front, back) = body.split_at(20);
    let key = stack.caller.key().unwrap();
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{front}\r\n{:x}\r\n{back}\r\n0\r\n\r\n",
        front.len(),
        back.len(),
    );
    let answer = stack.caller.raw(request.as_bytes()).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let seen = stack.provider("openai").request();
    assert_eq!(seen.body, body.as_bytes());
    assert_exact_length(&seen);
}

#[track_caller]
fn assert_exact_length(seen: &sluice_tests::provider::Seen) {
    assert_eq!(
        seen.header("content-length"),
        Some(seen.body.len().to_string())
    );
    assert_eq!(seen.header("transfer-encoding"), None);
}

#[tokio::test]
async fn w13_the_smaller_token_cap_is_sent_under_the_providers_name() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .provider("vllm", Script::default())
        .start()
        .await;
    for (model, provider, caps, expected) in [
        (
            MODEL,
            "openai",
            json!({"max_tokens": 30, "max_completion_tokens": 20}),
            20,
        ),
        (
            MODEL,
            "openai",
            json!({"max_tokens": 5, "max_completion_tokens": 20}),
            5,
        ),
        (MODEL, "openai", json!({"max_completion_tokens": 8}), 8),
        (
            "llama-3.3-70b",
            "vllm",
            json!({"max_completion_tokens": 9}),
            9,
        ),
        (
            "llama-3.3-70b",
            "vllm",
            json!({"max_tokens": 3, "max_completion_tokens": 4}),
            3,
        ),
    ] {
        let mut body = plain(model);
        body.as_object_mut()
            .unwrap()
            .extend(caps.as_object().unwrap().clone());
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let seen = stack.provider(provider).request().json();
        let given = ["max_tokens", "max_completion_tokens"].map(|name| seen[name].as_u64());
        match provider {
            "vllm" => assert_eq!(given, [Some(expected), None], "{caps}"),
            _ => assert!(
                given == [Some(expected), None] || given == [None, Some(expected)],
                "{caps}: {given:?}"
            ),
        }
        stack.provider(provider).forget();
    }
}

#[tokio::test]
async fn w15_fields_of_the_gateway_never_reach_a_provider() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    let body = r#"{"ollm::tags":{"team":"a"},"model":"gpt-4o-mini","ollm::dryrun":true,"messages":[{"role":"user","content":"hi"}],"unknown":{"stays":1.0},"project_id":"p-1","ollm::deny_unknown_fields":false}"#;
    let reply = stack.caller.chat_bytes(body).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let seen = stack.provider("openai").request();
    let text = String::from_utf8_lossy(&seen.body);
    let expected = r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"unknown":{"stays":1.0}}"#;
    assert_eq!(text, expected);
    assert_exact_length(&seen);
}

#[tokio::test]
async fn w15_what_the_gateway_cannot_do_yet_is_refused_and_not_sent_on() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    for (field, param, value) in [
        (
            "orq",
            "orq.cache",
            json!({"cache": {"type": "exact_match", "ttl": 60}}),
        ),
        ("ollm::not_yet", "ollm::not_yet", json!(true)),
    ] {
        let mut body = plain(MODEL);
        body[field] = value;
        body["ollm::deny_unknown_fields"] = json!(true);
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(expect::shape(&reply, 400)["param"], param);
    }
    stack.assert_untouched("a field of the gateway's");
}

#[tokio::test]
async fn w15_unknown_fields_are_dropped_or_refused_where_configured() {
    let mut body = plain(MODEL);
    body["temprature"] = json!(1);
    body["another"] = json!({"a": 1});
    for mode in ["drop", "reject"] {
        let stack = Stack::builder()
            .provider("openai", Script::default())
            .config(|doc| doc["defaults"]["unknown_fields"] = json!(mode))
            .start()
            .await;
        let reply = stack.caller.chat(&body).send().await;
        if mode == "drop" {
            assert_eq!(reply.status, 200, "{}", reply.text());
            assert_eq!(stack.provider("openai").request().json(), plain(MODEL));
        } else {
            assert_unknown_fields_are_named(&expect::error(&reply, 400, "unknown_field"));
            stack.assert_untouched("refused");
        }
    }
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    body["ollm::deny_unknown_fields"] = json!(true);
    let reply = stack.caller.chat(&body).send().await;
    assert_unknown_fields_are_named(&expect::error(&reply, 400, "unknown_field"));
    stack.assert_untouched("refused");
}

#[track_caller]
fn assert_unknown_fields_are_named(error: &Value) {
    let text = error.to_string();
    assert!(
        text.contains("another") && text.contains("temprature"),
        "{text}"
    );
    assert!(
        text.contains("temperature"),
        "a near name is suggested: {text}"
    );
}

#[tokio::test]
async fn w20_a_function_leads_to_one_of_its_variants() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    for _ in 0..10 {
        let reply = stack
            .caller
            .chat(&plain("ollm::function_name::chat"))
            .send()
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let sent = reply.header("x-gateway-model").unwrap().to_owned();
        assert!(["gpt-4o-mini", "gpt-4o"].contains(&sent.as_str()), "{sent}");
        let seen = stack.provider("openai").requests();
        assert_eq!(seen.last().unwrap().json()["model"], *sent);
    }
}

#[tokio::test]
async fn w40_what_a_provider_adds_is_kept() {
    let body = json!({
        "id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini-2024-07-18",
        "system_fingerprint": "fp_1", "service_tier": "default",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "logprobs": {"content": []},
            "message": {"role": "assistant", "content": null, "reasoning_content": "hm",
                "tool_calls": [{"id": "c", "type": "function",
                    "function": {"name": "f", "arguments": "{\"a\": 1.0}"}}]}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 2}},
        "x_more": {"of": "its own"},
    });
    let stack = Stack::builder()
        .provider("openai", Answer::json(200, &body))
        .start()
        .await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(expect::without_episode(reply.json()), body);
}

#[tokio::test]
async fn answers_above_what_is_held_pass_whole() {
    let long = "word ".repeat(600_000);
    let stack = Stack::builder()
        .provider("openai", Chat::of(&[&long]))
        .config(|doc| doc["defaults"]["limits"]["held_answer_bytes"] = json!(100_000))
        .start()
        .await;
    assert_eq!(stack.caller.chat(&plain(MODEL)).send().await.said(), long);
    // Held to its end although it is larger than Envoy's own buffer of a connection.
    let stack = Stack::builder()
        .provider("openai", Chat::of(&[&long]))
        .start()
        .await;
    assert_eq!(stack.caller.chat(&plain(MODEL)).send().await.said(), long);
}

#[tokio::test]
async fn w10_a_request_without_a_model_takes_the_configured_one() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .config(|doc| doc["defaults"]["model"] = json!(MODEL))
        .start()
        .await;
    let body = json!({"messages": plain(MODEL)["messages"]});
    let reply = stack.caller.chat(&body).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(stack.provider("openai").request().json()["model"], MODEL);
}

#[tokio::test]
async fn a_caller_may_wait_to_be_asked_for_its_body() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    let (body, key) = (plain(MODEL).to_string(), stack.caller.key().unwrap());
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len(),
    );
    let answer = stack
        .caller
        .ask_then_send(head.as_bytes(), body.as_bytes())
        .await;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.contains("HTTP/1.1 200"), "{text}");
    assert_eq!(stack.provider("openai").request().body, body.as_bytes());
}
