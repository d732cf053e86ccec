#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::health::fleet::Cooling;
use crate::health::{Limits, sample};

const RULES: fn() -> Health = Health::default;

fn failed(cooldowns: &mut Cooldowns, began: u64, reason: Option<Why>, now: u64) -> Option<Change> {
    cooldowns.take(&[sample(false, began)], reason, &RULES(), now)
}

fn answered(cooldowns: &mut Cooldowns, began: u64, now: u64) -> Option<Change> {
    cooldowns.take(&[sample(true, began)], None, &RULES(), now)
}

fn asked(cooldowns: &mut Cooldowns, answered: bool, cooldown_ms: u64, now: u64) -> Option<Change> {
    let mut sample = sample(answered, now);
    sample.limits = Some(Limits {
        retry_after_ms: Some(cooldown_ms),
        ..Limits::default()
    });
    cooldowns.take(&[sample], None, &RULES(), now)
}

fn standing(cooldowns: &Cooldowns, now: u64) -> Option<Standing> {
    cooldowns.standings(now).get("k").copied()
}

fn cools(cooldown_ms: u64) -> Option<Change> {
    let why = Why::Failures;
    Some(Change::CoolsDown { cooldown_ms, why })
}

fn told(remaining_ms: u64, why: Why) -> Fleet {
    let key = "k".to_owned();
    Fleet {
        cooling: vec![Cooling {
            key,
            remaining_ms,
            why,
        }],
    }
}

fn read(bytes: Option<&[u8]>) -> Cooldowns {
    Cooldowns::read(bytes, &RULES(), 5_000)
}

const FAILURES: Option<Why> = Some(Why::Failures);
const HALF_OPEN: Option<Standing> = Some(Standing::HalfOpen);

fn until(until: u64, why: Why) -> Option<Standing> {
    Some(Standing::Cooling { until, why })
}

#[test]
fn w36_a_rest_grows_with_each_failed_probe() {
    let mut cooldowns = Cooldowns::default();
    assert_eq!(failed(&mut cooldowns, 0, None, 0), None);
    assert_eq!(failed(&mut cooldowns, 0, FAILURES, 0), cools(5_000));
    assert_eq!(standing(&cooldowns, 4_999), until(5_000, Why::Failures));
    assert_eq!(standing(&cooldowns, 5_000), HALF_OPEN);
    let mut now = 5_000;
    for cooldown in [10_000, 20_000, 40_000, 80_000, 120_000, 120_000] {
        assert_eq!(failed(&mut cooldowns, now, None, now), cools(cooldown));
        now += cooldown;
    }
    assert_eq!(
        answered(&mut cooldowns, now, now + 1),
        Some(Change::Recovered)
    );
    assert!(cooldowns.is_empty());
    assert_eq!(
        failed(&mut cooldowns, now, FAILURES, now),
        cools(5_000),
        "from the start"
    );
}

#[test]
fn w36_what_comes_while_it_rests_changes_nothing() {
    let mut cooldowns = Cooldowns::default();
    failed(&mut cooldowns, 0, FAILURES, 0);
    assert_eq!(failed(&mut cooldowns, 1, FAILURES, 4_000), None);
    assert_eq!(answered(&mut cooldowns, 1, 4_999), None);
    // Nor does an attempt that began while it cooled down.
    assert_eq!(failed(&mut cooldowns, 4_999, FAILURES, 6_000), None);
    assert_eq!(answered(&mut cooldowns, 4_999, 6_000), None);
    assert_eq!(standing(&cooldowns, 6_000), HALF_OPEN);
    assert_eq!(
        answered(&mut cooldowns, 5_000, 6_000),
        Some(Change::Recovered)
    );
}

#[test]
fn w36_one_request_tries_it_after_the_rest() {
    let mut cooldowns = Cooldowns::default();
    assert!(!cooldowns.claim("k", 0), "ready");
    failed(&mut cooldowns, 0, FAILURES, 0);
    assert!(!cooldowns.claim("k", 4_999), "cools");
    assert!(cooldowns.claim("k", 5_000) && !cooldowns.claim("k", 5_000));
    assert_eq!(standing(&cooldowns, 14_999), Some(Standing::Probing));
    assert_eq!(standing(&cooldowns, 15_000), HALF_OPEN);
    assert!(
        cooldowns.claim("k", 15_000),
        "the first one came to nothing"
    );
    assert_eq!(failed(&mut cooldowns, 15_000, None, 15_100), cools(10_000));
    assert!(!cooldowns.claim("k", 25_099) && cooldowns.claim("k", 25_100));
}

#[test]
fn w36_what_the_provider_asks_for_holds_at_once_and_the_longest_wins() {
    let mut cooldowns = Cooldowns::default();
    let (cooldown_ms, why) = (30_000, Why::RateLimited);
    let cools = Some(Change::CoolsDown { cooldown_ms, why });
    assert_eq!(asked(&mut cooldowns, false, 30_000, 0), cools);
    assert_eq!(asked(&mut cooldowns, false, 10_000, 1_000), None, "shorter");
    assert_eq!(standing(&cooldowns, 1_000), until(30_000, why));
    assert_eq!(failed(&mut cooldowns, 0, FAILURES, 2_000), None);
    // A used-up limit on an answer is a cooldown too.
    assert_eq!(asked(&mut cooldowns, true, 30_000, 3_000), cools);
    assert_eq!(cooldowns.own_cooldown("k", 3_000), Some((30_000, why)));
    assert_eq!(cooldowns.own_cooldown("k", 33_000), None);
    let mut cooldowns = Cooldowns::default();
    asked(&mut cooldowns, false, u64::MAX, 0);
    assert_eq!(
        standing(&cooldowns, 0),
        until(LONGEST_MS, why),
        "at most an hour"
    );
    // A probe that is refused again: the longer of both.
    let mut cooldowns = Cooldowns::default();
    failed(&mut cooldowns, 0, FAILURES, 0);
    asked(&mut cooldowns, false, 1_000, 5_000);
    assert_eq!(standing(&cooldowns, 5_000), until(15_000, Why::Failures));
}

#[test]
fn w36_the_reason_is_that_of_the_last_of_several() {
    let mut cooldowns = Cooldowns::default();
    let samples = [sample(true, 0), sample(false, 0)];
    assert_eq!(
        cooldowns.take(&samples, FAILURES, &RULES(), 0),
        cools(5_000)
    );
    assert!(cooldowns.concerns(&samples, None) && !Cooldowns::default().concerns(&samples, None));
    assert!(Cooldowns::default().concerns(&samples, FAILURES));
}

#[test]
fn w36_the_fleet_s_rests_hold_as_long_as_it_tells_of_them() {
    let (mut cooldowns, known) = (Cooldowns::default(), |key: &str| key == "k");
    let limited = Why::RateLimited;
    cooldowns.merge(&told(7_000, limited), known, &RULES(), 1_000);
    assert_eq!(standing(&cooldowns, 1_000), until(8_000, limited));
    assert_eq!(
        cooldowns.own_cooldown("k", 1_000),
        None,
        "it is not told back"
    );
    cooldowns.merge(&Fleet::default(), known, &RULES(), 2_000);
    assert_eq!(standing(&cooldowns, 2_000), HALF_OPEN);
    assert_eq!(
        answered(&mut cooldowns, 2_000, 2_001),
        Some(Change::Recovered)
    );
    // The longest wins, whoever began it.
    failed(&mut cooldowns, 3_000, FAILURES, 3_000);
    cooldowns.merge(&told(1_000, limited), known, &RULES(), 3_000);
    assert_eq!(standing(&cooldowns, 3_000), until(8_000, Why::Failures));
    cooldowns.merge(&told(9_000, limited), known, &RULES(), 3_000);
    assert_eq!(standing(&cooldowns, 3_000), until(12_000, limited));
    // Nobody sends a key to cool down for ever, nor one that is not configured.
    cooldowns.merge(&told(u64::MAX, Why::Failures), known, &RULES(), 0);
    assert_eq!(standing(&cooldowns, 0), until(120_000, Why::Failures));
    cooldowns.merge(&told(u64::MAX, limited), known, &RULES(), 0);
    assert_eq!(standing(&cooldowns, 0), until(LONGEST_MS, limited));
    let mut cooldowns = Cooldowns::default();
    cooldowns.merge(&told(1_000, limited), |_| false, &RULES(), 0);
    assert!(cooldowns.is_empty());
}

#[test]
fn w36_a_key_that_nobody_tries_is_forgotten() {
    let mut cooldowns = Cooldowns::default();
    failed(&mut cooldowns, 0, FAILURES, 0);
    cooldowns.merge(&Fleet::default(), |_| true, &RULES(), 5_000 + FORGET_MS);
    assert!(!cooldowns.is_empty());
    cooldowns.merge(&Fleet::default(), |_| true, &RULES(), 5_001 + FORGET_MS);
    assert!(cooldowns.is_empty());
}

#[test]
fn w36_a_gate_is_read_as_it_was_written() {
    let mut cooldowns = Cooldowns::default();
    failed(&mut cooldowns, 0, FAILURES, 0);
    assert!(cooldowns.claim("k", 5_000));
    let mut other = sample(false, 0);
    other.key = "a:b".into();
    cooldowns.take(&[other], Some(Why::RateLimited), &RULES(), 7);
    cooldowns.merge(&told(7_000, Why::RateLimited), |_| true, &RULES(), 0);
    let whole = cooldowns.write();
    assert_eq!(read(Some(&whole)), cooldowns);
    for end in 0..whole.len() {
        assert!(read(Some(&whole[..end])).keys.len() < 2);
    }
    assert_eq!(read(None), Cooldowns::default());
    assert_eq!(read(Some(&[0xff; 64])), Cooldowns::default());
    let mut long = sample(false, 0);
    long.key = "x".repeat(70_000).into();
    cooldowns.take(&[long], FAILURES, &RULES(), 0);
    assert_eq!(
        read(Some(&cooldowns.write())).keys.len(),
        2,
        "no such key is kept"
    );
}

#[test]
fn w36_a_claim_that_came_to_nothing_is_given_back_by_who_has_it() {
    let mut cooldowns = Cooldowns::default();
    failed(&mut cooldowns, 0, FAILURES, 0);
    let claim = |at| Claim {
        key: "k".into(),
        at,
    };
    assert!(cooldowns.claim("k", 5_000));
    cooldowns.unclaim(&claim(4_999));
    assert_eq!(standing(&cooldowns, 5_001), Some(Standing::Probing));
    cooldowns.unclaim(&claim(5_000));
    assert_eq!(standing(&cooldowns, 5_001), HALF_OPEN);
    assert!(cooldowns.claim("k", 5_001));
    // What was claimed since is another's.
    assert!(cooldowns.claim("k", 15_001));
    cooldowns.unclaim(&claim(5_001));
    assert_eq!(standing(&cooldowns, 15_002), Some(Standing::Probing));
}

#[test]
fn w36_a_clock_that_is_set_back_makes_no_cooldown_longer() {
    let mut cooldowns = Cooldowns::default();
    let late = 1_000_000_000;
    failed(&mut cooldowns, late, FAILURES, late);
    let mut other = sample(false, late);
    other.key = "a:b".into();
    other.limits = Some(Limits {
        retry_after_ms: Some(u64::MAX),
        ..Limits::default()
    });
    cooldowns.take(&[other], None, &RULES(), late);
    let set_back = Cooldowns::read(Some(&cooldowns.write()), &RULES(), 7);
    assert_eq!(
        standing(&set_back, 7),
        until(7 + RULES().max_cooldown_ms, Why::Failures)
    );
    let limited = set_back.standings(7).get("a:b").copied();
    assert_eq!(limited, until(7 + LONGEST_MS, Why::RateLimited));
    assert!(cooldowns.claim("k", late + 5_000));
    let now = late - 500_000;
    let mut set_back = Cooldowns::read(Some(&cooldowns.write()), &RULES(), now);
    assert!(!set_back.claim("k", now + RULES().max_cooldown_ms - 1));
    assert!(set_back.claim("k", now + RULES().max_cooldown_ms));
}
