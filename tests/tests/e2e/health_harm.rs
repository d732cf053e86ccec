//! What callers must not make of a provider's health, nor what it must not do to them (W36).

use std::time::Duration;

use serde_json::{Value, json};
use sluice_tests::client::{Caller, plain, streamed};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect::{self, MODEL};

/// Two providers that have the model; the second answers.
async fn two(first: impl Into<Script>, cooldown_ms: u64, settings: fn(&mut Value)) -> Stack {
    let cooldown = json!({"cooldown_ms": cooldown_ms, "max_cooldown_ms": cooldown_ms});
    let stack = Stack::builder()
        .provider("openai", first)
        .provider("azure", Chat::of(&["from azure"]));
    stack.config(settings).health(&cooldown).start().await
}

/// The same, and the first one's cooldown of half a second is over.
async fn half_open() -> Stack {
    let stack = two(Answer::error(500, "no"), 500, |_| ()).await;
    for _ in 0..3 {
        assert_eq!(route(&stack.caller).await, "openai;500,azure;200");
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    stack
}

async fn route(caller: &Caller) -> String {
    let reply = caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    expect::route(&reply.headers)
}

#[tokio::test]
async fn w36_callers_who_do_not_read_cool_nothing_down() {
    let word = "x".repeat(10_000);
    let words = vec![word.as_str(); 4_000];
    let stack = two(Chat::of(&words), 60_000, |document| {
        document["defaults"]["timeouts"]["idle_ms"] = json!(1_000);
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let stream = stack.caller.chat(&streamed(MODEL)).stream().await;
        assert_eq!(stream.status, 200);
        open.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    for stream in open {
        let (_, end) = stream.rest().await;
        assert!(end.is_err(), "its stall is ended: {end:?}");
    }
    stack.provider("openai").script(Chat::default());
    assert_eq!(route(&stack.caller).await, "openai;200");
}

#[tokio::test]
async fn w36_one_request_that_tries_again_cools_nothing_down() {
    let stack = two(Answer::error(500, "no"), 60_000, |_| ()).await;
    let mut body = plain(MODEL);
    body["orq"] = json!({"retry": {"count": 2, "on_codes": [500]}});
    let reply = stack.caller.chat(&body).send().await;
    assert_eq!(
        expect::route(&reply.headers),
        "openai;500,openai;500,openai;500,azure;200"
    );
    stack.provider("openai").script(Chat::default());
    assert_eq!(route(&stack.caller).await, "openai;200");
}

#[tokio::test]
async fn w36_the_shortest_of_callers_limits_cool_nothing_down() {
    let slow = Chat::of(&["slow"]).wait_ms(200);
    let stack = two(slow, 60_000, |_| ()).await;
    for limit in ["1ms", "2ms", "3ms"] {
        for _ in 0..40 {
            let asked = stack.caller.chat(&streamed(MODEL));
            asked.header("x-opengateway-timeout", limit).send().await;
        }
    }
    assert_eq!(route(&stack.caller).await, "openai;200");
}

#[tokio::test]
async fn w36_who_learns_nothing_leaves_the_trial_to_the_next() {
    let stack = half_open().await;
    let openai = stack.provider("openai");
    let before = openai.requests().len();
    // Who is in a hurry passes it by.
    let asked = stack.caller.chat(&plain(MODEL));
    let reply = asked.header("x-opengateway-timeout", "5s").send().await;
    assert_eq!(expect::route(&reply.headers), "azure;200");
    assert_eq!(openai.requests().len(), before);
    // One that is refused gives its claim back, and so does one that leaves.
    openai.script(Answer::error(400, "no such parameter"));
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.status, 400);
    openai.script(Chat::of(&["well again"]).wait_ms(5_000));
    let leaves = stack.caller.chat(&plain(MODEL)).send();
    let left = tokio::time::timeout(Duration::from_millis(500), leaves).await;
    assert!(left.is_err(), "it left");
    tokio::time::sleep(Duration::from_millis(300)).await;
    openai.script(Chat::of(&["well again"]));
    assert_eq!(route(&stack.caller).await, "openai;200");
    assert_eq!(openai.requests().len(), before + 3);
}

#[tokio::test]
async fn w36_a_stream_that_begins_ends_the_trial_for_all() {
    let stack = half_open().await;
    let openai = stack.provider("openai");
    openai.script(Chat::of(&["a"; 40]).gap_ms(200));
    let stream = stack.caller.chat(&streamed(MODEL)).stream().await;
    assert_eq!(stream.status, 200);
    openai.script(Chat::default());
    assert_eq!(route(&stack.caller).await, "openai;200");
    drop(stream);
}
