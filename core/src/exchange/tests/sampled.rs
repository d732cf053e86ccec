//! What attempts tell of their providers (W36).

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::health::{Sample, Told as Word};

/// Key, whether it answered, whether it was asked too much, latency.
type Told = (String, bool, bool, u64);

/// What goes into the rings.
fn samples(exchange: &mut Exchange) -> Vec<Sample> {
    let told = exchange.take_samples().into_iter();
    told.filter_map(|told| match told {
        Word::Over(sample) => Some(sample),
        Word::Listed(_) | Word::Unclaimed(_) => None,
    })
    .collect()
}

fn told(exchange: &mut Exchange) -> Vec<Told> {
    let samples = samples(exchange).into_iter();
    let told = |sample: Sample| {
        (
            sample.key.to_string(),
            sample.answered,
            sample.limited,
            sample.latency_ms,
        )
    };
    samples.map(told).collect()
}

fn of(key: &str, answered: bool, latency_ms: u64) -> Vec<Told> {
    vec![(key.to_owned(), answered, false, latency_ms)]
}

#[test]
fn w36_each_attempt_that_is_over_gives_one_sample() {
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    assert!(samples(&mut scenario.exchange).is_empty(), "it runs");
    let head = head(&[
        (":status", "429"),
        ("retry-after-ms", "1500"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "3s"),
        ("x-ratelimit-limit-tokens", "9"),
    ]);
    scenario.exchange.answer_head(&head, false, || 1_030);
    let sample = samples(&mut scenario.exchange).remove(0);
    let limits = Limits {
        retry_after_ms: Some(3_000),
        headroom: Some(0),
        headroom_ms: 3_000,
    };
    assert_eq!(
        sample,
        Sample {
            key: "a:m".into(),
            answered: false,
            limited: true,
            unconnected: false,
            began: 1_010,
            latency_ms: 20,
            limits: Some(limits)
        }
    );
    scenario.exchange.left(1_040);
    assert!(samples(&mut scenario.exchange).is_empty(), "it was told");
    scenario.attempt("b");
    scenario.answers("200", "application/json");
    scenario.body(ANSWER, true);
    assert_eq!(told(&mut scenario.exchange), of("b:mini", true, 20));
    scenario.closed();
    assert!(samples(&mut scenario.exchange).is_empty());
}

#[test]
fn w36_a_stream_is_judged_at_its_end_and_timed_at_its_first_token() {
    for (rest, answered) in [(STOP, true), ("", false)] {
        let mut scenario = Scenario::sent(STREAM);
        scenario.attempt("a");
        scenario.answers("200", "text/event-stream");
        scenario.body(WORD, false);
        assert!(samples(&mut scenario.exchange).is_empty());
        scenario.now += 5_000;
        scenario.body(rest, true);
        assert_eq!(told(&mut scenario.exchange), of("a:m", answered, 20));
    }
}

#[test]
fn w36_every_failure_speaks_against_the_provider_and_a_refusal_tells_nothing() {
    for status in ["401", "403", "408", "500", "503", "529"] {
        let mut scenario = Scenario::sent(PLAIN);
        scenario.attempt("a");
        scenario.answers(status, "application/json");
        assert_eq!(
            told(&mut scenario.exchange),
            of("a:m", false, 10),
            "{status}"
        );
    }
    for body in ["<html>", "{}", r#"{"error":{"message":"no"}}"#] {
        let mut scenario = Scenario::sent(PLAIN);
        scenario.attempt("a");
        scenario.answers("200", "application/json");
        scenario.body(body, true);
        assert_eq!(told(&mut scenario.exchange), of("a:m", false, 20), "{body}");
    }
    for status in ["400", "404", "409", "413", "422"] {
        let mut scenario = Scenario::sent(PLAIN);
        scenario.attempt("a");
        scenario.answers(status, "application/json");
        scenario.body("{}", true);
        assert_eq!(scenario.exchange.take_samples(), [], "{status}");
    }
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    scenario.exchange.left(1_015);
    assert_eq!(told(&mut scenario.exchange), of("a:m", false, 5), "a reset");
}

#[test]
fn w36_only_the_configured_limit_speaks_against_a_provider() {
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    scenario.exchange.left(1_010 + 1_000);
    assert_eq!(told(&mut scenario.exchange), of("a:m", false, 1_000));
    let mut scenario = Scenario::sent_with(STREAM, &[("x-opengateway-timeout", "800ms")]);
    scenario.attempt("a");
    scenario.exchange.left(1_010 + 800);
    assert_eq!(told(&mut scenario.exchange), [], "the caller's was shorter");
    let closed = scenario.closed();
    assert_eq!(closed.attempts[0].outcome, Outcome::Timeout);
}

#[test]
fn w36_a_caller_who_leaves_says_nothing_against_a_provider() {
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    scenario.closed();
    assert_eq!(told(&mut scenario.exchange), []);
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    scenario.answers("200", "text/event-stream");
    scenario.body(WORD, false);
    scenario.closed();
    assert_eq!(
        told(&mut scenario.exchange),
        of("a:m", true, 20),
        "it had begun"
    );
}

#[test]
fn w36_nothing_is_told_where_it_is_off_or_of_a_key_that_is_empty() {
    let off = |gateway: &mut Gateway| gateway.config.health.enabled = false;
    let mut scenario = Scenario::sent(PLAIN);
    off(Arc::get_mut(&mut scenario.exchange.gateway).unwrap());
    scenario.attempt("a");
    scenario.exchange.left(1_015);
    assert_eq!(told(&mut scenario.exchange), []);
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    scenario.exchange.running.as_mut().unwrap().key = "".into();
    scenario.exchange.left(1_015);
    assert_eq!(told(&mut scenario.exchange), []);
}
