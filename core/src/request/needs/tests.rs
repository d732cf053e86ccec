#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::UnknownFields;
use crate::request::Rules;
use crate::route::Dialect;

const HI: &str = r#""messages":[{"role":"user","content":"hi"}]"#;

fn needs(members: &str) -> Needs {
    let rules = Rules {
        dialect: Dialect::OpenAi,
        stop_sequences: 4,
        unknown_fields: UnknownFields::Forward,
        default_model: true,
    };
    let body = format!("{{{members}}}");
    let chat = Chat::parse(body.as_bytes(), &rules).unwrap_or_else(|why| panic!("{why:?}"));
    Needs::read(&chat, body.as_bytes())
}

fn parts(parts: &str) -> Needs {
    needs(&format!(
        r#""messages":[{{"role":"user","content":[{parts}]}}]"#
    ))
}

#[test]
fn w21_what_a_request_needs() {
    use Capability::{Audio, JsonMode, JsonSchema, Streaming, Tools};
    let tool = r#"[{"type":"function","function":{"name":"f"}}]"#;
    let schema = r#"{"type":"json_schema","json_schema":{"name":"s","schema":{}}}"#;
    for (members, expected) in [
        (String::new(), vec![]),
        (
            r#","stream":false,"tools":[],"functions":[]"#.into(),
            vec![],
        ),
        (r#","stream":true"#.into(), vec![Streaming]),
        (format!(r#","tools":{tool}"#), vec![Tools]),
        (format!(r#","t\u006fols":{tool}"#), vec![Tools]),
        (r#","functions":[{"name":"f"}]"#.into(), vec![Tools]),
        (r#","response_format":{"type":"text"}"#.into(), vec![]),
        (r#","response_format":null,"tools":null"#.into(), vec![]),
        (
            r#","response_format":{"type":"json_object"}"#.into(),
            vec![JsonMode],
        ),
        (format!(r#","response_format":{schema}"#), vec![JsonSchema]),
        (
            format!(r#","response_format":" {} ""#, schema.replace('"', "\\\"")),
            vec![JsonSchema],
        ),
        (
            format!(r#","response_format":{schema},"response_format":{{"type":"text"}}"#),
            vec![JsonSchema],
        ),
        (r#","modalities":["text"]"#.into(), vec![]),
        (
            r#","modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"}"#.into(),
            vec![Audio],
        ),
    ] {
        let needs = needs(&format!("{HI}{members}"));
        assert_eq!(needs.capabilities, expected, "{members}");
        assert!(!needs.reasoning, "{members}");
    }
}

#[test]
fn w21_parts_need_eyes_and_ears() {
    for (kind, need) in [
        ("image", Some(Vision)),
        ("video_url", Some(Vision)),
        ("audio_url", Some(Audio)),
        ("document", None),
    ] {
        let needs = parts(&format!(r#"{{"type":"{kind}","x":1}}"#));
        assert_eq!(needs.capabilities, Vec::from_iter(need), "{kind}");
    }
    use Capability::{Audio, Vision};
    let image = r#"{"image_url":{"url":"data:"},"type":"image_url"}"#;
    let audio = r#"{"type":"input\u005faudio","input_audio":{"data":"","format":"wav"}}"#;
    for (content, expected) in [
        (r#"{"type":"text","text":"image_url"}"#.to_owned(), vec![]),
        (r#"{"type":"other","image_url":1}"#.to_owned(), vec![]),
        (r#"{"type":"file","file":{}}"#.to_owned(), vec![]),
        (image.to_owned(), vec![Vision]),
        (audio.to_owned(), vec![Audio]),
        (format!("{image},{audio},{image}"), vec![Vision, Audio]),
        (
            r#"{"type":"image_url","type":"text","text":"x","image_url":"y"}"#.to_owned(),
            vec![Vision],
        ),
    ] {
        assert_eq!(parts(&content).capabilities, expected, "{content}");
    }
}

#[test]
fn w21_reasoning_is_asked_for_in_two_ways() {
    for (members, expected) in [
        (r#""reasoning_effort":"auto""#, false),
        (r#""reasoning_effort":"none""#, false),
        (r#""reasoning_effort":"minimal""#, false),
        (r#""reasoning_effort":"low""#, true),
        (r#""thinking":{"type":"disabled"}"#, false),
        (r#""thinking":null"#, false),
        (
            r#""thinking":{"type":"enabled","budget_tokens":1024}"#,
            true,
        ),
    ] {
        let needs = needs(&format!("{HI},{members}"));
        assert_eq!(needs.reasoning, expected, "{members}");
        assert!(needs.capabilities.is_empty(), "{members}");
    }
}

#[test]
fn w21_tokens_are_estimated_as_documented() {
    let user = |text: &str| format!(r#""messages":[{{"role":"user","content":"{text}"}}]"#);
    let a_fifth_more = |tokens: u64| tokens + tokens.div_ceil(5);
    let tools = r#"[{"type":"function","function":{"name":"f"}}]"#;
    for (members, expected) in [
        (user(""), a_fifth_more(4)),
        (user("hello"), a_fifth_more(2 + 4)),
        (user(&"x".repeat(4000)), a_fifth_more(1000 + 4)),
        // Beyond ASCII a character is a token, however it is spelled.
        (user("grüß"), a_fifth_more(3 + 4)),
        (user(r"\u0067r\u00FC\u00df"), a_fifth_more(3 + 4)),
        (user(r"a\n\\\ud83d\ude00"), a_fifth_more(2 + 4)),
        (user(&"漢".repeat(1000)), a_fifth_more(1000 + 4)),
        (
            format!(r#"{},"max_tokens":70,"max_completion_tokens":50"#, user("")),
            a_fifth_more(4) + 50,
        ),
        (
            r#""messages":[{"role":"user","content":"1234"},{"role":"assistant","content":null,
            "refusal":"1234"},{"role":"assistant","tool_calls":[]}]"#
                .to_owned(),
            a_fifth_more(3 + 3 * 4),
        ),
        (
            format!(r#"{},"tools":{tools}"#, user("")),
            a_fifth_more(12 + 4),
        ),
    ] {
        assert_eq!(needs(&members).tokens, expected, "{members}");
    }
    let data = "A".repeat(100_000);
    let image = format!(r#"{{"type":"image_url","image_url":{{"url":"{data}"}}}}"#);
    assert_eq!(parts(&image).tokens, a_fifth_more(1000 + 4));
    let text = format!(r#"{image},{{"type":"text","text":"12345678"}}"#);
    assert_eq!(parts(&text).tokens, a_fifth_more(1000 + 2 + 4));
    let other = r#"{"type":"x","y":[1]}"#;
    assert_eq!(parts(other).tokens, a_fifth_more(5 + 4));
}

#[test]
fn w21_the_answers_cap_is_kept_apart() {
    assert_eq!(needs(HI).answer, None);
    let capped = needs(&format!(r#"{HI},"max_tokens":7"#));
    assert_eq!(capped.answer, Some(7));
}
