//! What time limits end, and what the record says of it (W32). The gateway's are 1 s to the first
//! token and 5 s to a plain answer; idle 120 s, total 600 s.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::wire;

const IDLE: u64 = 120_000;
const TOTAL: u64 = 600_000;
const PING: &str = ": ping\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n";

/// A stream whose first word has left.
fn begun() -> Scenario {
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    scenario.answers("200", "text/event-stream");
    scenario.body(WORD, false);
    scenario
}

/// How a scenario is told once the time is over that its last attempt took.
fn told(mut scenario: Scenario) -> (EndReason, Outcome) {
    let record = scenario.closed();
    (record.end, record.attempts.last().unwrap().outcome)
}

#[test]
fn w32_the_callers_limit_goes_to_envoy() {
    let sent = |body: &str, header: Option<&str>| {
        let headers: Vec<_> = header
            .map(|value| ("x-opengateway-timeout", value))
            .into_iter()
            .collect();
        let scenario = Scenario::sent_with(body, &headers);
        assert_eq!(scenario.told(wire::TOTAL_TIMEOUT), Some(600_000));
        (
            scenario.told(wire::TRY_TIMEOUT),
            scenario.exchange.is_callers_limit(),
        )
    };
    let orq = |body: &str| body.replacen('{', r#"{"orq":{"timeout":{"call_timeout":300}},"#, 1);
    let is = |limit, callers| (Some(limit), callers);
    assert_eq!(sent(STREAM, None), is(1000, false));
    assert_eq!(sent(STREAM, Some("400ms")), is(400, true));
    assert_eq!(sent(&orq(STREAM), Some("400ms")), is(300, true));
    assert_eq!(sent(&orq(PLAIN), Some("0.2s")), is(200, true));
    assert_eq!(sent(STREAM, Some("2s")), is(2000, false));
    assert_eq!(sent(STREAM, Some("3h")), is(600_000, false));
    assert_eq!(sent(PLAIN, Some("9s")), is(5000, false));
    let refused = Scenario::opened(&[("x-opengateway-timeout", "soon")])
        .err()
        .unwrap();
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("invalid_timeout"), "{}", refused.body);
}

#[test]
fn w32_a_limit_that_every_attempt_met_is_the_end_reason() {
    for (body, waited, end) in [
        (STREAM, 1000, EndReason::FirstTokenTimeout),
        (PLAIN, 5000, EndReason::AnswerTimeout),
        (PLAIN, 1000, EndReason::Failed),
    ] {
        let mut scenario = Scenario::sent(body);
        scenario.attempt("a");
        scenario.answers("500", "text/plain");
        scenario.attempt("b");
        scenario.now += waited;
        let reply = scenario.exchange.given_up(scenario.now).unwrap();
        assert!(reply.body.contains("all_attempts_failed"), "{}", reply.body);
        assert_eq!(scenario.closed().end, end);
    }
}

#[test]
fn w32_past_the_deadline_no_answer_is_a_504_of_its_own() {
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    scenario.now += 1000;
    scenario.exchange.left(scenario.now);
    scenario.attempt("b");
    // Envoy's clock runs from the first attempt.
    scenario.now = 1_010 + TOTAL;
    scenario.exchange.left(scenario.now);
    let reply = scenario.exchange.given_up(scenario.now).unwrap();
    assert_eq!(reply.status, 504);
    assert!(
        reply.body.contains(r#""code":"deadline_exceeded""#),
        "{}",
        reply.body
    );
    let record = scenario.closed();
    assert_eq!(
        (record.end, record.status),
        (EndReason::DeadlineExceeded, 504)
    );
    let outcomes: Vec<_> = record.attempts.iter().map(|own| own.outcome).collect();
    assert_eq!(outcomes, [Outcome::Failed, Outcome::DeadlineExceeded]);
}

#[test]
fn w32_a_stream_past_the_deadline_is_told_from_a_cut_one() {
    for (waited, expected) in [
        (
            TOTAL,
            (EndReason::DeadlineExceeded, Outcome::DeadlineExceeded),
        ),
        (TOTAL / 2, (EndReason::Truncated, Outcome::Truncated)),
    ] {
        let mut scenario = begun();
        scenario.now += waited;
        scenario.exchange.left(scenario.now);
        assert_eq!(told(scenario), expected);
        // Envoy's word may come first.
        for details in ["response_timeout", "upstream_response_timeout"] {
            let mut scenario = begun();
            scenario.now += waited;
            let record = scenario
                .exchange
                .close(Some(details), scenario.now)
                .unwrap();
            assert_eq!(
                (record.end, record.attempts[0].outcome),
                expected,
                "{details}"
            );
        }
    }
    let mut scenario = begun();
    scenario.body(STOP, false);
    scenario.now += TOTAL;
    scenario.exchange.left(scenario.now);
    assert_eq!(told(scenario), (EndReason::Complete, Outcome::Answered));
}

#[test]
fn w32_w53_an_answer_without_life_is_ended_and_billed() {
    let mut scenario = begun();
    assert!(!scenario.exchange.stalled(scenario.now + IDLE - 1));
    scenario.now += 1000;
    scenario.body(WORD, false);
    let alive = scenario.now;
    for more in [
        PING,
        "data: {\"choices\":[{\"delta\":{\"con",
        "tent\":\"slow",
        "ly",
    ] {
        scenario.now += 1000;
        scenario.body(more, false);
    }
    assert!(!scenario.exchange.stalled(alive + IDLE - 1));
    assert!(scenario.exchange.stalled(alive + IDLE));
    assert!(!scenario.exchange.stalled(alive + 2 * IDLE), "once");
    assert!(scenario.exchange.is_settled());
    scenario.exchange.left(alive + IDLE);
    let record = scenario.exchange.close(None, alive + IDLE).unwrap();
    assert_eq!((record.end, record.status), (EndReason::IdleTimeout, 200));
    assert_eq!(record.attempts[0].outcome, Outcome::IdleTimeout);
    assert_eq!(record.usage_source, Some(UsageSource::Estimated));
    assert_eq!(record.usage.completion_tokens, Some(3), "ten bytes");
}

#[test]
fn w32_the_idle_limit_begins_with_the_answer() {
    let mut scenario = Scenario::sent(STREAM);
    assert!(!scenario.exchange.stalled(u64::MAX), "no attempt");
    scenario.attempt("a");
    assert!(!scenario.exchange.stalled(u64::MAX), "no head");
    scenario.answers("200", "text/event-stream");
    assert_eq!(scenario.body(PING, false), Flow::Hold);
    assert!(!scenario.exchange.stalled(u64::MAX), "no word");
    scenario.body(WORD, true);
    assert!(!scenario.exchange.stalled(u64::MAX), "it has ended");
}

#[test]
fn w32_what_was_told_before_a_stall_stays_true() {
    let after = |last: &str| {
        let mut scenario = begun();
        scenario.body(last, false);
        assert!(scenario.exchange.stalled(scenario.now + IDLE), "{last}");
        told(scenario)
    };
    assert_eq!(after(STOP), (EndReason::Complete, Outcome::Answered));
    let error = "data: {\"error\":{\"message\":\"boom\"}}\n\n";
    assert_eq!(after(error), (EndReason::Truncated, Outcome::Truncated));
}

#[test]
fn w32_an_answer_that_passes_unread_lives_by_its_bytes() {
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    scenario.answers("200", "application/json");
    scenario.body(&"x".repeat(1001), false);
    scenario.now += IDLE - 20;
    scenario.body("y", false);
    assert!(!scenario.exchange.stalled(scenario.now + IDLE - 1));
    assert!(scenario.exchange.stalled(scenario.now + IDLE));
    assert_eq!(
        told(scenario),
        (EndReason::IdleTimeout, Outcome::IdleTimeout)
    );
}
