//! W31: `orq.retry`, attempt by attempt.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn asking(retry: &str) -> Scenario {
    let body = PLAIN.replace(
        "\"model\"",
        &format!("\"orq\":{{\"retry\":{retry}}},\"model\""),
    );
    Scenario::sent(&body)
}

/// What becomes of an answer with this status and `retry-after`.
fn fails(scenario: &mut Scenario, status: &str, retry_after: &str) -> Option<u64> {
    let answer = head(&[(":status", status), ("retry-after", retry_after)]);
    match scenario
        .exchange
        .answer_head(&answer, false, || scenario.now)
    {
        Verdict::Fail(again) => again,
        other => panic!("{other:?}"),
    }
}

#[test]
fn w31_each_wait_is_twice_as_long() {
    let mut scenario = asking(r#"{"count":5}"#);
    assert_eq!(scenario.told("x-envoy-max-retries"), Some(7));
    for expected in [1, 2, 4, 8, 16] {
        scenario.attempt("a");
        assert_eq!(fails(&mut scenario, "429", ""), Some(expected));
        assert_eq!(scenario.exchange.next(), Some("a"));
    }
    scenario.attempt("a");
    assert_eq!(fails(&mut scenario, "429", ""), None, "none is left");
    assert_eq!(scenario.exchange.next(), Some("b"));
    scenario.attempt("b");
    fails(&mut scenario, "429", "").expect("the one of 8 that was left");
    assert_eq!(scenario.exchange.next(), Some("b"));
    scenario.attempt("b");
    assert_eq!(fails(&mut scenario, "429", ""), None);
    assert_eq!(scenario.exchange.next(), None);
    assert_eq!(scenario.closed().attempts.len(), 8);
}

#[test]
fn w31_the_providers_own_wait_holds_up_to_16_s() {
    let mut scenario = asking("{}");
    scenario.attempt("a");
    assert_eq!(fails(&mut scenario, "429", "7"), Some(7));
    scenario.attempt("a");
    assert_eq!(fails(&mut scenario, "429", "1"), Some(2));
    scenario.attempt("a");
    assert_eq!(fails(&mut scenario, "429", "17"), None);
    scenario.attempt("b");
    // Tries are left, but nobody to try.
    scenario.exchange.left(scenario.now);
    assert_eq!(scenario.exchange.next(), Some(""));
}

#[test]
fn w31_only_its_codes_are_tried_again() {
    let mut scenario = asking(r#"{"on_codes":[500,502]}"#);
    scenario.attempt("a");
    assert_eq!(fails(&mut scenario, "500", ""), Some(1));
    scenario.attempt("a");
    assert_eq!(fails(&mut scenario, "429", ""), None);
    scenario.attempt("b");
    // A reset has no status.
    let mut scenario = asking(r#"{"on_codes":[500]}"#);
    scenario.attempt("a");
    scenario.exchange.left(scenario.now + 1);
    scenario.attempt("b");
    // What is the caller's fault is not tried again, whatever it asks.
    let mut scenario = asking(r#"{"on_codes":[400]}"#);
    scenario.attempt("a");
    assert_eq!(scenario.answers("400", "application/json"), Verdict::Hold);
}
