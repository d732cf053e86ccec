//! W36: what callers and bad luck must not make of a provider's health.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::health::{Claim, Told};
use crate::plan::Kept;

const AT: u64 = 990;
const UNREAD_BYTES: usize = 512 * 1024;

/// How a request ends.
type End = fn(&mut Scenario);

/// One that tries `a` out, whose cooldown is over.
fn trying(body: &str, headers: &[(&str, &str)]) -> Scenario {
    let mut scenario = Scenario::sent_with(body, headers);
    Arc::make_mut(&mut scenario.exchange.plan).claimed = Some(claim());
    scenario
}

fn claim() -> Claim {
    let key = "a:m".into();
    Claim { key, at: AT }
}

/// `over`, `listed` or `unclaimed`, and whether it answered.
fn told(exchange: &mut Exchange) -> Vec<(&'static str, bool)> {
    let told = exchange.take_samples().into_iter();
    let word = |told| match told {
        Told::Over(sample) => ("over", sample.answered),
        Told::Listed(sample) => ("listed", sample.answered),
        Told::Unclaimed(own) => {
            assert_eq!(own, claim());
            ("unclaimed", false)
        }
    };
    told.map(word).collect()
}

#[test]
fn w36_a_caller_who_does_not_read_says_nothing_against_a_provider() {
    for (more, expected) in [(0, vec![("over", false)]), (UNREAD_BYTES, vec![])] {
        let mut scenario = Scenario::sent(STREAM);
        scenario.attempt("a");
        scenario.answers("200", "text/event-stream");
        scenario.body(WORD, false);
        assert_eq!(told(&mut scenario.exchange), [("listed", true)]);
        scenario.body(&format!(": {}\n\n", "x".repeat(more)), false);
        assert!(scenario.exchange.stalled(scenario.now + 3_600_000));
        assert_eq!(told(&mut scenario.exchange), expected, "{more}");
        assert_eq!(scenario.closed().end, EndReason::IdleTimeout);
    }
}

#[test]
fn w36_one_request_is_one_failure_of_a_provider_at_most() {
    let retry = r#"{"orq":{"retry":{"count":2,"on_codes":[500]}},"#;
    let mut scenario = Scenario::sent(&PLAIN.replacen('{', retry, 1));
    for expected in [vec![("over", false)], vec![]] {
        scenario.attempt("a");
        scenario.answers("500", "text/plain");
        assert_eq!(told(&mut scenario.exchange), expected);
    }
    // What it says of its limits holds all the same, and so does an answer.
    scenario.attempt("a");
    let limited = head(&[(":status", "429"), ("retry-after", "30")]);
    scenario
        .exchange
        .answer_head(&limited, false, || scenario.now);
    assert_eq!(told(&mut scenario.exchange), [("listed", false)]);
    scenario.attempt("b");
    scenario.answers("500", "text/plain");
    assert_eq!(told(&mut scenario.exchange), [("over", false)]);
}

#[test]
fn w36_a_callers_limit_says_nothing_however_early_its_timer_is() {
    let limit = |limit: &str, waited: u64| {
        let headers = [("x-opengateway-timeout", limit)];
        let mut scenario = trying(STREAM, &headers);
        scenario.attempt("a");
        scenario.exchange.left(scenario.now + waited);
        told(&mut scenario.exchange)
    };
    assert_eq!(limit("1ms", 0), [("unclaimed", false)]);
    assert_eq!(limit("500ms", 20), [("unclaimed", false)]);
    // A reset is one where no limit is near, and where the limit is the gateway's.
    assert_eq!(limit("3000ms", 1), [("over", false)]);
}

#[test]
fn w36_a_claim_is_given_back_when_nothing_was_learned() {
    let given_back = [("unclaimed", false)];
    let gone = |scenario: &mut Scenario| {
        scenario.attempt("a");
        scenario.closed();
    };
    let untried = |scenario: &mut Scenario| drop(scenario.closed());
    let refused = |scenario: &mut Scenario| {
        scenario.attempt("a");
        scenario.answers("400", "application/json");
        scenario.body("{}", true);
    };
    let late = |scenario: &mut Scenario| {
        scenario.attempt("a");
        scenario.exchange.left(scenario.now + 3_600_000);
    };
    let unresolved = |scenario: &mut Scenario| scenario.exchange.unclaim();
    let each: [(&str, End); 5] = [
        ("gone", gone),
        ("untried", untried),
        ("refused", refused),
        ("late", late),
        ("unresolved", unresolved),
    ];
    for (name, end) in each {
        let mut scenario = trying(PLAIN, &[]);
        end(&mut scenario);
        assert_eq!(told(&mut scenario.exchange), given_back, "{name}");
        scenario.exchange.unclaim();
        assert_eq!(told(&mut scenario.exchange), [], "{name}: once");
    }
    // Whoever has learned something has no claim any more.
    let mut scenario = trying(PLAIN, &[]);
    scenario.attempt("a");
    scenario.answers("500", "text/plain");
    scenario.closed();
    assert_eq!(told(&mut scenario.exchange), [("over", false)]);
}

#[test]
fn w36_who_is_in_a_hurry_tries_nothing_out() {
    for (headers, claims) in [(vec![], 1), (vec![("x-opengateway-timeout", "100ms")], 0)] {
        let waiting = Scenario::opened(&headers).unwrap();
        let mut claimed = 0;
        let mut board = crate::health::Board::default();
        let half_open = crate::health::Standing::HalfOpen;
        board.standings.insert("a:m".to_owned(), half_open);
        let mut care = crate::plan::Care {
            board: &board,
            claim: &mut |_| {
                claimed += 1;
                true
            },
            now_ms: AT,
        };
        let sent = waiting.body(
            PLAIN.into(),
            &mut care,
            &mut Luck::new([6; 16]),
            &mut Kept::default(),
        );
        let (exchange, _) = sent.unwrap();
        assert_eq!(claimed, claims);
        assert_eq!(exchange.plan.claimed.is_some(), claims == 1);
        assert_eq!(exchange.next(), Some(if claims == 1 { "a" } else { "b" }));
    }
}

#[test]
fn w36_a_stream_that_begins_ends_the_trial() {
    let mut scenario = trying(STREAM, &[]);
    scenario.attempt("a");
    scenario.answers("200", "text/event-stream");
    scenario.body(WORD, false);
    assert_eq!(told(&mut scenario.exchange), [("listed", true)]);
    scenario.body(STOP, true);
    assert_eq!(told(&mut scenario.exchange), [("over", true)]);
    scenario.closed();
    assert_eq!(told(&mut scenario.exchange), []);
}

#[test]
fn w32_silence_while_nobody_looked_is_no_stall() {
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    scenario.answers("200", "text/event-stream");
    scenario.body(WORD, false);
    let late = scenario.now + 3_600_000;
    scenario.exchange.revive(late);
    assert!(!scenario.exchange.stalled(late + 1));
    // Nor does a clock that is set back stop the limit.
    assert!(!scenario.exchange.stalled(1));
    assert!(scenario.exchange.stalled(3_600_000));
}
