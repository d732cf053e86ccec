#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::Config;
use crate::head::Head;
use crate::luck::Luck;
use crate::reply::Reply;
use crate::spend::{EndReason, Outcome, Record, UsageSource};

mod again;
mod echo;
mod harm;
mod heads;
mod limits;
mod sampled;
mod scenario;

use scenario::*;

#[test]
fn w43_an_attempt_carries_only_what_is_on_the_list() {
    let mut scenario = Scenario::sent(PLAIN);
    assert_eq!(scenario.exchange.next(), Some("a"));
    let first = scenario.attempt("a");
    assert_eq!(
        value(&first.headers, "authorization"),
        Some("Bearer secret-A")
    );
    assert_eq!(value(&first.headers, ":path"), Some("/v1/chat/completions"));
    assert_eq!(
        value(&first.headers, "content-length"),
        Some(PLAIN.len().to_string().as_str())
    );
    assert_eq!(value(&first.headers, "traceparent"), Some("00-1"));
    assert_eq!(
        (value(&first.headers, "cookie"), first.edited),
        (None, false)
    );
    assert_eq!(scenario.exchange.next(), None, "it has not failed");
    scenario.answers("429", "application/json");
    assert_eq!(scenario.exchange.next(), Some("b"));
    let second = scenario.attempt("b");
    assert_eq!(value(&second.headers, "authorization"), None, "E9");
    assert_eq!(value(&second.headers, "api-key"), Some("secret-B"));
    assert!(second.edited);
    let body = scenario
        .exchange
        .attempt_body(|_| panic!("it is kept"))
        .unwrap();
    assert_eq!(body.prefix, b"{\"model\":\"mini\"");
}

#[test]
fn w43_a_callers_trace_goes_on_whether_or_not_a_tracer_is_looked_for() {
    let mut tracer = Tracer::default();
    while tracer.is_looked_for() {}
    for (headers, trace) in [(&[][..], None), (&[("traceparent", "00-0")], Some("00-1"))] {
        let mut scenario = Scenario::sent_with(PLAIN, headers);
        scenario.tracer = tracer.clone();
        let first = scenario.attempt("a");
        assert_eq!(value(&first.headers, "traceparent"), trace);
        // What a caller sends says nothing of a tracer.
        assert!((1..16).any(|_| !scenario.tracer.is_looked_for()));
    }
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    assert!((1..200).all(|_| scenario.tracer.is_looked_for()));
}

#[test]
fn an_attempt_at_another_provider_than_planned_does_not_leave() {
    let mut scenario = Scenario::sent(PLAIN);
    let misrouted = scenario
        .exchange
        .attempt("b", |_| None, &mut Tracer::default(), 0)
        .err()
        .unwrap();
    assert_eq!(
        (misrouted.planned.as_str(), misrouted.found.as_str()),
        ("a", "b")
    );
}

#[test]
fn e23_the_callers_word_to_envoy_is_removed() {
    let scenario = Scenario::sent_with(PLAIN, &[("x-envoy-attempt-count", "2"), ("x-foo", "1")]);
    assert_eq!(scenario.sent.remove, ["x-envoy-attempt-count"]);
    assert_eq!(scenario.sent.set[0].1, 1);
    assert_eq!(scenario.sent.set[1].1, 5000);
    assert_eq!(Scenario::sent(STREAM).sent.set[1].1, 1000);
}

#[test]
fn a_body_is_read_from_the_host_for_the_next_attempt() {
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    assert_eq!(
        scenario.exchange.attempt_body(|_| panic!("not edited")),
        None
    );
    scenario.answers("500", "text/plain");
    scenario.attempt("b");
    let read = |len: usize| PLAIN.as_bytes()[..len].to_vec();
    let edited = scenario.exchange.attempt_body(read).unwrap();
    assert_eq!(
        (edited.prefix.as_slice(), edited.covered),
        (b"{\"model\":\"mini\"".as_slice(), 12)
    );
}

#[test]
fn w50_a_plain_answer_is_recorded() {
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    assert_eq!(
        scenario.answers("200", "application/json; charset=utf-8"),
        Verdict::Hold
    );
    assert_eq!(scenario.body(ANSWER.get(..10).unwrap(), false), Flow::Hold);
    let Flow::Open {
        headers,
        body: Some(front),
    } = scenario.body(ANSWER, true)
    else {
        panic!()
    };
    let length = ANSWER.len() - front.covered + front.prefix.len();
    assert_eq!(value(&headers, "x-gateway-route"), Some("a;200;30ms"));
    assert_eq!(
        value(&headers, "x-gateway-request-id"),
        Some(scenario.exchange.id())
    );
    assert_eq!(
        value(&headers, "content-length"),
        Some(length.to_string().as_str())
    );
    assert_eq!(scenario.exchange.given_up(scenario.now), None);
    let record = scenario.closed();
    assert_eq!((record.end, record.status), (EndReason::Complete, 200));
    assert_eq!(record.provider.as_deref(), Some("a"));
    assert_eq!(record.response_model.as_deref(), Some("m-1"));
    assert_eq!(record.usage_source, Some(UsageSource::Provider));
    assert_eq!((record.first_token_ms, record.duration_ms), (Some(40), 45));
    assert_eq!(record.request_id.as_deref(), Some("label"));
    assert_eq!(record.user_agent.as_deref(), Some("test"));
    assert!(record.tags.is_empty());
}

#[test]
fn w31_w61_when_all_fail_each_is_told() {
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    assert_eq!(scenario.answers("200", "text/html"), Verdict::Fail(None));
    scenario.attempt("b");
    assert_eq!(
        scenario.answers("429", "application/json"),
        Verdict::Fail(None)
    );
    let reply = scenario.exchange.given_up(scenario.now).unwrap();
    assert_eq!(reply.status, 429);
    assert!(
        reply
            .body
            .contains(r#"{"provider":"a","status":200,"outcome":"malformed"}"#)
    );
    let record = scenario.closed();
    assert_eq!(
        (record.end, record.status, record.provider),
        (EndReason::Failed, 429, None)
    );
    assert_eq!(record.usage_source, None);
    assert_eq!(record.attempts[1].outcome, Outcome::Status);
}

#[test]
fn w61_a_time_limit_is_told_from_a_refused_connection() {
    for (waited, outcome, status) in [(5_000, Outcome::Timeout, 504), (20, Outcome::Failed, 502)] {
        let mut scenario = Scenario::sent(PLAIN);
        scenario.attempt("a");
        scenario.now += waited;
        scenario.exchange.left(scenario.now);
        scenario.attempt("b");
        scenario.now += waited;
        let reply = scenario.exchange.given_up(scenario.now).unwrap();
        assert_eq!(reply.status, status);
        let record = scenario.closed();
        assert_eq!(
            record
                .attempts
                .iter()
                .map(|a| a.outcome)
                .collect::<Vec<_>>(),
            [outcome; 2]
        );
    }
}

#[test]
fn w61_a_refusal_comes_back_with_status_and_message() {
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    assert_eq!(scenario.answers("400", "application/json"), Verdict::Hold);
    let body = r#"{"error":{"message":"too long for secret-A at a.example","type":"t",
        "secret":"s","code":"context_length_exceeded","param":"messages"}}"#;
    assert_eq!(scenario.body(body.get(..20).unwrap(), false), Flow::Hold);
    assert_eq!(scenario.body(body, true), Flow::Pass);
    let reply = scenario.exchange.given_up(scenario.now).unwrap();
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.body,
        r#"{"error":{"message":"too long for [redacted] at [redacted]","type":"invalid_request_error","code":"context_length_exceeded","param":"messages"}}"#
    );
    assert_eq!(scenario.closed().end, EndReason::Refused);
}

#[test]
fn w34_a_stream_fails_over_before_its_first_word() {
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    assert_eq!(scenario.answers("200", "text/event-stream"), Verdict::Hold);
    assert_eq!(scenario.body("data: {\"error\":{}}\n\n", false), Flow::Fail);
    scenario.attempt("b");
    scenario.answers("200", "text/event-stream");
    assert!(matches!(
        scenario.body(WORD, false),
        Flow::Open { body: Some(_), .. }
    ));
    assert_eq!(scenario.body(STOP, true), Flow::Pass);
    let record = scenario.closed();
    assert_eq!(record.end, EndReason::Complete);
    assert_eq!(record.attempts[0].outcome, Outcome::InBandError);
    assert_eq!(record.provider.as_deref(), Some("b"));
}

#[test]
fn w53_a_caller_that_hangs_up_is_billed_an_estimate() {
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    scenario.answers("200", "text/event-stream");
    scenario.body(WORD, false);
    assert!(!scenario.exchange.is_settled());
    let record = scenario.closed();
    assert_eq!((record.end, record.status), (EndReason::CallerGone, 200));
    assert_eq!(record.usage_source, Some(UsageSource::Estimated));
    assert_eq!(record.usage.completion_tokens, Some(2), "five bytes");
    scenario.exchange.left(scenario.now);
}

#[test]
fn w35_a_reset_after_the_first_word_is_a_truncation() {
    let reset = |details, left_first| {
        let mut scenario = Scenario::sent(STREAM);
        scenario.attempt("a");
        scenario.answers("200", "text/event-stream");
        scenario.body(WORD, false);
        if left_first {
            scenario.exchange.left(scenario.now);
        }
        scenario.exchange.close(details, scenario.now).unwrap().end
    };
    assert_eq!(reset(None, true), EndReason::Truncated);
    assert_eq!(
        reset(Some("upstream_reset_after_response_started"), false),
        EndReason::Truncated
    );
    assert_eq!(
        reset(Some("downstream_remote_disconnect"), false),
        EndReason::CallerGone
    );
}

#[test]
fn w34_a_plain_answer_above_the_limit_passes() {
    let of = |last: &str| {
        let mut scenario = Scenario::sent(PLAIN);
        scenario.attempt("a");
        scenario.answers("200", "application/json");
        let opened = scenario.body(&"x".repeat(1001), false);
        assert!(matches!(opened, Flow::Open { body: None, .. }));
        assert_eq!(scenario.body(last, true), Flow::Pass);
        scenario.closed()
    };
    let record = of("y");
    assert_eq!(record.usage_source, Some(UsageSource::Estimated));
    assert_eq!(record.usage.completion_tokens, None, "unknown, not 0");
    let record = of(r#"], "usage" : {"prompt_tokens":7,"completion_tokens":9}, "x":1}"#);
    assert_eq!(record.usage_source, Some(UsageSource::Provider));
    assert_eq!(
        (record.end, record.usage.completion_tokens),
        (EndReason::Complete, Some(9))
    );
}

#[test]
fn a_caller_that_leaves_after_done_has_all_of_it() {
    for details in [
        "downstream_remote_disconnect",
        "upstream_reset_after_response_started",
    ] {
        for left_first in [false, true] {
            let mut scenario = Scenario::sent(STREAM);
            scenario.attempt("a");
            scenario.answers("200", "text/event-stream");
            scenario.body(WORD, false);
            scenario.body(STOP, false);
            if left_first {
                scenario.exchange.left(scenario.now);
            }
            let record = scenario
                .exchange
                .close(Some(details), scenario.now)
                .unwrap();
            assert_eq!(record.end, EndReason::Complete, "{details}");
        }
    }
}

#[test]
fn what_a_failed_attempt_said_is_not_the_next_ones() {
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    scenario.answers("200", "text/event-stream");
    let role = "data: {\"model\":\"of-a\",\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":9}}\n\n";
    scenario.body(role, false);
    assert_eq!(
        scenario.body(&format!("{role}data: {{\"error\":1}}\n\n"), false),
        Flow::Fail
    );
    scenario.attempt("b");
    scenario.answers("200", "text/event-stream");
    scenario.body(WORD, false);
    let record = scenario.closed();
    assert_eq!(record.response_model.as_deref(), Some("m-1"));
    assert_eq!(record.usage_source, Some(UsageSource::Estimated));
}

#[test]
fn w52_a_dry_run_leaves_no_record() {
    let body = PLAIN.replacen('{', r#"{"ollm::dryrun":true,"#, 1);
    let mut scenario = Scenario::sent(&body);
    assert_eq!(scenario.exchange.close(None, 0), None);
}

#[test]
fn w51_the_playground_is_a_tag() {
    let tags = r#"{"ollm::tags":{"source":"playground","team":"a"},"#;
    let mut scenario = Scenario::sent(&PLAIN.replacen('{', tags, 1));
    let tags = scenario.closed().tags;
    let told: Vec<_> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(told, [("playground", "true"), ("team", "a")]);
}

#[test]
fn w17_a_body_above_the_limit_is_refused_by_its_length_or_as_it_grows() {
    let declared = Scenario::opened(&[("content-length", "100001")])
        .err()
        .unwrap();
    assert_eq!(declared.status, 413);
    let waiting = Scenario::opened(&[]).ok().unwrap();
    assert_eq!(waiting.grown(100_000), Ok(()));
    assert_eq!(waiting.grown(100_001).unwrap_err().status, 413);
}

#[test]
fn w03_w17_other_types_and_encodings_are_refused() {
    for (name, value, status) in [
        ("content-type", "text/plain", 415),
        ("content-type", "multipart/form-data; boundary=x", 415),
        ("content-encoding", "gzip", 415),
        ("x-opengateway-failover-sequence", "a", 400),
    ] {
        let reply = Scenario::opened(&[(name, value)]).err().unwrap();
        assert_eq!(reply.status, status, "{name}: {value}");
        assert!(
            reply
                .headers
                .iter()
                .any(|(name, _)| *name == "x-gateway-request-id")
        );
    }
    assert!(Scenario::opened(&[("content-type", "Application/JSON;charset=utf-8")]).is_ok());
}
