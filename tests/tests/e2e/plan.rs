//! What the planner makes of headers and `orq`, carried out by Envoy.

use std::time::Instant;

use serde_json::{Value, json};
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect::{self, MODEL};

const SEQUENCE: &str = "x-opengateway-failover-sequence";

/// OpenAI and Azure have the model, Groq has `llama`; OpenAI does as told, the others answer.
async fn three(first: impl Into<Script>) -> Stack {
    Stack::builder()
        .steady()
        .provider("openai", first)
        .provider("azure", Chat::of(&["from azure"]))
        .provider("groq", Chat::of(&["from groq"]))
        .config(|doc| {
            doc["models"]["llama"] =
                json!({"providers": [{"provider": "groq", "model": "llama-70b"}]});
            doc["models"]["private"] =
                json!({"providers": [{"provider": "openai"}], "tiers": ["zdr"]});
        })
        .start()
        .await
}

fn with(mut body: Value, orq: &Value) -> Value {
    body["orq"] = orq.clone();
    body
}

#[track_caller]
fn assert_route(reply: &Reply, route: &str) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(expect::route(&reply.headers), route);
}

#[tokio::test]
async fn w30_fallbacks_are_tried_with_their_own_model() {
    let stack = three(Answer::error(500, "no")).await;
    stack.provider("azure").script(Answer::error(503, "no"));
    let orq = json!({"fallbacks": [{"model": "llama"}]});
    for body in [plain(MODEL), streamed(MODEL)] {
        let reply = stack.caller.chat(&with(body, &orq)).send().await;
        assert_route(&reply, "openai;500,azure;503,groq;200");
        assert_eq!(reply.header("x-gateway-model"), Some("llama-70b"));
        assert!(reply.text().contains("from groq"));
    }
    for seen in stack.provider("groq").requests() {
        assert_eq!(seen.json()["model"], "llama-70b");
        assert!(seen.json().get("orq").is_none(), "{}", seen.text());
    }
    let unknown = with(plain(MODEL), &json!({"fallbacks": [{"model": "lama"}]}));
    let reply = stack.caller.chat(&unknown).send().await;
    let error = expect::error(&reply, 404, "model_not_found");
    assert_eq!(error["param"], "orq.fallbacks[0].model");
}

#[tokio::test]
async fn w30_different_models_of_one_provider_are_one_chain() {
    let script = Script::always(Chat::default()).then(Answer::error(500, "no"));
    let stack = Stack::builder().provider("openai", script).start().await;
    let orq = json!({"fallbacks": [{"model": "openai/gpt-4o"}]});
    let body = with(plain("openai/gpt-4o-mini"), &orq);
    let reply = stack.caller.chat(&body).send().await;
    assert_route(&reply, "openai;500,openai;200");
    let seen = stack.provider("openai").requests();
    let models: Vec<_> = seen
        .iter()
        .map(|seen| seen.json()["model"].clone())
        .collect();
    assert_eq!(models, ["gpt-4o-mini", "gpt-4o"]);
}

#[tokio::test]
async fn w30_the_load_balancer_goes_before_the_model() {
    let stack = three(Chat::of(&["from openai"])).await;
    let new = json!({"load_balancer": {"type": "weight_based", "models": [{"model": "llama"}]}});
    let old = json!({"load_balancer": [{"model": "llama", "weight": 0.7}]});
    for orq in [new, old] {
        let reply = stack.caller.chat(&with(plain(MODEL), &orq)).send().await;
        assert_route(&reply, "groq;200");
    }
    let half = |model: &str| json!({"model": model, "weight": 0.5});
    let both = [half("llama"), half("azure/gpt-4o-mini")];
    let body = with(plain(MODEL), &json!({ "load_balancer": both }));
    let mut groq = 0;
    for _ in 0..60 {
        let reply = stack.caller.chat(&body).send().await;
        groq += usize::from(expect::route(&reply.headers) == "groq;200");
    }
    // Beyond these bounds once in 10^9 runs.
    assert!((7..=53).contains(&groq), "{groq} of 60");
}

#[tokio::test]
async fn w30_force_headers_decide() {
    let stack = three(Answer::error(500, "no")).await;
    let call = |body: Value| {
        stack
            .caller
            .chat(&body)
            .header("x-gateway-force-provider", "azure")
    };
    let orq = json!({"fallbacks": [{"model": "llama"}]});
    assert_route(&call(with(plain(MODEL), &orq)).send().await, "azure;200");
    let sequence = call(plain(MODEL)).header(SEQUENCE, r#"["openai"]"#);
    assert_route(&sequence.send().await, "azure;200");
    let model = stack
        .caller
        .chat(&plain("openai/gpt-4o"))
        .header("x-gateway-force-model", "llama");
    let reply = model.send().await;
    assert_route(&reply, "groq;200");
    assert_eq!(reply.header("x-gateway-model"), Some("llama-70b"));
    for (name, value, status, code) in [
        ("x-gateway-force-provider", "nix", 400, "unknown_provider"),
        ("x-gateway-force-model", "nix", 404, "model_not_found"),
        (
            "x-gateway-force-provider",
            "groq",
            503,
            "no_provider_available",
        ),
    ] {
        let reply = stack
            .caller
            .chat(&plain(MODEL))
            .header(name, value)
            .send()
            .await;
        expect::error(&reply, status, code);
    }
    let twice = stack.caller.chat(&plain(MODEL));
    let twice = twice
        .header("x-gateway-force-provider", "azure")
        .header("x-gateway-force-provider", "openai");
    expect::error(&twice.send().await, 400, "duplicate_header");
}

#[tokio::test]
async fn w31_retry_tries_the_same_provider_again() {
    let limited = || Answer::error(429, "slow down");
    let stack = three(Script::always(Chat::of(&["at last"])).then(limited())).await;
    let orq = json!({"retry": {"count": 2}});
    let start = Instant::now();
    let reply = stack.caller.chat(&with(streamed(MODEL), &orq)).send().await;
    assert_route(&reply, "openai;429,openai;200");
    assert!(start.elapsed().as_millis() >= 1000, "it waited");
    // Another status, or a code that is not asked for, leads to the next provider at once.
    for (orq, answer, route) in [
        (
            json!({"retry": {"count": 2}}),
            Answer::error(500, "no"),
            "openai;500,azure;200",
        ),
        (
            json!({"retry": {"count": 2, "on_codes": [500]}}),
            limited(),
            "openai;429,azure;200",
        ),
        // Longer than is waited for.
        (
            json!({"retry": {}}),
            limited().header("retry-after", "60"),
            "openai;429,azure;200",
        ),
    ] {
        stack.provider("openai").script(answer);
        let reply = stack.caller.chat(&with(plain(MODEL), &orq)).send().await;
        assert_route(&reply, route);
    }
    stack.provider("openai").script(limited());
    let orq = json!({"retry": {"count": 1}});
    let reply = stack.caller.chat(&with(plain(MODEL), &orq)).send().await;
    assert_route(&reply, "openai;429,openai;429,azure;200");
}

#[tokio::test]
async fn w31_tries_that_are_left_over_lead_nowhere() {
    let stack = three(Answer::error(500, "no")).await;
    let orq = json!({"retry": {"count": 5}});
    let reply = stack
        .caller
        .chat(&with(plain("openai/gpt-4o"), &orq))
        .send()
        .await;
    expect::error(&reply, 502, "all_attempts_failed");
    assert_eq!(expect::route(&reply.headers), "openai;500");
    assert_eq!(reply.header("x-gateway-attempts"), Some("1"));
    assert_eq!(stack.provider("openai").requests().len(), 1);
    let refusing = Stack::builder().refusing("openai").start().await;
    let reply = refusing
        .caller
        .chat(&with(plain("openai/gpt-4o"), &orq))
        .send()
        .await;
    expect::error(&reply, 502, "all_attempts_failed");
    assert_eq!(expect::route(&reply.headers), "openai;failed");
}

#[tokio::test]
async fn w24_a_weaker_fallback_is_not_tried() {
    let stack = three(Answer::error(500, "no")).await;
    let orq = json!({"fallbacks": [{"model": "llama"}]});
    let reply = stack
        .caller
        .chat(&with(plain("private"), &orq))
        .send()
        .await;
    expect::error(&reply, 502, "all_attempts_failed");
    assert_eq!(expect::route(&reply.headers), "openai;500");
    let orq = json!({"load_balancer": [{"model": "llama", "weight": 1}]});
    let reply = stack
        .caller
        .chat(&with(plain("private"), &orq))
        .send()
        .await;
    expect::error(&reply, 503, "tier_unavailable");
    assert!(stack.provider("groq").requests().is_empty());
}
