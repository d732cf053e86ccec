//! What is read of a request's head, and told in an answer's.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn w37_the_effort_that_was_sent_is_told() {
    let effort = |effort: &str| {
        let body = PLAIN.replacen('{', &format!("{{\"reasoning_effort\":{effort},"), 1);
        let mut scenario = Scenario::sent(&body);
        scenario.attempt("a");
        scenario.answers("200", "application/json");
        let Flow::Open { headers, .. } = scenario.body(ANSWER, true) else {
            panic!()
        };
        value(&headers, "x-gateway-reasoning-effort").map(str::to_owned)
    };
    assert_eq!(effort("\"high\"").as_deref(), Some("high"));
    assert_eq!(effort("\"auto\""), None);
    assert_eq!(effort("null"), None);
    assert_eq!(
        effort("\"a\\r\\nb: c\""),
        None,
        "no header can be made of it"
    );
}

#[test]
fn w03_a_charset_other_than_utf_8_is_refused() {
    let status = |media: &str| {
        let opened = Scenario::opened(&[("content-type", media)]);
        opened.err().map(|reply| reply.status)
    };
    for good in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
    ] {
        assert_eq!(status(good), None, "{good}");
    }
    for bad in [
        "application/json; charset=utf-16",
        "application/json;charset=latin1",
        "text/json",
    ] {
        assert_eq!(status(bad), Some(415), "{bad}");
    }
}
