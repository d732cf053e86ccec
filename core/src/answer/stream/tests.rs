#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

mod echo;
mod likeness;
mod splits;

const ROLE: &str = r#"data: {"id":"c","created":7,"model":"m-1","choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#;
const TEXT: &str = r#"data: {"id":"c","created":7,"model":"m-1","choices":[{"delta":{"content":"Hé"},"finish_reason":null}],"usage":null}"#;
const STOP: &str = r#"data: {"id":"c","created":7,"model":"m-1","choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}"#;
const USAGE: &str = r#"data: {"id":"c","created":7,"model":"m-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#;
const DONE: &str = "data: [DONE]";

fn body(events: &[&str]) -> String {
    events.iter().map(|event| format!("{event}\n\n")).collect()
}

/// A stream whose caller knows the episode: what comes leaves as it came.
fn told(asked: bool) -> Stream {
    let private = Private::new(Some("secret-of-the-provider"), "llm.acme.example");
    Stream {
        told: true,
        ..Stream::new(asked, Echo::default(), Arc::new(private))
    }
}

/// What the caller gets, and the stream at its end.
fn run(chunks: &[&[u8]], asked: bool) -> Result<(String, Stream), Failure> {
    drive(told(asked), chunks)
}

fn drive(mut stream: Stream, chunks: &[&[u8]]) -> Result<(String, Stream), Failure> {
    let (mut waiting, mut out) = (Vec::new(), Vec::new());
    for (i, chunk) in chunks.iter().enumerate() {
        waiting.extend_from_slice(chunk);
        match stream.push(chunk, i + 1 == chunks.len()) {
            Step::Fail(failure) => return Err(failure),
            Step::Hold => continue,
            Step::Open(None) | Step::Pass => out.append(&mut waiting),
            Step::Open(Some(front)) | Step::Replace(front) => {
                out.extend(front.prefix);
                out.extend_from_slice(&waiting[front.covered..]);
            }
        }
        waiting.clear();
    }
    Ok((String::from_utf8(out).unwrap(), stream))
}

fn whole(text: &str, asked: bool) -> Result<(String, Stream), Failure> {
    run(&[text.as_bytes()], asked)
}

#[test]
fn w41_usage_is_stripped_when_not_asked_and_passes_when_asked() {
    let sent = body(&[ROLE, TEXT, STOP, USAGE, DONE]);
    let (got, stream) = whole(&sent, false).unwrap();
    assert_eq!(got, body(&[ROLE, TEXT, STOP, DONE]));
    assert_eq!(stream.usage.unwrap().prompt_tokens, Some(3));
    assert_eq!(stream.model.as_deref(), Some("m-1"));
    assert!(stream.complete());
    assert_eq!(whole(&sent, true).unwrap().0, sent);
}

#[test]
fn w41_usage_in_another_form_becomes_the_one_chunk() {
    let text = TEXT.replace(
        "\"usage\":null",
        "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":0}",
    );
    let stop = STOP.replace(
        "\"usage\":null",
        "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}",
    );
    let sent = body(&[&text, &stop, DONE]);
    assert_eq!(whole(&sent, false).unwrap().0, body(&[TEXT, STOP, DONE]));
    let usage = USAGE.replace(
        "\"id\":\"c\",",
        "\"id\":\"c\",\"object\":\"chat.completion.chunk\",",
    );
    assert_eq!(
        whole(&sent, true).unwrap().0,
        body(&[TEXT, STOP, &usage, DONE])
    );
}

#[test]
fn w34_the_gate_opens_at_the_first_word_or_finish() {
    let mut stream = told(false);
    let event = |text: &str| format!("{text}\n\n").into_bytes();
    assert_eq!(stream.push(&event(ROLE), false), Step::Hold);
    assert_eq!(stream.push(&event(TEXT), false), Step::Open(None));
    assert_eq!(stream.push(&event(TEXT), false), Step::Pass);
    for delta in [
        r#"{"reasoning_content":"x"}"#,
        r#"{"tool_calls":[{"index":0}]}"#,
        r#"{"refusal":"no"}"#,
        r#"{"audio":{"data":"x"}}"#,
    ] {
        let chunk = format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n");
        assert_eq!(
            told(false).push(chunk.as_bytes(), false),
            Step::Open(None),
            "{delta}"
        );
    }
    assert_eq!(told(false).push(&event(STOP), false), Step::Open(None));
}

#[test]
fn w34_the_gate_opens_at_its_limit() {
    let mut stream = told(false);
    let ping = ": ping\n\n".repeat(GATE / 8);
    assert_eq!(stream.push(ping.as_bytes(), false), Step::Hold);
    assert_eq!(stream.push(b": ping\n\n", false), Step::Open(None));
}

#[test]
fn w31_an_error_before_the_first_word_is_a_failed_attempt() {
    for error in [
        "data: {\"error\":{\"message\":\"overloaded\"}}\n\n",
        "event: error\ndata: {\"type\":\"overloaded_error\"}\n\n",
        "{\"error\":{\"message\":\"overloaded\"}}",
        "data: {\"choices\":[{\"error\":{\"code\":502},\"delta\":{},\"finish_reason\":\"error\"}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n",
    ] {
        assert_eq!(
            whole(error, false).unwrap_err(),
            Failure::InBandError,
            "{error}"
        );
        let late = format!("{ROLE}\n\n{error}");
        assert!(whole(&late, false).is_err(), "{error}");
    }
    for nonsense in [
        "",
        "<html>\n\n</html>",
        "{}",
        "data: {\n\n",
        "data: [DONE]\n\n",
        ": ping\n\n",
        ROLE,
    ] {
        assert_eq!(
            whole(nonsense, false).unwrap_err(),
            Failure::Malformed,
            "{nonsense}"
        );
    }
}

#[test]
fn w31_a_long_page_is_no_stream() {
    let page = format!("<html>{}", "\n\n<p>".repeat(GATE));
    assert_eq!(
        run(&[page.as_bytes(), b"x"], false).unwrap_err(),
        Failure::Malformed
    );
}

#[test]
fn w35_a_body_that_ends_early_gets_a_last_event_and_no_done() {
    let (got, stream) = whole(&body(&[ROLE, TEXT]), false).unwrap();
    let last = got.strip_prefix(&body(&[ROLE, TEXT])).unwrap();
    assert!(
        last.starts_with("data: {\"error\":") && last.contains("upstream_truncated"),
        "{last}"
    );
    assert!(last.ends_with("}\n\n") && !got.contains("[DONE]"));
    assert!(stream.truncated && !stream.complete());
    let cut = format!("{}data: {{\"choices\":[{{\"del", body(&[TEXT]));
    let (got, _) = whole(&cut, false).unwrap();
    assert!(got.contains("upstream_truncated"));
}

#[test]
fn w35_a_missing_done_is_added_after_a_finish() {
    assert_eq!(
        whole(&body(&[TEXT, STOP]), false).unwrap().0,
        body(&[TEXT, STOP, DONE])
    );
    let (got, _) = whole(&body(&[TEXT, STOP, USAGE]), true).unwrap();
    assert_eq!(got, body(&[TEXT, STOP, USAGE, DONE]));
    let unended = format!("{}{DONE}", body(&[TEXT, STOP]));
    assert_eq!(whole(&unended, false).unwrap().0, body(&[TEXT, STOP, DONE]));
}

/// The error of the gateway's that tells of a provider's.
fn late(message: &str) -> String {
    format!(
        r#"data: {{"error":{{"message":"{message}","type":"provider_error","code":"upstream_error","param":null}}}}"#
    )
}

#[test]
fn w35_w60_an_error_after_the_first_word_is_told_in_the_gateways_shape() {
    let at = "boom at llm.acme.example with secret-of-the-provider";
    let clean = late("boom at [redacted] with [redacted]");
    let none = late("The provider reported an error.");
    let cases = [
        (
            format!(r#"data: {{"error":{{"message":"{at}","code":"c","x":1}}}}"#),
            &clean,
        ),
        (
            format!(r#"data: {{"id":"c","error":"{at}","choices":[]}}"#),
            &clean,
        ),
        (
            format!("event: error\ndata: {{\"type\":\"e\",\"message\":\"{at}\"}}"),
            &clean,
        ),
        (
            format!("event: error\nid: 7\ndata: {{\ndata: \"error\":\"{at}\"}}"),
            &clean,
        ),
        (format!(r#"{{"error":{{"message":"{at}"}}}}"#), &clean),
        (format!("{{\"error\":\n \"{at}\"}}\n{DONE}"), &clean),
        (format!("event: error\ndata: {at}"), &none),
        (format!("data: {{\"error\":{{\"message\":\"{at}"), &none),
        ("data: {\"error\":{}}".to_owned(), &none),
    ];
    for (error, expected) in cases {
        for rest in [vec![], vec![TEXT, ": ping", USAGE, DONE]] {
            let sent = body(&[&[TEXT, error.as_str()], rest.as_slice()].concat());
            for at in 1..sent.len() {
                let (a, b) = sent.as_bytes().split_at(at);
                let (got, stream) = run(&[a, b], true).unwrap();
                assert_eq!(got, body(&[TEXT, expected]), "{error}: split at {at}");
                assert!(stream.truncated && !stream.complete() && !stream.is_done());
                let billed = stream.usage.is_some();
                assert_eq!(
                    billed,
                    !rest.is_empty(),
                    "what comes behind it is for the record"
                );
            }
        }
    }
}

#[test]
fn w60_words_that_are_no_events_do_not_leave() {
    for words in [
        "<html>gpu.internal</html>",
        "upstream gpu.internal is away",
        "data: gpu.internal",
    ] {
        let (got, _) = whole(&body(&[TEXT, words, STOP, DONE]), false).unwrap();
        assert_eq!(got, body(&[TEXT, STOP, DONE]), "{words}");
    }
    let (got, _) = whole(
        &body(&[TEXT, &format!("gpu.internal\n{STOP}"), DONE]),
        false,
    )
    .unwrap();
    assert_eq!(got, body(&[TEXT, STOP, DONE]));
    for known in [
        ": ping",
        "id: 7",
        "retry: 5",
        "data:",
        "data",
        "id: 7\ndata: ",
    ] {
        let sent = body(&[TEXT, known, STOP, DONE]);
        assert_eq!(whole(&sent, false).unwrap().0, sent, "{known}");
    }
}

#[test]
fn a_broken_event_after_the_first_word_passes() {
    let sent = body(&[TEXT, "data: {\"choices\":[{", STOP, DONE]);
    let (got, stream) = whole(&sent, false).unwrap();
    assert_eq!(got, sent);
    assert!(stream.complete());
}

#[test]
fn memory_is_bounded_by_one_event() {
    let mut stream = told(false);
    assert_eq!(
        stream.push(format!("{TEXT}\n\n").as_bytes(), false),
        Step::Open(None)
    );
    let part = vec![b'x'; 256 * 1024];
    let mut left = 0;
    for _ in 0..40 {
        match stream.push(&part, false) {
            Step::Replace(front) => left += front.prefix.len() + part.len() - front.covered,
            Step::Pass => left += part.len(),
            step => panic!("{step:?}"),
        }
        assert!(stream.carry.len() <= EVENT);
    }
    assert!(left >= 40 * part.len() - EVENT, "what is too long passes");
}

#[test]
fn w34_past_the_gate_nothing_fails_and_nothing_is_lost() {
    let pings = ": ping\n\n".repeat(GATE / 8 + 1);
    let after = |event: &str| {
        let mut stream = told(false);
        assert_eq!(stream.push(pings.as_bytes(), false), Step::Open(None));
        let step = stream.push(format!("{event}\n\n").as_bytes(), false);
        (step, stream)
    };
    let (step, stream) = after("data: {\"error\":{\"message\":\"late\"}}");
    assert!(
        matches!(step, Step::Replace(_)) && stream.truncated,
        "{step:?}"
    );
    let (step, stream) = after(DONE);
    assert_eq!((step, stream.is_done()), (Step::Pass, true));
    let (step, stream) = after("data: {broken");
    assert_eq!((step, stream.truncated), (Step::Pass, false));
    let long = format!(
        "data: {{\"error\":{{\"message\":\"{}\"}}}}\n\n",
        "x".repeat(GATE + 10)
    );
    let (a, b) = long.as_bytes().split_at(GATE + 5);
    let (got, stream) = run(&[a, b], false).unwrap();
    let expected = body(&[&late("The provider reported an error.")]);
    assert_eq!(
        (got, stream.truncated),
        (expected, true),
        "it opened by its size"
    );
}

#[test]
fn an_event_too_long_to_be_read_says_something() {
    let event = format!("data: {{\"x\":\"{}\"}}\n\n", "i".repeat(2 * EVENT));
    let sent = format!("{event}{DONE}\n\n");
    let chunks: Vec<&[u8]> = sent.as_bytes().chunks(16 * 1024).collect();
    let (got, stream) = run(&chunks, false).unwrap();
    assert!(got == sent && stream.complete() && stream.chunks > 0);
    let chunks: Vec<&[u8]> = event.as_bytes().chunks(16 * 1024).collect();
    let (got, _) = run(&chunks, false).unwrap();
    assert!(
        !got.contains("upstream_truncated"),
        "its end may have been in it"
    );
}
