#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::Config;
use crate::head::Head;
use crate::luck::Luck;
use crate::reply::Reply;
use crate::spend::{EndReason, Outcome, Record, UsageSource};

const DOCUMENT: &str = r#"{
    "auth": {"mode": "open"},
    "providers": {
        "a": {"host": "a.example", "path_prefix": "/v1", "auth": {"scheme": "Bearer", "env": "A"}},
        "b": {"kind": "azure", "host": "b.example", "api_version": "1",
            "auth": {"header": "api-key", "env": "B"}}},
    "models": {"m": {"providers": [{"provider": "a"}, {"provider": "b", "model": "mini"}]}},
    "defaults": {"limits": {"body_bytes": 100000, "held_answer_bytes": 1000},
        "timeouts": {"first_token_ms": 1000, "answer_ms": 5000}}
}"#;
const PLAIN: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
const STREAM: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}"#;
const ANSWER: &str = r#"{"model":"m-1","choices":[{"message":{"content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
const WORD: &str =
    "data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const STOP: &str =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

fn head(headers: &[(&str, &str)]) -> Head {
    Head::new(
        headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
    )
}

/// Drives an exchange to the phase under test. Its clock is the caller's.
struct Scenario {
    exchange: Exchange,
    now: u64,
    sent: Sent,
}

impl Scenario {
    fn opened(headers: &[(&str, &str)]) -> Result<Awaiting, Reply> {
        let config = Config::parse(DOCUMENT.as_bytes()).unwrap();
        let gateway = Arc::new(Gateway::new(config, |name| Some(format!("secret-{name}"))));
        let base = [(":method", "POST"), (":path", "/v1/chat/completions")];
        match open(
            &gateway,
            &head(&[&base, headers].concat()),
            1_000,
            &mut Luck::new([5; 16]),
        ) {
            Opened::Await(waiting) => Ok(*waiting),
            Opened::Reply(reply) => Err(reply),
            Opened::Pass => panic!("passed"),
        }
    }

    fn sent_with(body: &str, headers: &[(&str, &str)]) -> Self {
        let waiting = Self::opened(headers).unwrap();
        let (exchange, sent) = waiting.body(body.into(), &mut Luck::new([5; 16])).unwrap();
        Self {
            exchange,
            now: 1_000,
            sent,
        }
    }

    fn sent(body: &str) -> Self {
        Self::sent_with(body, &[("x-request-id", "label"), ("user-agent", "test")])
    }

    fn attempt(&mut self, provider: &str) -> AttemptHead {
        self.now += 10;
        let incoming = head(&[
            ("traceparent", "00-1"),
            ("cookie", "c"),
            ("authorization", "x"),
        ]);
        self.exchange
            .attempt(provider, &incoming, self.now)
            .ok()
            .unwrap()
    }

    fn answers(&mut self, status: &str, media: &str) -> Verdict {
        self.now += 10;
        let head = head(&[(":status", status), ("content-type", media)]);
        self.exchange.answer_head(&head, false, self.now)
    }

    fn body(&mut self, all: &str, end: bool) -> Flow {
        self.now += 10;
        let bytes = all.as_bytes();
        let read = &mut |start: usize, len: usize| bytes[start..start + len].to_vec();
        self.exchange.answer_body(bytes.len(), end, self.now, read)
    }

    fn closed(&mut self) -> Record {
        self.exchange.close(None, self.now + 5).expect("a record")
    }
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.as_str())
}

#[test]
fn w43_an_attempt_carries_only_what_is_on_the_list() {
    let mut scenario = Scenario::sent(PLAIN);
    assert_eq!(scenario.sent.cluster, "a");
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
    assert_eq!(first.next, "b");
    scenario.answers("429", "application/json");
    let second = scenario.attempt("b");
    assert_eq!(value(&second.headers, "authorization"), None, "E9");
    assert_eq!(value(&second.headers, "api-key"), Some("secret-B"));
    assert_eq!((second.edited, second.next.as_str()), (true, ""));
    let body = scenario
        .exchange
        .attempt_body(|_| panic!("it is kept"))
        .unwrap();
    assert_eq!(body.prefix, b"{\"model\":\"mini\"");
}

#[test]
fn an_attempt_at_another_provider_than_planned_does_not_leave() {
    let mut scenario = Scenario::sent(PLAIN);
    let misrouted = scenario
        .exchange
        .attempt("b", &Head::default(), 0)
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
    assert_eq!(scenario.sent.set[0].1, "1");
    assert_eq!(scenario.sent.set[1].1, "5000");
    assert_eq!(Scenario::sent(STREAM).sent.set[1].1, "1000");
}

#[test]
fn a_large_body_is_read_from_the_host_for_the_next_attempt() {
    let text = "x".repeat(20_000);
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    let mut scenario = Scenario::sent(&body);
    scenario.attempt("a");
    assert_eq!(
        scenario.exchange.attempt_body(|_| panic!("not edited")),
        None
    );
    scenario.answers("500", "text/plain");
    scenario.attempt("b");
    let read = |len: usize| body.as_bytes()[..len].to_vec();
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
        body: None,
    } = scenario.body(ANSWER, true)
    else {
        panic!()
    };
    assert_eq!(value(&headers, "x-gateway-route"), Some("a;200;30ms"));
    assert_eq!(
        value(&headers, "x-gateway-request-id"),
        Some(scenario.exchange.id())
    );
    assert_eq!(
        value(&headers, "content-length"),
        Some(ANSWER.len().to_string().as_str())
    );
    assert_eq!(scenario.exchange.given_up(scenario.now), None);
    let record = scenario.closed();
    assert_eq!((record.end, record.status), (EndReason::Complete, 200));
    assert_eq!(record.provider.as_deref(), Some("a"));
    assert_eq!(record.response_model.as_deref(), Some("m-1"));
    assert_eq!(record.usage_source, Some(UsageSource::Provider));
    assert_eq!((record.first_token_ms, record.duration_ms), (Some(40), 45));
    assert_eq!(record.request_id.as_deref(), Some("label"));
    assert_eq!(record.tags["user_agent"], "test");
}

#[test]
fn w31_w61_when_all_fail_each_is_told() {
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    assert_eq!(scenario.answers("200", "text/html"), Verdict::Fail);
    scenario.attempt("b");
    assert_eq!(scenario.answers("429", "application/json"), Verdict::Fail);
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
    let body = r#"{"error":{"message":"too long","type":"t","secret":"s"}}"#;
    assert_eq!(scenario.body(body.get(..20).unwrap(), false), Flow::Hold);
    assert_eq!(scenario.body(body, true), Flow::Pass);
    let reply = scenario.exchange.given_up(scenario.now).unwrap();
    assert_eq!(reply.status, 400);
    assert!(
        reply.body.contains("too long") && !reply.body.contains("secret"),
        "{}",
        reply.body
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
        Flow::Open { body: None, .. }
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
    let mut scenario = Scenario::sent(PLAIN);
    scenario.attempt("a");
    scenario.answers("200", "application/json");
    assert!(matches!(
        scenario.body(&"x".repeat(1001), false),
        Flow::Open { body: None, .. }
    ));
    assert_eq!(scenario.body("y", true), Flow::Pass);
    let record = scenario.closed();
    assert_eq!(
        (record.end, record.usage_source),
        (EndReason::Complete, Some(UsageSource::Estimated))
    );
}

#[test]
fn w52_a_dry_run_leaves_no_record() {
    let body = PLAIN.replacen('{', r#"{"ollm::dryrun":true,"#, 1);
    let mut scenario = Scenario::sent(&body);
    assert_eq!(scenario.exchange.close(None, 0), None);
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
