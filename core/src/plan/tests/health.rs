//! W36: what the health of the candidates does to a plan.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::health::Claim;

const FAILED: Standing = Standing::Cooling {
    until: 9_000,
    why: Why::Failures,
};
const LIMITED: Standing = Standing::Cooling {
    until: 5_001,
    why: Why::RateLimited,
};

#[test]
fn w36_what_failed_comes_last_and_what_is_limited_not_at_all() {
    let plan = ask("m").stands("b:m", FAILED).plan().unwrap();
    assert_eq!(told(&plan), ["c/m", "a/m", "b/m"]);
    let plan = ask("m").stands("b:m", LIMITED).plan().unwrap();
    assert_eq!(told(&plan), ["c/m", "a/m"]);
    assert_eq!(left(&plan), ["b/m cools down after a rate limit"]);
    let other = ask("m").stands("b:n", FAILED);
    assert_eq!(
        other.route(),
        ["b/m", "c/m", "a/m"],
        "another model's health"
    );
}

#[test]
fn w36_when_all_cool_down_the_caller_is_told_for_how_long() {
    let all = |standing| {
        let each = ["a:m", "b:m", "c:m"];
        each.iter()
            .fold(ask("m"), |ask, key| ask.stands(key, standing))
    };
    let reply = all(FAILED).plan().unwrap_err().reply();
    assert_eq!(reply.status, 503);
    assert!(
        reply.headers.contains(&("retry-after", "8".to_owned())),
        "{reply:?}"
    );
    let reply = all(LIMITED).plan().unwrap_err().reply();
    assert_eq!(reply.status, 429);
    assert!(
        reply.headers.contains(&("retry-after", "5".to_owned())),
        "rounded up: {reply:?}"
    );
    assert!(
        reply.body.contains("providers_cooling_down"),
        "{}",
        reply.body
    );
    let mixed = all(FAILED)
        .stands("c:m", LIMITED)
        .plan()
        .unwrap_err()
        .reply();
    assert_eq!(mixed.status, 503);
    assert!(
        mixed.headers.contains(&("retry-after", "5".to_owned())),
        "the soonest: {mixed:?}"
    );
}

#[test]
fn w36_one_request_tries_a_half_open_provider_out() {
    let ask = ask("m").stands("b:m", Standing::HalfOpen);
    let mut claimed = Vec::new();
    let mut claim = |key: &str| {
        claimed.push(key.to_owned());
        claimed.len() == 1
    };
    let first = ask.plan_with(&gateway(), &mut claim).unwrap();
    let second = ask.plan_with(&gateway(), &mut claim).unwrap();
    assert_eq!(told(&first), ["b/m", "c/m", "a/m"]);
    assert_eq!(told(&second), ["c/m", "a/m", "b/m"]);
    assert_eq!(claimed, ["b:m", "b:m"]);
    let claim = Claim {
        key: "b:m".into(),
        at: 1_000,
    };
    assert_eq!((first.claimed, second.claimed), (Some(claim), None));
    let probed = ask.clone().stands("b:m", Standing::Probing);
    assert_eq!(probed.route(), ["c/m", "a/m", "b/m"]);
    // One that is not first is not claimed.
    let later = super::ask("m").stands("c:m", Standing::HalfOpen);
    let plan = later
        .plan_with(&gateway(), &mut |_| panic!("claimed"))
        .unwrap();
    assert_eq!(told(&plan), ["b/m", "c/m", "a/m"]);
}

#[test]
fn w36_the_only_one_is_tried_while_it_is_probed() {
    for standing in [Standing::HalfOpen, Standing::Probing] {
        let ask = ask("only-c").stands("c:only-c", standing);
        let plan = ask.plan_with(&gateway(), &mut |_| false).unwrap();
        assert_eq!(told(&plan), ["c/only-c"]);
    }
}
