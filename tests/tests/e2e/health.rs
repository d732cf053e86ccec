//! Providers that fail cool down, and everybody knows (W36).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde_json::{Value, json};
use sluice_tests::client::{Caller, plain, streamed};
use sluice_tests::{Answer, Chat, Cut, Script, Stack, until};

use crate::expect::{self, MODEL};

const OPENAI: &str = "openai:gpt-4o-mini";
const AZURE: &str = "azure:gpt-4o-mini";
const LIMIT: Duration = Duration::from_secs(10);

/// Two providers that have the model; the second answers.
async fn two(first: impl Into<Script>, settings: Value, sidecar: bool) -> Stack {
    let stack = Stack::builder()
        .provider("openai", first)
        .provider("azure", Chat::of(&["from azure"]))
        .health(&settings);
    if sidecar { stack.sidecar() } else { stack }.start().await
}

async fn route(caller: &Caller) -> String {
    let reply = caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    expect::route(&reply.headers)
}

/// A model of `/health`, as soon as it is as it must be.
async fn model(caller: &Caller, key: &str, is: impl Fn(&Value) -> bool) -> Value {
    let find = async || {
        let body = caller.get("/health").await.json();
        let models = body["models"].as_array()?.iter();
        let model = models.clone().find(|own| own["key"] == key)?;
        is(model).then(|| model.clone())
    };
    until(&format!("{key} in /health"), LIMIT, find).await
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis().try_into().unwrap()
}

#[tokio::test]
async fn w36_health_tells_of_failures_and_of_the_rest() {
    let stack = two(
        Answer::error(500, "no"),
        json!({"cooldown_ms": 60_000, "max_cooldown_ms": 60_000}),
        true,
    )
    .await;
    for _ in 0..3 {
        assert_eq!(route(&stack.caller).await, "openai;500,azure;200");
    }
    for _ in 0..5 {
        assert_eq!(route(&stack.caller).await, "azure;200", "it cools down");
    }
    let nobody = stack.caller.with_key(None);
    let cooling = model(&nobody, OPENAI, |own| own["attempts"] == 3).await;
    assert_eq!(cooling["success_rate"], 0.0);
    let until = cooling["cooldown_until"].as_u64().unwrap();
    assert!(
        (now_ms() + 40_000..=now_ms() + 60_000).contains(&until),
        "{cooling}"
    );
    assert_eq!(
        (&cooling["avg_latency_ms"], &cooling["daily_used"]),
        (&Value::Null, &json!(0))
    );
    let ready = model(&nobody, AZURE, |own| {
        own["attempts"] == 8 && own["daily_used"] == 8
    })
    .await;
    assert_eq!(
        (&ready["success_rate"], &ready["cooldown_until"]),
        (&json!(1.0), &json!(0))
    );
    assert!(ready["p99_latency_ms"].as_u64() >= ready["avg_latency_ms"].as_u64());
    assert!(
        stack
            .envoy
            .log()
            .contains("openai:gpt-4o-mini cools down for 60000 ms")
    );
}

#[tokio::test]
async fn w36_all_workers_agree_and_one_request_tries_it_after_the_rest() {
    let slow = Chat::of(&["from openai"]).plain(MODEL).wait_ms(1_000);
    let no = || Answer::error(500, "no");
    let script = Script::always(slow)
        .then(no())
        .then(no())
        .then(no())
        .then(no());
    let stack = two(script, json!({"cooldown_ms": 2_500}), false).await;
    for _ in 0..3 {
        assert_eq!(route(&stack.caller).await, "openai;500,azure;200");
    }
    let began = Instant::now();
    let crowd = async || join_all((0..24).map(|_| route(&stack.caller))).await;
    let routes = crowd().await;
    assert!(
        routes.iter().all(|route| route == "azure;200"),
        "{routes:?}"
    );
    // The first probe fails: the next cooldown is twice as long.
    tokio::time::sleep(Duration::from_millis(2_600).saturating_sub(began.elapsed())).await;
    assert_eq!(route(&stack.caller).await, "openai;500,azure;200");
    let failed = began.elapsed();
    tokio::time::sleep(Duration::from_millis(2_700)).await;
    assert_eq!(route(&stack.caller).await, "azure;200");
    tokio::time::sleep((failed + Duration::from_millis(5_100)).saturating_sub(began.elapsed()))
        .await;
    // One of a crowd tries it, while the others go elsewhere; then it is ready for all.
    let mut routes = crowd().await;
    routes.sort();
    assert_eq!(routes.pop().as_deref(), Some("openai;200"));
    assert!(
        routes.iter().all(|route| route == "azure;200"),
        "{routes:?}"
    );
    assert_eq!(route(&stack.caller).await, "openai;200");
}

#[tokio::test]
async fn w36_what_a_provider_asks_for_holds_at_once() {
    let cases = [
        (
            "retry-after",
            Answer::error(429, "slow down").header("retry-after", "60"),
        ),
        (
            "retry-after-ms",
            Answer::error(503, "later").header("retry-after-ms", "60000"),
        ),
        (
            "x-ratelimit",
            Chat::default()
                .plain(MODEL)
                .header("x-ratelimit-remaining-requests", "0")
                .header("x-ratelimit-reset-requests", "1m0s"),
        ),
    ];
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |name, answer| {
        let stack = two(
            Script::always(Chat::default()).then(answer),
            json!({}),
            false,
        )
        .await;
        route(&stack.caller).await;
        for _ in 0..3 {
            assert_eq!(route(&stack.caller).await, "azure;200", "{name}");
        }
        assert_eq!(stack.provider("openai").requests().len(), 1, "{name}");
    })
    .await;
}

#[tokio::test]
async fn w36_a_cut_stream_speaks_against_its_provider() {
    let cut = Chat::of(&["a", "b", "c"])
        .stream(MODEL, false)
        .cut_after(3, Cut::Reset);
    let stack = two(
        cut,
        json!({"cooldown_ms": 60_000, "max_cooldown_ms": 60_000}),
        false,
    )
    .await;
    for _ in 0..3 {
        let reply = stack.caller.chat(&streamed(MODEL)).try_send().await;
        assert!(reply.is_err(), "it is cut");
    }
    assert_eq!(route(&stack.caller).await, "azure;200");
}

#[tokio::test]
async fn w36_the_fleet_shares_a_rate_limit() {
    let limited = Answer::error(429, "slow down").header("retry-after", "60");
    let script = Script::always(Chat::default()).then(limited);
    let stack = two(script, json!({}), true).await;
    let twin = stack.twin().await;
    assert_eq!(route(&twin.caller).await.split(';').next(), Some("openai"));
    // Whoever was limited, the other Envoy learns of it.
    let learned = async || {
        let routes = [route(&stack.caller).await, route(&twin.caller).await];
        routes
            .iter()
            .all(|route| route == "azure;200")
            .then_some(())
    };
    until("both Envoys let it cool down", LIMIT, learned).await;
    let known = model(&twin.caller, OPENAI, |own| own["cooldown_until"] != 0).await;
    assert!(
        known["cooldown_until"].as_u64() > Some(now_ms() + 30_000),
        "{known}"
    );
    // And so does one that comes later.
    let late = stack.twin().await;
    let learned = async || (route(&late.caller).await == "azure;200").then_some(());
    until("a new Envoy lets it rest", LIMIT, learned).await;
}

#[tokio::test]
async fn w36_a_failure_at_one_of_two_envoys_is_its_own() {
    let stack = two(
        Chat::default(),
        json!({"cooldown_ms": 60_000, "max_cooldown_ms": 60_000}),
        true,
    )
    .await;
    let twin = stack.twin().await;
    let openai = stack.provider("openai");
    // Only who has tried it of late has a say.
    assert_eq!(route(&twin.caller).await, "openai;200");
    model(&stack.caller, OPENAI, |own| own["attempts"] == 1).await;
    openai.script(Answer::error(500, "no"));
    for _ in 0..3 {
        assert_eq!(route(&stack.caller).await, "openai;500,azure;200");
    }
    openai.script(Chat::default());
    // It answers the twin, which goes on with it.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        assert_eq!(route(&twin.caller).await, "openai;200");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(route(&stack.caller).await, "azure;200");
    // A third that has not tried it follows neither: one of two is no majority.
    let known = model(&stack.caller, OPENAI, |own| {
        own["attempts"].as_u64() > Some(10)
    })
    .await;
    assert_eq!(known["cooldown_until"], 0, "{known}");
}
