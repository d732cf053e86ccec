//! Money: one priced record a request, whatever becomes of it (W50 to W53).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::json;
use sluice_core::spend::{EndReason, Outcome, UsageSource};
use sluice_tests::client::{plain, streamed};
use sluice_tests::stack::KEY_ID;
use sluice_tests::{Answer, Chat, Cut, Script, Stack};

use crate::expect::{self, MODEL};

/// What 1,000 and 200 tokens of the model cost: 0.15 and 0.60 USD a million.
const COST: u64 = 1000 * 150 + 200 * 600;

fn thousand() -> Chat {
    Chat::of(&["Hel", "lo"]).used(1000, 200)
}

async fn stack(script: impl Into<Script>) -> Stack {
    Stack::builder()
        .provider("openai", script)
        .sidecar()
        .start()
        .await
}

#[tokio::test]
async fn w50_w55_a_priced_record_is_there_a_second_later() {
    let stack = stack(thousand().model("gpt-4o-mini-2024-07-18")).await;
    let mut delays = Vec::new();
    for mut body in [plain(MODEL), streamed(MODEL), plain(MODEL), streamed(MODEL)] {
        body["ollm::tags"] = json!({"team": "blue"});
        body["project_id"] = json!("p-1");
        let call = stack.caller.chat(&body).header("user-agent", "tests/1");
        let reply = call.header("x-request-id", "mine").send().await;
        let answered = Instant::now();
        let id = expect::assert_request_id(&reply);
        let entry = stack.sidecar.wait_for_record(&id).await;
        delays.push(answered.elapsed());
        assert_eq!(entry.cost_nano_usd, Some(COST));
        assert_eq!(entry.price_version.as_deref(), Some("2026-11-20"));
        let record = entry.record;
        assert_eq!(record.key_id.as_deref(), Some(KEY_ID));
        assert_eq!(record.request_id.as_deref(), Some("mine"));
        assert_eq!(
            (record.selector.as_str(), record.model.as_str()),
            (MODEL, MODEL)
        );
        assert_eq!(record.provider.as_deref(), Some("openai"));
        assert_eq!(record.request_model.as_deref(), Some(MODEL));
        assert_eq!(
            record.response_model.as_deref(),
            Some("gpt-4o-mini-2024-07-18")
        );
        assert_eq!(record.tags["team"], "blue");
        assert_eq!(record.project.as_deref(), Some("p-1"));
        assert_eq!((record.status, record.end), (200, EndReason::Complete));
        let usage = record.usage;
        assert_eq!(
            (usage.prompt_tokens, usage.completion_tokens),
            (Some(1000), Some(200))
        );
        assert_eq!(record.usage_source, Some(UsageSource::Provider));
        assert_eq!(record.stream, body["stream"] == true);
        assert!(
            record
                .first_token_ms
                .is_some_and(|first| first <= record.duration_ms)
        );
        assert_eq!(record.user_agent.as_deref(), Some("tests/1"));
        assert_eq!(record.attempts.len(), 1);
        assert_eq!(record.attempts[0].outcome, Outcome::Answered);
        assert!(
            record.started_ms > 1_700_000_000_000,
            "{}",
            record.started_ms
        );
    }
    delays.sort();
    assert!(delays[1] < Duration::from_secs(1), "{delays:?}");
    assert_eq!(stack.sidecar.count().await, 4);
}

#[tokio::test]
async fn w50_each_attempt_is_a_line_of_the_record() {
    let stack = Stack::builder()
        .provider("openai", Answer::error(429, "no"))
        .provider("azure", thousand())
        .sidecar()
        .start()
        .await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    let entry = stack
        .sidecar
        .wait_for_record(&expect::assert_request_id(&reply))
        .await;
    let attempts: Vec<_> = entry.record.attempts.iter().collect();
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        (attempts[0].provider.as_str(), attempts[0].status),
        ("openai", Some(429))
    );
    assert_eq!(attempts[0].outcome, Outcome::Status);
    assert_eq!(
        (attempts[1].provider.as_str(), attempts[1].status),
        ("azure", Some(200))
    );
    assert_eq!(entry.cost_nano_usd, Some(COST));
    // When none answered, nothing was used.
    stack.provider("azure").script(Answer::none(Cut::Reset));
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    let entry = stack
        .sidecar
        .wait_for_record(&expect::assert_request_id(&reply))
        .await;
    assert_eq!(entry.record.end, EndReason::Failed);
    assert_eq!(entry.record.status, reply.status);
    assert_eq!(entry.record.attempts[1].outcome, Outcome::Failed);
    assert_eq!(entry.cost_nano_usd, Some(0));
    // When a provider refused, that is told.
    stack.provider("openai").script(Answer::error(400, "no"));
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    let entry = stack
        .sidecar
        .wait_for_record(&expect::assert_request_id(&reply))
        .await;
    assert_eq!(
        (entry.record.end, entry.record.status),
        (EndReason::Refused, 400)
    );
    assert_eq!(entry.record.attempts[0].outcome, Outcome::Refused);
}

#[tokio::test]
async fn w51_with_no_tags_the_user_agent_is_the_tag() {
    let stack = stack(Script::default()).await;
    let call = stack
        .caller
        .chat(&plain(MODEL))
        .header("user-agent", "OpenAI/Python 3");
    let id = expect::assert_request_id(&call.send().await);
    let entry = stack.sidecar.wait_for_record(&id).await;
    let tags: Vec<_> = entry.record.tags.values().collect();
    assert_eq!(tags, ["OpenAI/Python 3"]);
}

#[tokio::test]
async fn w53_a_caller_that_hangs_up_is_billed_for_what_was_made() {
    let chat = Chat::of(&["one ", "two ", "three "]);
    let stack = stack(chat.stream(MODEL, true).stall_after(4)).await;
    let mut stream = stack.caller.chat(&streamed(MODEL)).stream().await;
    let id = stream.headers["x-gateway-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    stream.read_until("three ").await;
    drop(stream);
    let entry = stack.sidecar.wait_for_record(&id).await;
    let record = entry.record;
    assert_eq!(record.end, EndReason::CallerGone);
    assert_eq!(record.usage_source, Some(UsageSource::Estimated));
    assert!(
        record.usage.completion_tokens.is_some_and(|n| n > 0),
        "{:?}",
        record.usage
    );
    assert!(
        record.usage.prompt_tokens.is_some_and(|n| n > 0),
        "{:?}",
        record.usage
    );
    assert!(
        entry.cost_nano_usd.is_some_and(|cost| cost > 0),
        "{:?}",
        entry.cost_nano_usd
    );
    assert_eq!(record.attempts[0].outcome, Outcome::CallerGone);
}

#[tokio::test]
async fn w53_a_caller_that_hangs_up_before_any_answer_has_a_record() {
    let stack = stack(Chat::default().wait_ms(60_000)).await;
    for (here, body) in [plain(MODEL), streamed(MODEL)].iter().enumerate() {
        tokio::select! {
            reply = stack.caller.chat(body).send() => panic!("an answer: {}", reply.status),
            () = stack.provider("openai").wait_for_requests(here + 1) => {}
        }
    }
    let entries = stack
        .sidecar
        .wait_for_records(2, Duration::from_secs(5))
        .await;
    for entry in entries {
        assert_eq!(
            (entry.record.end, entry.record.status),
            (EndReason::CallerGone, 0)
        );
    }
}

#[tokio::test]
async fn w35_w53_a_stream_that_was_cut_is_told_truly_and_billed() {
    let chat = Chat::of(&["one ", "two ", "three "]);
    let stack = stack(Script::default()).await;
    for answer in [
        chat.stream(MODEL, true).end_after(3),
        chat.stream(MODEL, true).cut_after(3, Cut::Reset),
    ] {
        stack.provider("openai").script(answer);
        let stream = stack.caller.chat(&streamed(MODEL)).stream().await;
        let id = stream.headers["x-gateway-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let _end = stream.rest().await;
        let entry = stack.sidecar.wait_for_record(&id).await;
        assert_eq!(entry.record.end, EndReason::Truncated);
        assert_eq!(entry.record.attempts[0].outcome, Outcome::Truncated);
        assert_eq!(entry.record.usage_source, Some(UsageSource::Estimated));
        assert!(
            entry.cost_nano_usd.is_some_and(|cost| cost > 0),
            "{entry:?}"
        );
    }
}

#[tokio::test]
async fn w50_what_is_not_known_is_not_zero() {
    let stack = Stack::builder()
        .provider("openai", thousand())
        .config(|doc| {
            let candidate = doc["models"][MODEL]["providers"][0]
                .as_object_mut()
                .unwrap();
            candidate.remove("price");
        })
        .sidecar()
        .start()
        .await;
    let id = expect::assert_request_id(&stack.caller.chat(&plain(MODEL)).send().await);
    assert_eq!(stack.sidecar.wait_for_record(&id).await.cost_nano_usd, None);
}

#[tokio::test]
async fn w52_a_dry_run_leaves_no_record() {
    let stack = stack(thousand()).await;
    let mut dry = plain(MODEL);
    dry["ollm::dryrun"] = json!(true);
    assert_eq!(stack.caller.chat(&dry).send().await.status, 200);
    dry["stream"] = json!(true);
    assert_eq!(stack.caller.chat(&dry).send().await.status, 200);
    assert_eq!(
        stack.provider("openai").requests().len(),
        2,
        "the provider is called"
    );
    // Records are delivered in order: once these are there, an earlier one would be.
    for _ in 0..3 {
        let id = expect::assert_request_id(&stack.caller.chat(&plain(MODEL)).send().await);
        stack.sidecar.wait_for_record(&id).await;
    }
    assert_eq!(stack.sidecar.count().await, 3);
}

#[tokio::test]
async fn w53_a_hundred_requests_with_one_request_id_are_a_hundred_records() {
    let stack = stack(thousand()).await;
    let body = plain(MODEL);
    let calls = (0..100).map(|_| {
        stack
            .caller
            .chat(&body)
            .header("x-request-id", "same")
            .send()
    });
    let replies: Vec<_> = stream::iter(calls).buffer_unordered(20).collect().await;
    let sent: BTreeSet<_> = replies.iter().map(expect::assert_request_id).collect();
    assert_eq!(sent.len(), 100);
    let entries = stack
        .sidecar
        .wait_for_records(100, Duration::from_secs(5))
        .await;
    let stored: BTreeSet<_> = entries
        .iter()
        .map(|entry| entry.record.id.clone())
        .collect();
    assert_eq!(stored, sent);
    assert!(
        entries
            .iter()
            .all(|entry| entry.record.request_id.as_deref() == Some("same"))
    );
}

#[tokio::test]
async fn the_ledger_is_filtered_and_paged() {
    let stack = Stack::builder()
        .provider("openai", thousand())
        .provider("azure", thousand())
        .sidecar()
        .start()
        .await;
    for i in 0..10 {
        let model = if i % 2 == 0 { MODEL } else { "gpt-4o" };
        let mut body = plain(model);
        body["ollm::tags"] = json!({"team": if i < 3 { "red" } else { "blue" }});
        let provider = if i == 9 {
            r#"["azure"]"#
        } else {
            r#"["openai"]"#
        };
        let call = stack
            .caller
            .chat(&body)
            .header("x-opengateway-failover-sequence", provider);
        assert_eq!(call.send().await.status, 200);
    }
    stack
        .sidecar
        .wait_for_records(10, Duration::from_secs(5))
        .await;
    for (query, count) in [
        ("", 10),
        ("model=gpt-4o", 5),
        ("provider=azure", 1),
        ("tag=team:red", 3),
        ("tag=team:red&model=gpt-4o-mini", 2),
        ("key=caller", 10),
        ("key=nobody", 0),
        ("from=2020-01-01T00:00:00Z", 10),
        ("to=2020-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(stack.sidecar.spend(query).await.len(), count, "{query}");
    }
    // Page by page they are the same, none twice.
    let page = stack.sidecar.page("limit=3").await;
    assert_eq!((page.data.len(), page.has_more), (3, true));
    let paged = stack.sidecar.spend("limit=3").await;
    let ids: BTreeSet<_> = paged.iter().map(|entry| entry.record.id.clone()).collect();
    assert_eq!((paged.len(), ids.len()), (10, 10));
}

#[tokio::test]
async fn w50_usage_is_the_providers_where_it_says_it_and_estimated_where_not() {
    let details = json!({"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
        "prompt_tokens_details": {"cached_tokens": 400},
        "completion_tokens_details": {"reasoning_tokens": 150}});
    let mut detailed = thousand();
    detailed.usage = Some(details);
    let silent = thousand().without_usage();
    let stack = stack(Script::default()).await;
    for body in [plain(MODEL), streamed(MODEL)] {
        stack.provider("openai").script(detailed.clone());
        let id = expect::assert_request_id(&stack.caller.chat(&body).send().await);
        let entry = stack.sidecar.wait_for_record(&id).await;
        assert_eq!(entry.record.usage.cached_tokens, Some(400));
        assert_eq!(entry.record.usage.reasoning_tokens, Some(150));
        assert_eq!(entry.cost_nano_usd, Some(600 * 150 + 400 * 75 + 200 * 600));
        stack.provider("openai").script(silent.clone());
        let id = expect::assert_request_id(&stack.caller.chat(&body).send().await);
        let entry = stack.sidecar.wait_for_record(&id).await;
        assert_eq!(entry.record.end, EndReason::Complete);
        assert_eq!(entry.record.usage_source, Some(UsageSource::Estimated));
        assert!(
            entry.record.usage.completion_tokens.is_some_and(|n| n > 0),
            "{entry:?}"
        );
    }
}

#[tokio::test]
async fn w35_an_error_in_the_middle_of_a_stream_is_no_success() {
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n";
    let answer = thousand().stream(MODEL, true).end_after(2).insert(2, error);
    let stack = stack(answer).await;
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    let events = reply.events();
    let last: serde_json::Value = serde_json::from_str(events.last().unwrap()).unwrap();
    assert!(
        last["error"]["message"].is_string(),
        "the caller is told: {events:?}"
    );
    let entry = stack
        .sidecar
        .wait_for_record(&expect::assert_request_id(&reply))
        .await;
    assert_ne!(entry.record.end, EndReason::Complete);
    assert_ne!(entry.record.attempts[0].outcome, Outcome::Answered);
}
