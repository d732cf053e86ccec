#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::health::fleet::Resting;
use crate::health::{Limits, sample};

const RULES: fn() -> Health = Health::default;

fn failed(gate: &mut Gate, began: u64, reason: Option<Why>, now: u64) -> Option<Change> {
    gate.take(&[sample(false, began)], reason, &RULES(), now)
}

fn answered(gate: &mut Gate, began: u64, now: u64) -> Option<Change> {
    gate.take(&[sample(true, began)], None, &RULES(), now)
}

fn asked(gate: &mut Gate, answered: bool, rest_ms: u64, now: u64) -> Option<Change> {
    let mut sample = sample(answered, now);
    sample.limits = Some(Limits {
        rest_ms: Some(rest_ms),
        ..Limits::default()
    });
    gate.take(&[sample], None, &RULES(), now)
}

fn standing(gate: &Gate, now: u64) -> Option<Standing> {
    gate.standings(now).get("k").copied()
}

fn rests(rest_ms: u64) -> Option<Change> {
    let why = Why::Failures;
    Some(Change::Rests { rest_ms, why })
}

fn told(remaining_ms: u64, why: Why) -> Fleet {
    let key = "k".to_owned();
    Fleet {
        resting: vec![Resting {
            key,
            remaining_ms,
            why,
        }],
    }
}

const FAILURES: Option<Why> = Some(Why::Failures);
const DUE: Option<Standing> = Some(Standing::Due);

fn until(until: u64, why: Why) -> Option<Standing> {
    Some(Standing::Resting { until, why })
}

#[test]
fn w36_a_rest_grows_with_each_failed_probe() {
    let mut gate = Gate::default();
    assert_eq!(failed(&mut gate, 0, None, 0), None);
    assert_eq!(failed(&mut gate, 0, FAILURES, 0), rests(5_000));
    assert_eq!(standing(&gate, 4_999), until(5_000, Why::Failures));
    assert_eq!(standing(&gate, 5_000), DUE);
    let mut now = 5_000;
    for rest in [10_000, 20_000, 40_000, 80_000, 120_000, 120_000] {
        assert_eq!(failed(&mut gate, now, None, now), rests(rest));
        now += rest;
    }
    assert_eq!(answered(&mut gate, now, now + 1), Some(Change::Recovered));
    assert!(gate.is_empty());
    assert_eq!(
        failed(&mut gate, now, FAILURES, now),
        rests(5_000),
        "from the start"
    );
}

#[test]
fn w36_what_comes_while_it_rests_changes_nothing() {
    let mut gate = Gate::default();
    failed(&mut gate, 0, FAILURES, 0);
    assert_eq!(failed(&mut gate, 1, FAILURES, 4_000), None);
    assert_eq!(answered(&mut gate, 1, 4_999), None);
    // Nor does an attempt that began while it rested.
    assert_eq!(failed(&mut gate, 4_999, FAILURES, 6_000), None);
    assert_eq!(answered(&mut gate, 4_999, 6_000), None);
    assert_eq!(standing(&gate, 6_000), DUE);
    assert_eq!(answered(&mut gate, 5_000, 6_000), Some(Change::Recovered));
}

#[test]
fn w36_one_request_tries_it_after_the_rest() {
    let mut gate = Gate::default();
    assert!(!gate.claim("k", 0), "ready");
    failed(&mut gate, 0, FAILURES, 0);
    assert!(!gate.claim("k", 4_999), "rests");
    assert!(gate.claim("k", 5_000) && !gate.claim("k", 5_000));
    assert_eq!(standing(&gate, 14_999), Some(Standing::Probed));
    assert_eq!(standing(&gate, 15_000), DUE);
    assert!(gate.claim("k", 15_000), "the first one came to nothing");
    assert_eq!(failed(&mut gate, 15_000, None, 15_100), rests(10_000));
    assert!(!gate.claim("k", 25_099) && gate.claim("k", 25_100));
}

#[test]
fn w36_a_claim_that_came_to_no_attempt_is_given_back() {
    let mut gate = Gate::default();
    failed(&mut gate, 0, FAILURES, 0);
    assert!(gate.claim("k", 5_000));
    gate.release("other", 5_000);
    gate.release("k", 4_999);
    assert!(!gate.claim("k", 5_001), "another one's");
    gate.release("k", 5_000);
    assert_eq!(standing(&gate, 5_001), DUE);
    assert!(gate.claim("k", 5_001));
}

#[test]
fn w36_what_the_provider_asks_for_holds_at_once_and_the_longest_wins() {
    let mut gate = Gate::default();
    let (rest_ms, why) = (30_000, Why::RateLimited);
    let rests = Some(Change::Rests { rest_ms, why });
    assert_eq!(asked(&mut gate, false, 30_000, 0), rests);
    assert_eq!(asked(&mut gate, false, 10_000, 1_000), None, "shorter");
    assert_eq!(standing(&gate, 1_000), until(30_000, why));
    assert_eq!(failed(&mut gate, 0, FAILURES, 2_000), None);
    // A used-up limit on an answer is a rest too.
    assert_eq!(asked(&mut gate, true, 30_000, 3_000), rests);
    assert_eq!(gate.own_rest("k", 3_000), Some((30_000, why)));
    assert_eq!(gate.own_rest("k", 33_000), None);
    let mut gate = Gate::default();
    asked(&mut gate, false, u64::MAX, 0);
    assert_eq!(
        standing(&gate, 0),
        until(LONGEST_MS, why),
        "at most an hour"
    );
    // A probe that is refused again: the longer of both.
    let mut gate = Gate::default();
    failed(&mut gate, 0, FAILURES, 0);
    asked(&mut gate, false, 1_000, 5_000);
    assert_eq!(standing(&gate, 5_000), until(15_000, Why::Failures));
}

#[test]
fn w36_the_reason_is_that_of_the_last_of_several() {
    let mut gate = Gate::default();
    let samples = [sample(true, 0), sample(false, 0)];
    assert_eq!(gate.take(&samples, FAILURES, &RULES(), 0), rests(5_000));
    assert!(gate.concerns(&samples, None) && !Gate::default().concerns(&samples, None));
    assert!(Gate::default().concerns(&samples, FAILURES));
}

#[test]
fn w36_the_fleet_s_rests_hold_as_long_as_it_tells_of_them() {
    let (mut gate, known) = (Gate::default(), |key: &str| key == "k");
    let limited = Why::RateLimited;
    gate.merge(&told(7_000, limited), known, &RULES(), 1_000);
    assert_eq!(standing(&gate, 1_000), until(8_000, limited));
    assert_eq!(gate.own_rest("k", 1_000), None, "it is not told back");
    gate.merge(&Fleet::default(), known, &RULES(), 2_000);
    assert_eq!(standing(&gate, 2_000), DUE);
    assert_eq!(answered(&mut gate, 2_000, 2_001), Some(Change::Recovered));
    // The longest wins, whoever began it.
    failed(&mut gate, 3_000, FAILURES, 3_000);
    gate.merge(&told(1_000, limited), known, &RULES(), 3_000);
    assert_eq!(standing(&gate, 3_000), until(8_000, Why::Failures));
    gate.merge(&told(9_000, limited), known, &RULES(), 3_000);
    assert_eq!(standing(&gate, 3_000), until(12_000, limited));
    // Nobody sends a key to rest for ever, nor one that is not configured.
    gate.merge(&told(u64::MAX, Why::Failures), known, &RULES(), 0);
    assert_eq!(standing(&gate, 0), until(120_000, Why::Failures));
    gate.merge(&told(u64::MAX, limited), known, &RULES(), 0);
    assert_eq!(standing(&gate, 0), until(LONGEST_MS, limited));
    let mut gate = Gate::default();
    gate.merge(&told(1_000, limited), |_| false, &RULES(), 0);
    assert!(gate.is_empty());
}

#[test]
fn w36_a_key_that_nobody_tries_is_forgotten() {
    let mut gate = Gate::default();
    failed(&mut gate, 0, FAILURES, 0);
    gate.merge(&Fleet::default(), |_| true, &RULES(), 5_000 + FORGET_MS);
    assert!(!gate.is_empty());
    gate.merge(&Fleet::default(), |_| true, &RULES(), 5_001 + FORGET_MS);
    assert!(gate.is_empty());
}

#[test]
fn w36_a_gate_is_read_as_it_was_written() {
    let mut gate = Gate::default();
    failed(&mut gate, 0, FAILURES, 0);
    gate.claim("k", 5_000);
    let mut other = sample(false, 0);
    other.key = "a:b".to_owned();
    gate.take(&[other], Some(Why::RateLimited), &RULES(), 7);
    gate.merge(&told(7_000, Why::RateLimited), |_| true, &RULES(), 0);
    let whole = gate.write();
    assert_eq!(Gate::read(Some(&whole)), gate);
    for end in 0..whole.len() {
        assert!(Gate::read(Some(&whole[..end])).keys.len() < 2);
    }
    assert_eq!(Gate::read(None), Gate::default());
    assert_eq!(Gate::read(Some(&[0xff; 64])), Gate::default());
    let mut long = sample(false, 0);
    long.key = "x".repeat(70_000);
    gate.take(&[long], FAILURES, &RULES(), 0);
    assert_eq!(
        Gate::read(Some(&gate.write())).keys.len(),
        2,
        "no such key is kept"
    );
}
