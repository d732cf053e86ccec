//! `POST /v1/route:explain`: the plan without a call (W38).

use std::time::Duration;

use serde_json::{Value, json};
use sluice_tests::client::{Reply, plain};
use sluice_tests::{Answer, Chat, Stack, until};

use crate::expect::{self, MODEL};

const PATH: &str = "/v1/route:explain";

async fn two() -> Stack {
    Stack::builder()
        .provider("openai", Chat::default())
        .provider("azure", Chat::default())
        .config(|doc| {
            let mini = &mut doc["models"][MODEL];
            mini["tiers"] = json!(["zdr"]);
            mini["max_output_tokens"] = json!(1000);
        })
        .start()
        .await
}

#[track_caller]
fn explanation(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text());
    expect::assert_request_id(reply);
    let told = reply.json();
    assert_eq!(told["object"], "route.explanation");
    assert_eq!(
        Some(told["id"].as_str().unwrap()),
        reply.header("x-gateway-request-id")
    );
    told
}

#[tokio::test]
async fn w38_a_plan_is_told_and_nobody_is_called() {
    let stack = two().await;
    let mut body = plain(MODEL);
    body["max_tokens"] = json!(100);
    body["orq"] = json!({"retry": {"count": 2}, "fallbacks": [{"model": "gpt-4o"}], "timeout": {"call_timeout": 700}});
    let reply = stack
        .caller
        .post(PATH, &body)
        .header("x-opengateway-failover-sequence", r#"["azure","groq"]"#)
        .send()
        .await;
    let told = explanation(&reply);
    let attempts = told["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "{told}");
    let first = &attempts[0];
    assert_eq!(
        (&first["provider"], &first["model"]),
        (&json!("azure"), &json!(MODEL))
    );
    assert_eq!(
        (&first["retries"], &told["retry_on_codes"]),
        (&json!(2), &json!([429]))
    );
    assert_eq!(first["health"]["state"], "ready");
    assert_eq!(
        (&told["tiers"], &first["tiers"]),
        (&json!(["zdr"]), &json!(["zdr"]))
    );
    assert_eq!(told["limits"]["attempt_ms"], 700);
    let estimate = &first["estimate"];
    let prompt = estimate["prompt_tokens"].as_u64().unwrap();
    assert_eq!(estimate["max_completion_tokens"], 100);
    // 0.15 and 0.60 USD a million.
    assert_eq!(estimate["prompt_cost_nano_usd"], prompt * 150);
    assert_eq!(estimate["max_cost_nano_usd"], prompt * 150 + 100 * 600);
    assert_eq!(told.get("error"), None);
    stack.assert_untouched("an explanation");
}

#[tokio::test]
async fn w38_what_is_left_out_has_its_reason() {
    let stack = two().await;
    let mut body = plain(MODEL);
    body["orq"] = json!({"fallbacks": [{"model": "gpt-4o"}]});
    let sequence = |names| {
        stack
            .caller
            .post(PATH, &body)
            .header("x-opengateway-failover-sequence", names)
    };
    let told = |reply: Reply| {
        let told = explanation(&reply);
        let left = told["left_out"].as_array().unwrap().iter().map(|left| {
            let text = |name: &str| left[name].as_str().unwrap().to_owned();
            format!("{}/{} {}", text("provider"), text("model"), text("reason"))
        });
        (left.collect::<Vec<_>>(), told)
    };
    let (left, _) = told(sequence(r#"["openai","groq"]"#).send().await);
    assert_eq!(
        left,
        [
            "groq/gpt-4o-mini does not have the model",
            "azure/gpt-4o-mini is not in x-opengateway-failover-sequence",
            "openai/gpt-4o has a model without the tier `zdr`",
            "azure/gpt-4o has a model without the tier `zdr`",
        ]
    );
    let (left, told) = told(sequence(r#"["groq"]"#).send().await);
    assert_eq!(
        (told["attempts"].as_array().unwrap().len(), left.len()),
        (0, 5)
    );
    assert_eq!(told["error"]["code"], "tier_unavailable");
}

#[tokio::test]
async fn w38_what_would_be_refused_is_refused() {
    let stack = two().await;
    let explain = |body: Value| stack.caller.post(PATH, &body);
    expect::error(
        &explain(plain("gpt-5o")).send().await,
        404,
        "model_not_found",
    );
    let mut body = plain(MODEL);
    body["temperature"] = json!(3);
    expect::error(&explain(body).send().await, 400, "invalid_value");
    let forced = explain(plain(MODEL)).header("x-gateway-force-provider", "nix");
    expect::error(&forced.send().await, 400, "unknown_provider");
    let keyless = stack
        .caller
        .with_key(None)
        .post(PATH, &plain(MODEL))
        .send()
        .await;
    expect::error(&keyless, 401, "missing_api_key");
    let get = stack.caller.get(PATH).await;
    expect::error(&get, 405, "method_not_allowed");
    // A body as long as any is taken, and what only the Orq route takes.
    let mut long = plain(MODEL);
    long["messages"][0]["content"] = json!("x".repeat(2_000_000));
    explanation(&explain(long).send().await);
    let mut body = plain(MODEL);
    body["n"] = json!(2);
    explanation(&explain(body).send().await);
    stack.assert_untouched("refusals");
}

#[tokio::test]
async fn w38_an_explanation_claims_nothing() {
    let stack = Stack::builder()
        .provider("openai", Answer::error(500, "no"))
        .provider("azure", Chat::default())
        .config(|doc| doc["health"] = json!({"failures": 3, "cooldown_ms": 1000}))
        .start()
        .await;
    for _ in 0..3 {
        stack.caller.chat(&plain(MODEL)).send().await;
    }
    let standing = async || {
        let told = explanation(&stack.caller.post(PATH, &plain(MODEL)).send().await);
        let mut attempts = told["attempts"].as_array().unwrap().iter();
        let place = attempts
            .position(|one| one["provider"] == "openai")
            .unwrap();
        let state = &told["attempts"][place]["health"]["state"];
        (place, state.as_str().unwrap().to_owned())
    };
    assert_eq!(standing().await, (1, "cooling_down".to_owned()));
    let due = async || Some(standing().await).filter(|(place, _)| *place == 0);
    let limit = Duration::from_secs(10);
    let (_, state) = until("the cooldown is over", limit, due).await;
    assert_eq!(state, "half_open");
    // Asked again, and still nobody has tried it.
    assert_eq!(standing().await, (0, state));
    assert_eq!(stack.provider("openai").requests().len(), 3);
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(expect::route(&reply.headers), "openai;500,azure;200");
    assert_eq!(standing().await, (1, "cooling_down".to_owned()));
}
