//! Time limits: up to the first token, between tokens, of the whole; whose they are, and what the
//! record says of them (W32).

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sluice_core::spend::{EndReason, Outcome, Record, UsageSource};
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::provider::{Piece, Protocol};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect::{self, MODEL};

const HEADER: &str = "x-opengateway-timeout";

/// Never a word.
fn silent() -> Chat {
    Chat::default().wait_ms(60_000)
}

/// `openai` does this, `azure` that, under these limits; the sidecar runs.
async fn stack(openai: impl Into<Script>, azure: impl Into<Script>, limits: Value) -> Stack {
    Stack::builder()
        .steady()
        .provider("openai", openai)
        .provider("azure", azure)
        .config(|doc| doc["defaults"]["timeouts"] = limits)
        .sidecar()
        .start()
        .await
}

async fn record_of(stack: &Stack, headers: &hyper::HeaderMap) -> Record {
    let id = headers["x-gateway-request-id"].to_str().unwrap();
    stack.sidecar.wait_for_record(id).await.record
}

fn outcomes(record: &Record) -> Vec<Outcome> {
    record.attempts.iter().map(|own| own.outcome).collect()
}

/// Reads a stream that must be reset, with nothing of an end in it; gives what came.
async fn reset(stack: &Stack, body: &Value) -> Reply {
    let stream = stack.caller.chat(body).stream().await;
    assert_eq!(stream.status, 200);
    let (reply, end) = stream.rest().await;
    assert!(end.is_err(), "a clean end: {}", reply.text());
    assert!(!reply.text().contains("[DONE]"), "{}", reply.text());
    assert!(!reply.text().contains("\"error\""), "{}", reply.text());
    reply
}

#[track_caller]
fn assert_between(took: Duration, from: u64, to: u64) {
    let range = Duration::from_millis(from)..Duration::from_millis(to);
    assert!(range.contains(&took), "{took:?}, not {range:?}");
}

#[tokio::test]
async fn w32_each_attempt_has_the_whole_limit_and_the_record_tells_which() {
    let limits = json!({"first_token_ms": 600, "answer_ms": 700});
    let stack = stack(silent(), silent(), limits).await;
    for (body, end, least) in [
        (streamed(MODEL), EndReason::FirstTokenTimeout, 540),
        (plain(MODEL), EndReason::AnswerTimeout, 630),
    ] {
        let reply = stack.caller.chat(&body).send().await;
        expect::error(&reply, 504, "all_attempts_failed");
        assert_eq!(
            expect::route(&reply.headers),
            "openai;timeout,azure;timeout"
        );
        let record = record_of(&stack, &reply.headers).await;
        assert_eq!((record.end, record.status), (end, 504));
        assert_eq!(outcomes(&record), [Outcome::Timeout; 2]);
        for attempt in &record.attempts {
            assert!(
                (least..least + 700).contains(&attempt.duration_ms),
                "{attempt:?}"
            );
        }
    }
    // The second attempt's limit begins with it.
    stack
        .provider("azure")
        .script(Chat::of(&["late"]).wait_ms(400));
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_eq!(reply.streamed(), "late");
    assert_between(reply.took, 950, 3000);
    assert_eq!(
        record_of(&stack, &reply.headers).await.end,
        EndReason::Complete
    );
}

#[tokio::test]
async fn w32_the_callers_limit_holds_and_the_smaller_of_two() {
    let limits = json!({"first_token_ms": 20_000, "answer_ms": 20_000});
    let stack = stack(silent(), Chat::of(&["from azure"]), limits).await;
    for (header, orq) in [
        (Some("400ms"), None),
        (Some("0.4s"), None),
        (Some("400"), None),
        (None, Some(400)),
        (Some("20s"), Some(400)),
        (Some("400ms"), Some(20_000)),
    ] {
        for mut body in [streamed(MODEL), plain(MODEL)] {
            if let Some(orq) = orq {
                body["orq"] = json!({"timeout": {"call_timeout": orq}});
            }
            let mut call = stack.caller.chat(&body);
            if let Some(header) = header {
                call = call.header(HEADER, header);
            }
            let reply = call.send().await;
            let route = expect::route(&reply.headers);
            assert_eq!(route, "openai;timeout,azure;200", "{header:?} {orq:?}");
            assert_between(reply.took, 390, 3000);
            let sent = stack.provider("azure").request();
            assert!(sent.json().get("orq").is_none() && sent.header(HEADER).is_none());
            stack.provider("azure").forget();
        }
    }
}

#[tokio::test]
async fn w32_the_caller_may_wait_longer_but_not_past_the_deadline() {
    let limits = json!({"first_token_ms": 300, "total_ms": 1500});
    let stack = stack(Chat::of(&["slow"]).wait_ms(800), silent(), limits).await;
    let call = || {
        stack
            .caller
            .chat(&streamed(MODEL))
            .header(HEADER, "1h")
            .send()
    };
    assert_eq!(call().await.streamed(), "slow");
    stack.provider("openai").script(silent());
    let reply = call().await;
    let error = expect::error(&reply, 504, "deadline_exceeded");
    assert_eq!(
        error["attempts"][0]["outcome"], "deadline_exceeded",
        "{error}"
    );
    assert_between(reply.took, 1400, 4000);
    assert_eq!(expect::route(&reply.headers), "openai;deadline_exceeded");
    let record = record_of(&stack, &reply.headers).await;
    assert_eq!(
        (record.end, record.status),
        (EndReason::DeadlineExceeded, 504)
    );
    assert_eq!((record.provider, record.usage_source), (None, None));
    assert!(
        stack.provider("azure").requests().is_empty(),
        "no try past it"
    );
}

#[tokio::test]
async fn w32_a_limit_that_is_none_is_refused_before_any_attempt() {
    let stack = stack(Chat::default(), Chat::default(), json!({})).await;
    let bad = [
        "0",
        "0s",
        "-1s",
        "soon",
        "1s2",
        "",
        "1.5",
        "99999999999999999999",
        "1s, 2s",
    ];
    for value in bad {
        let reply = stack
            .caller
            .chat(&plain(MODEL))
            .header(HEADER, value)
            .send()
            .await;
        let error = expect::error(&reply, 400, "invalid_timeout");
        assert_eq!(error["param"], HEADER, "{value:?}");
    }
    let call = stack.caller.chat(&plain(MODEL)).header(HEADER, "1s");
    expect::error(
        &call.header(HEADER, "1s").send().await,
        400,
        "invalid_timeout",
    );
    for limit in [
        json!(0),
        json!(-1),
        json!("1s"),
        json!(1.5),
        json!(2_147_483_648_u64),
    ] {
        let mut body = plain(MODEL);
        body["orq"] = json!({"timeout": {"call_timeout": limit}});
        let error = expect::shape(&stack.caller.chat(&body).send().await, 400);
        assert_eq!(error["param"], "orq.timeout.call_timeout", "{error}");
    }
    stack.assert_untouched("a malformed limit");
}

#[tokio::test]
async fn w32_all_attempts_share_the_deadline() {
    let slow = Answer::error(500, "no").wait_ms(500);
    let stack = stack(slow, silent(), json!({"total_ms": 1200})).await;
    for body in [plain(MODEL), streamed(MODEL)] {
        let reply = stack.caller.chat(&body).send().await;
        expect::error(&reply, 504, "deadline_exceeded");
        assert_between(reply.took, 1100, 4000);
        let record = record_of(&stack, &reply.headers).await;
        assert_eq!(record.end, EndReason::DeadlineExceeded);
        assert_eq!(
            outcomes(&record),
            [Outcome::Status, Outcome::DeadlineExceeded]
        );
    }
}

#[tokio::test]
async fn w32_w53_a_stream_past_the_deadline_is_reset_and_billed() {
    let words = ["word "; 100];
    let answer = Chat::of(&words).gap_ms(100);
    let stack = stack(answer, Chat::default(), json!({"total_ms": 1500})).await;
    let reply = reset(&stack, &streamed(MODEL)).await;
    assert_between(reply.took, 1400, 4000);
    assert!(reply.text().contains("word "));
    let record = record_of(&stack, &reply.headers).await;
    assert_eq!(
        (record.end, record.status),
        (EndReason::DeadlineExceeded, 200)
    );
    assert_eq!(outcomes(&record), [Outcome::DeadlineExceeded]);
    assert_eq!(record.usage_source, Some(UsageSource::Estimated));
    assert!(
        record
            .usage
            .completion_tokens
            .is_some_and(|n| (5..30).contains(&n)),
        "{record:?}"
    );
    stack.provider("openai").wait_for_aborted(1).await;
}

/// Streams that say something and then nothing more that is life.
fn stalls() -> [(&'static str, Answer); 4] {
    let chat = || Chat::of(&["one ", "two "]).stream(MODEL, true);
    let begun = |more: Vec<Piece>| {
        let mut answer = chat().end_after(3);
        for piece in more {
            answer.body.extend([Piece::WaitMs(100), piece]);
        }
        answer
    };
    let pings = vec![Piece::Text(": ping\n\n".to_owned()); 100];
    let named = vec![Piece::Text("event: ping\ndata: {\"type\": \"ping\"}\n\n".to_owned()); 100];
    let event = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}",
        "x".repeat(60)
    );
    let drip = event.bytes().map(|byte| Piece::Bytes(vec![byte])).collect();
    [
        ("silence", chat().stall_after(3)),
        ("comments", begun(pings)),
        ("pings", begun(named)),
        ("a broken event byte by byte", begun(drip)),
    ]
}

#[tokio::test]
async fn w32_w35_w53_a_stream_that_stalls_is_reset_and_billed() {
    for protocol in [Protocol::Http1, Protocol::H2c] {
        let stack = Stack::builder()
            .steady()
            .provider_over(protocol, "openai", Script::default())
            .config(|doc| doc["defaults"]["timeouts"] = json!({"idle_ms": 700}))
            .sidecar()
            .start()
            .await;
        for (i, (name, answer)) in stalls().into_iter().enumerate() {
            stack.provider("openai").script(answer);
            let reply = reset(&stack, &streamed(MODEL)).await;
            assert!(reply.text().contains("two "), "{name}: {}", reply.text());
            assert_between(reply.took, 700, 4000);
            stack.provider("openai").wait_for_aborted(i + 1).await;
            let entry = stack
                .sidecar
                .wait_for_record(reply.header("x-gateway-request-id").unwrap());
            let entry = entry.await;
            let record = entry.record;
            assert_eq!(
                (record.end, record.status),
                (EndReason::IdleTimeout, 200),
                "{name}"
            );
            assert_eq!(outcomes(&record), [Outcome::IdleTimeout], "{name}");
            assert_eq!(record.usage_source, Some(UsageSource::Estimated), "{name}");
            assert_eq!(
                record.usage.completion_tokens,
                Some(2),
                "{name}: two chunks"
            );
            assert!(entry.cost_nano_usd.is_some_and(|cost| cost > 0), "{name}");
        }
        assert_eq!(
            stack.provider("openai").requests().len(),
            stalls().len(),
            "no retry"
        );
    }
}

#[tokio::test]
async fn w32_the_idle_limit_counts_from_token_to_token() {
    // The largest number that a Struct holds: as good as none.
    const LARGEST: u64 = 9_007_199_254_740_991;
    let words = ["w "; 8];
    let stack = stack(
        Chat::of(&words).gap_ms(300),
        Chat::default(),
        json!({"idle_ms": 900, "first_token_ms": LARGEST, "total_ms": LARGEST}),
    )
    .await;
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_eq!(reply.streamed(), "w ".repeat(8));
    assert_between(reply.took, 2400, 20_000);
    // Silence before the first token is not its business.
    let late = Chat::of(&["late"]).wait_ms(1500);
    stack.provider("openai").script(late);
    assert_eq!(
        stack.caller.chat(&streamed(MODEL)).send().await.streamed(),
        "late"
    );
    let late = Chat::of(&["late"])
        .stream(MODEL, true)
        .first_byte_after_ms(1500);
    stack.provider("openai").script(late);
    assert_eq!(
        stack.caller.chat(&streamed(MODEL)).send().await.streamed(),
        "late"
    );
    assert!(stack.provider("azure").requests().is_empty());
}

#[tokio::test]
async fn w32_a_plain_answer_that_passes_unread_lives_by_its_bytes() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .config(|doc| {
            doc["defaults"]["timeouts"] = json!({"idle_ms": 800});
            doc["defaults"]["limits"]["held_answer_bytes"] = json!(1000);
        })
        .sidecar()
        .start()
        .await;
    let answer = Chat::of(&["word "; 1000]).plain(MODEL);
    let slow = answer.clone().split(answer.bytes().len() / 6).gap_ms(300);
    stack.provider("openai").script(slow.clone());
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.said(), "word ".repeat(1000));
    stack.provider("openai").script(slow.stall_after(5));
    let reply = reset(&stack, &plain(MODEL)).await;
    let record = record_of(&stack, &reply.headers).await;
    assert_eq!((record.end, record.status), (EndReason::IdleTimeout, 200));
}

#[tokio::test]
async fn w35_many_streams_that_stall_at_once_leave_the_others_alone() {
    let stall = Chat::of(&["one ", "two "])
        .stream(MODEL, true)
        .stall_after(3);
    let alive = Chat::of(&["w "; 8]).gap_ms(300);
    let stack = stack(stall, alive, json!({"idle_ms": 900})).await;
    let dead = join_all((0..30).map(async |_| reset(&stack, &streamed(MODEL)).await));
    let body = streamed(MODEL);
    let to_azure = |_| {
        let call = stack.caller.chat(&body);
        call.header("x-opengateway-failover-sequence", r#"["azure"]"#)
            .send()
    };
    let live = join_all((0..10).map(to_azure));
    let (dead, live) = tokio::join!(dead, live);
    assert!(dead.iter().all(|reply| reply.text().contains("two ")));
    assert!(live.iter().all(|reply| reply.streamed() == "w ".repeat(8)));
    let entries = stack
        .sidecar
        .wait_for_records(40, Duration::from_secs(10))
        .await;
    let ended = |end| entries.iter().filter(|own| own.record.end == end).count();
    assert_eq!(ended(EndReason::IdleTimeout), 30);
    assert_eq!(ended(EndReason::Complete), 10);
}
