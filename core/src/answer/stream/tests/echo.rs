//! What the gateway adds to a stream (W23, W42).

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::json::quoted;

const EPISODE: &str = r#""episode_id":"e-1","#;

fn echo(raw_usage: bool, raw_response: bool) -> Echo {
    Echo {
        episode: "e-1".to_owned(),
        raw_usage,
        raw_response,
        inference_id: "i-1".to_owned(),
        provider_type: "openai",
    }
}

fn new(asked: bool, raw_usage: bool, raw_response: bool) -> Stream {
    Stream::new(asked, echo(raw_usage, raw_response), Arc::default())
}

/// What the caller gets, whatever the stream is cut into.
fn got(sent: &str, stream: impl Fn() -> Stream) -> String {
    let whole = drive(stream(), &[sent.as_bytes()]).unwrap().0;
    for at in 1..sent.len() {
        let (a, b) = sent.as_bytes().split_at(at);
        let split = drive(stream(), &[a, b]).unwrap().0;
        assert_eq!(split, whole, "split at {at}");
    }
    for len in [1, 2, 7, 64] {
        let chunks: Vec<&[u8]> = sent.as_bytes().chunks(len).collect();
        assert_eq!(
            drive(stream(), &chunks).unwrap().0,
            whole,
            "{len} at a time"
        );
    }
    whole
}

/// A chunk with members before its first.
fn with(members: &str, event: &str) -> String {
    event.replacen("data: {", &format!("data: {{{members}"), 1)
}

#[test]
fn w23_the_first_chunk_has_the_episode() {
    for line_end in ["\n", "\r\n", "\r"] {
        let events = [": ping", ROLE, TEXT, STOP, USAGE, DONE];
        let sent = body(&events).replace('\n', line_end);
        let expected = body(&[": ping", &with(EPISODE, ROLE), TEXT, STOP, DONE]);
        let got = got(&sent, || new(false, false, false));
        assert_eq!(got, expected.replace('\n', line_end), "{line_end:?}");
    }
}

#[test]
fn w23_it_is_the_first_chunk_that_leaves_and_is_one() {
    let filters = r#"data: { "choices":[],"prompt_filter_results":[]}"#;
    let sent = body(&[filters, ROLE, TEXT, STOP, DONE]);
    let expected = body(&[&with(EPISODE, filters), ROLE, TEXT, STOP, DONE]);
    assert_eq!(got(&sent, || new(false, false, false)), expected);
    // The chunk with the usage is taken out: it can not tell.
    let sent = body(&[USAGE, TEXT, STOP, DONE]);
    let expected = body(&[&with(EPISODE, TEXT), STOP, DONE]);
    assert_eq!(got(&sent, || new(false, false, false)), expected);
    let sent = body(&["data: {}", TEXT, STOP, DONE]);
    let expected = body(&[r#"data: {"episode_id":"e-1"}"#, TEXT, STOP, DONE]);
    assert_eq!(got(&sent, || new(false, false, false)), expected);
}

#[test]
fn w23_a_providers_own_episode_is_replaced_wherever_it_stands() {
    let own = |event: &str| with(r#""episode_id": "theirs", "#, event);
    let ours = |event: &str| with(r#""episode_id": "e-1", "#, event);
    let sent = body(&[&own(ROLE), &own(TEXT), STOP, DONE]);
    let expected = body(&[&ours(ROLE), &ours(TEXT), STOP, DONE]);
    assert_eq!(got(&sent, || new(false, false, false)), expected);
    let sent = body(&[ROLE, &own(TEXT), STOP, DONE]);
    let expected = body(&[&with(EPISODE, ROLE), &ours(TEXT), STOP, DONE]);
    assert_eq!(got(&sent, || new(false, false, false)), expected);
}

#[test]
fn w23_data_of_many_lines_is_joined_to_be_changed() {
    let lines = TEXT.replace("{\"id\"", "{\ndata:\"id\"");
    let sent = body(&[&format!("event: chunk\n{lines}\nid: 1"), STOP, DONE]);
    let joined = with(EPISODE, &TEXT.replace("{\"id\"", "{ \"id\""));
    let expected = body(&[&format!("event: chunk\n{joined}\nid: 1"), STOP, DONE]);
    assert_eq!(got(&sent, || new(false, false, false)), expected);
    let sent = body(&[TEXT, &lines, STOP, DONE]);
    let expected = body(&[&with(EPISODE, TEXT), &lines, STOP, DONE]);
    assert_eq!(
        got(&sent, || new(false, false, false)),
        expected,
        "not without need"
    );
}

#[test]
fn w23_nothing_but_the_first_chunk_is_copied() {
    let sent = body(&[ROLE, TEXT, TEXT, TEXT, STOP, DONE]);
    let Step::Open(Some(front)) = new(false, false, false).push(sent.as_bytes(), false) else {
        panic!()
    };
    assert_eq!(front.prefix.len(), ROLE.len() + 2 + EPISODE.len());
    assert_eq!(front.covered, ROLE.len() + 2);
    let mut stream = new(false, false, false);
    stream.push(body(&[ROLE]).as_bytes(), false);
    let Step::Open(Some(front)) = stream.push(body(&[TEXT, STOP]).as_bytes(), false) else {
        panic!()
    };
    assert_eq!(
        front.covered,
        ROLE.len() + 2,
        "what opens the gate is not copied"
    );
    assert_eq!(stream.push(body(&[TEXT]).as_bytes(), false), Step::Pass);
    // The rest of an event brings back its beginning, and no more.
    let (a, b) = TEXT.split_at(30);
    stream.push(a.as_bytes(), false);
    let step = stream.push(format!("{b}\n\n{TEXT}\n\n").as_bytes(), false);
    let expected = Front {
        prefix: a.into(),
        covered: 0,
    };
    assert_eq!(step, Step::Replace(expected));
}

fn raw_usage() -> String {
    let usage = USAGE.split_once("\"usage\":").unwrap().1;
    let usage = usage.strip_suffix('}').unwrap();
    format!(
        r#""ollm_raw_usage":[{{"model_inference_id":"i-1","provider_type":"openai","api_type":"chat_completions","data":{usage}}}],"#
    )
}

#[test]
fn w42_the_raw_usage_stands_where_the_usage_does() {
    let sent = body(&[ROLE, TEXT, STOP, USAGE, DONE]);
    let usage = with(&raw_usage(), USAGE);
    let expected = body(&[&with(EPISODE, ROLE), TEXT, STOP, &usage, DONE]);
    assert_eq!(got(&sent, || new(true, true, false)), expected);
    let stripped = body(&[&with(EPISODE, ROLE), TEXT, STOP, DONE]);
    assert_eq!(got(&sent, || new(false, true, false)), stripped);
}

#[test]
fn w42_the_chunk_that_the_gateway_makes_has_it_too() {
    let figures = USAGE.split_once("\"usage\":").unwrap().1;
    let figures = figures.strip_suffix('}').unwrap();
    let stop = STOP.replace("\"usage\":null", &format!("\"usage\": {figures}"));
    let sent = body(&[TEXT, &stop, DONE]);
    let made = USAGE.replace(
        "\"id\":\"c\",",
        "\"id\":\"c\",\"object\":\"chat.completion.chunk\",",
    );
    let stop = stop.replace(figures, "null");
    let made = with(&raw_usage(), &made);
    let expected = body(&[&with(EPISODE, TEXT), &stop, &made, DONE]);
    assert_eq!(got(&sent, || new(true, true, false)), expected);
}

#[test]
fn w42_each_chunk_that_leaves_has_its_raw_text() {
    let raw = |event: &str| {
        let data = event.strip_prefix("data: ").unwrap();
        format!("\"ollm_raw_chunk\":{},", quoted(data))
    };
    let escaped = TEXT.replace("Hé", r#"\u00e9 \"q\" \\"#);
    let sent = body(&[ROLE, &escaped, STOP, USAGE, DONE]);
    let expected = body(&[
        &with(&format!("{EPISODE}{}", raw(ROLE)), ROLE),
        &with(&raw(&escaped), &escaped),
        &with(&raw(STOP), STOP),
        &with(&format!("{}{}", raw_usage(), raw(USAGE)), USAGE),
        DONE,
    ]);
    assert_eq!(got(&sent, || new(true, true, true)), expected);
    let crlf = sent.replace('\n', "\r\n");
    assert_eq!(
        got(&crlf, || new(true, true, true)),
        expected.replace('\n', "\r\n")
    );
    let without = got(&sent, || new(false, false, true));
    assert!(
        !without.contains("total_tokens"),
        "the usage chunk does not leave: {without}"
    );
}

#[test]
fn w60_an_error_in_a_choice_is_told_in_the_gateways_shape() {
    let of = |error: &str| {
        STOP.replace(
            "\"finish_reason\"",
            &format!("\"error\":{error},\"finish_reason\""),
        )
    };
    let theirs = of(r#"{"code":502,"message":"cut at gpu.internal","trace":"gpu.internal"}"#);
    let ours = of(
        r#"{"message":"cut at [redacted]","type":"provider_error","code":"upstream_error","param":null}"#,
    );
    let sent = body(&[TEXT, &theirs, DONE]);
    let expected = body(&[&with(EPISODE, TEXT), &ours, DONE]);
    assert_eq!(got(&sent, || new(false, false, false)), expected);
    let raw = got(&sent, || new(false, false, true));
    assert!(!raw.contains("gpu.internal"), "{raw}");
}

/// Streams of odd pieces, in odd cuts: the same bytes, or the same failure.
#[test]
fn w35_any_stream_in_any_cut_gives_the_same() {
    let usage = STOP.replace("\"usage\":null", "\"usage\":{\"prompt_tokens\":1}");
    let pieces = [
        ROLE,
        TEXT,
        STOP,
        &usage,
        USAGE,
        DONE,
        "\n",
        "\n\n",
        "\r\n\r\n",
        "\r",
        "\r\r",
        ": ping",
        "data:",
        "data: {",
        "{\"error\":\"x\"}",
        "data: {\"error\":{\"message\":\"x\"}}",
        "event: error",
        "<html>",
        "data: [DONE]\n\n",
        "\u{feff}",
        "id: 1",
        "é",
        "data: {\"episode_id\":1,\"choices\":[]}",
        "}",
        "data: 1",
    ];
    let mut luck = crate::luck::Luck::new([3; 16]);
    let mut below = |n: usize| usize::try_from(luck.bits() % n as u64).unwrap();
    for round in 0..5_000 {
        let mut sent = format!("{TEXT}\n\n");
        if round % 3 == 0 {
            sent.clear();
        }
        for _ in 0..below(8) {
            sent.push_str(pieces[below(pieces.len())]);
            sent.push_str(["\n\n", "\n", "\r\n\r\n", ""][below(4)]);
        }
        let (asked, raw) = (below(2) == 0, below(2) == 0);
        let of = |chunks: &[&[u8]]| drive(new(asked, raw, raw), chunks).map(|(got, _)| got);
        let whole = of(&[sent.as_bytes()]);
        let mut chunks = Vec::new();
        let mut rest = sent.as_bytes();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(1 + below(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        chunks.push(b"");
        assert_eq!(of(&chunks), whole, "{sent:?} {chunks:?}");
    }
}
