//! What the gateway adds to answers (W23, W42), and what of a provider's does not pass (W60).

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const EPISODE: &str = "0195ab3c-6f2e-7d11-9c5a-1f2e3d4c5b6a";

fn asking(body: &str, fields: &str) -> String {
    body.replacen('{', &format!("{{{fields},"), 1)
}

/// What the caller gets of a flow whose bytes are these.
fn leaves(flow: Flow, all: &str) -> String {
    let front = match flow {
        Flow::Open { body, .. } => body.unwrap_or_default(),
        Flow::Replace(front) => front,
        Flow::Pass => crate::answer::Front::default(),
        other => panic!("{other:?}"),
    };
    let rest = &all.as_bytes()[front.covered..];
    String::from_utf8([&front.prefix, rest].concat()).unwrap()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn w23_the_callers_episode_is_in_the_answer_and_in_the_record() {
    let body = asking(PLAIN, &format!(r#""ollm::episode_id":"{EPISODE}""#));
    let mut scenario = Scenario::sent(&body);
    scenario.attempt("a");
    scenario.answers("200", "application/json");
    let flow = scenario.body(ANSWER, true);
    let got = leaves(flow, ANSWER);
    let rest = ANSWER.strip_prefix('{').unwrap();
    assert_eq!(got, format!(r#"{{"episode_id":"{EPISODE}",{rest}"#));
    assert_eq!(scenario.closed().episode.as_deref(), Some(EPISODE));
}

#[test]
fn w23_an_episode_is_made_where_there_is_none_and_is_the_same_for_all_attempts() {
    let mut scenario = Scenario::sent(STREAM);
    let mut seen = Vec::new();
    for provider in ["a", "b"] {
        scenario.attempt(provider);
        scenario.answers("200", "text/event-stream");
        seen.push(scenario.exchange.running.as_ref().unwrap().private.clone());
        if provider == "a" {
            let error = "data: {\"error\":1}\n\n";
            assert_eq!(scenario.body(error, false), Flow::Fail);
        }
    }
    assert_ne!(seen[0], seen[1], "each provider has secrets of its own");
    let flow = scenario.body(WORD, false);
    let got = leaves(flow, WORD);
    let record = scenario.closed();
    let episode = record.episode.unwrap();
    assert_eq!((episode.len(), episode.as_bytes()[14]), (36, b'7'));
    assert_ne!(episode, record.id);
    assert!(got.starts_with(&format!("data: {{\"episode_id\":\"{episode}\",\"model\"")));
}

#[test]
fn w23_an_answer_above_the_limit_has_it_at_its_front() {
    let long = format!(" {{\"x\":\"{}\"", "x".repeat(1001));
    for (start, has) in [(long.as_str(), true), (&"x".repeat(1001), false)] {
        let mut scenario = Scenario::sent(PLAIN);
        scenario.attempt("a");
        scenario.answers("200", "application/json");
        let flow = scenario.body(start, false);
        let got = leaves(flow, start);
        assert_eq!(got.starts_with(" {\"episode_id\":\""), has, "{got}");
        assert!(got.ends_with(start.trim_start_matches([' ', '{'])));
    }
}

#[test]
fn w42_what_the_provider_said_comes_with_the_id_of_its_attempt() {
    let fields = r#""ollm::include_raw_usage":true,"ollm::include_raw_response":true"#;
    let mut scenario = Scenario::sent(&asking(PLAIN, fields));
    scenario.attempt("a");
    let first = scenario.exchange.running.as_ref().unwrap().echo.clone();
    scenario.answers("500", "text/plain");
    scenario.attempt("b");
    scenario.answers("200", "application/json");
    let Flow::Open { headers, body } = scenario.body(ANSWER, true) else {
        panic!()
    };
    let length = value(&headers, "content-length").unwrap().to_owned();
    let got = leaves(Flow::Open { headers, body }, ANSWER);
    assert_eq!(length, got.len().to_string());
    let got = json(&got);
    let raw = &got["ollm_raw_response"][0];
    assert_eq!(raw["data"], ANSWER);
    assert_eq!(raw["provider_type"], "azure");
    let id = raw["model_inference_id"].as_str().unwrap();
    assert!(id.len() == 36 && id != first.inference_id && !first.inference_id.is_empty());
    assert_eq!(got["ollm_raw_usage"][0]["data"], json(ANSWER)["usage"]);
    assert_eq!(got["ollm_raw_usage"][0]["model_inference_id"], id);
}

#[test]
fn w35_w60_an_error_in_a_stream_says_nothing_of_the_provider() {
    let mut scenario = Scenario::sent(STREAM);
    scenario.attempt("a");
    scenario.answers("200", "text/event-stream");
    scenario.body(WORD, false);
    let error = "data: {\"error\":{\"message\":\"secret-A is unknown at a.example\"}}\n\n";
    let flow = scenario.body(error, false);
    assert_eq!(
        leaves(flow, error),
        "data: {\"error\":{\"message\":\"[redacted] is unknown at [redacted]\",\
         \"type\":\"provider_error\",\"code\":\"upstream_error\",\"param\":null}}\n\n"
    );
    let done = "data: [DONE]\n\n";
    let flow = scenario.body(done, true);
    assert_eq!(leaves(flow, done), "");
    assert_eq!(scenario.closed().end, EndReason::Truncated);
}
