//! How the providers do (W36).

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, changed};

async fn report(app: &TestApp, body: impl Into<Body>) -> Answer {
    let request = Request::post("/internal/health").header("content-type", "application/json");
    app.send(request.body(body.into()).unwrap()).await
}

async fn reported(app: &TestApp, instance: &str, entry: Value) -> Value {
    let body = json!({"instance": instance, "entries": [entry]}).to_string();
    let answer = report(app, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["cooling"].clone()
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis().try_into().unwrap()
}

async fn model(app: &TestApp, key: &str) -> Value {
    let body = app.get("/health").await.json();
    let models = body["models"].as_array().unwrap();
    models.iter().find(|own| own["key"] == key).unwrap().clone()
}

#[tokio::test]
async fn w36_health_lists_every_candidate() {
    let app = TestApp::new().await;
    let body = app.get("/health").await.json();
    let keys: Vec<_> = body["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| &own["key"])
        .collect();
    let expected = [
        "near:gpt-4o-mini",
        "near:meta/llama",
        "openai:both",
        "openai:contractual",
        "openai:gone",
        "openai:gpt-4o-mini",
    ];
    assert_eq!(keys, expected);
    let unknown = json!({"key": "near:meta/llama", "attempts": 0, "success_rate": null,
        "avg_latency_ms": null, "p90_latency_ms": null, "p99_latency_ms": null, "cooldown_until": 0,
        "headroom": 1.0, "daily_used": 0, "daily_limit": null});
    assert_eq!(body["models"][1], unknown);
}

#[tokio::test]
async fn w36_health_tells_what_the_fleet_reports() {
    let app = TestApp::new().await;
    let key = "openai:gpt-4o-mini";
    let answered =
        json!({"key": key, "samples": [[true, 10], [true, 30], [false, 900]], "headroom": 40});
    assert_eq!(reported(&app, "a", answered).await, json!([]));
    let rests =
        json!({"key": key, "samples": [[false, 5]], "cooldown_ms": 60_000, "why": "rate_limited"});
    let cooling = reported(&app, "b", rests).await;
    let remaining_ms = 60_000;
    assert_eq!(
        cooling,
        json!([{"key": key, "remaining_ms": remaining_ms, "why": "rate_limited"}])
    );
    let known = model(&app, key).await;
    let until = known["cooldown_until"].as_u64().unwrap();
    assert!(
        (now_ms() + 50_000..=now_ms() + 60_000).contains(&until),
        "{known}"
    );
    let expected = json!({"key": key, "attempts": 4, "success_rate": 0.5, "avg_latency_ms": 20,
        "p90_latency_ms": 30, "p99_latency_ms": 30, "cooldown_until": until, "headroom": 0.4,
        "daily_used": 0, "daily_limit": null});
    assert_eq!(known, expected);
    let metrics = app.get("/metrics").await.text;
    for line in [
        "sluice_provider_cooling_down{key=\"openai:gpt-4o-mini\"} 1",
        "sluice_provider_cooling_down{key=\"near:gpt-4o-mini\"} 0",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

#[tokio::test]
async fn w36_todays_requests_are_counted_from_the_ledger() {
    let app = TestApp::new().await;
    let today = now_ms();
    let at = |number, started_ms: u64, provider: Value| {
        changed(
            number,
            &json!({"started_ms": started_ms, "provider": provider}),
        )
    };
    app.hand_in(&[
        at(1, today, json!("openai")),
        at(2, today, json!("openai")),
        at(3, today, json!("near")),
        at(4, today, Value::Null),
        at(5, today - 86_400_000, json!("openai")),
    ])
    .await;
    assert_eq!(model(&app, "openai:gpt-4o-mini").await["daily_used"], 2);
    assert_eq!(model(&app, "near:gpt-4o-mini").await["daily_used"], 1);
    // What came since a count is added to it.
    let day = today / 86_400_000 * 86_400_000;
    let store = &app.app.store;
    let whole = store.served(day, day + 86_400_000, None).await.unwrap();
    assert_eq!(whole.last, 5);
    app.hand_in(&[at(6, today, json!("openai")), at(7, today, json!("openai"))])
        .await;
    let later = store
        .served(day, day + 86_400_000, Some(whole.last))
        .await
        .unwrap();
    let expected = [("openai:gpt-4o-mini".to_owned(), 2)];
    assert_eq!((later.requests.as_slice(), later.last), (&expected[..], 7));
}

#[tokio::test]
async fn w36_what_is_no_report_is_refused() {
    let app = TestApp::new().await;
    for (body, code) in [
        ("{", "invalid_json"),
        ("[]", "invalid_batch"),
        ("{}", "invalid_batch"),
        (
            r#"{"instance": "a", "entries": [{"samples": [[1, 2]]}]}"#,
            "invalid_batch",
        ),
        (
            r#"{"instance": "a", "entries": [{"why": "tired"}]}"#,
            "invalid_batch",
        ),
    ] {
        assert_eq!(report(&app, body).await.error(400), code, "{body}");
    }
    let long = json!({"instance": "x".repeat(65)}).to_string();
    assert_eq!(report(&app, long).await.error(400), "invalid_batch");
    let app = TestApp::guarded().await;
    assert_eq!(report(&app, "{}").await.error(401), "invalid_token");
}
