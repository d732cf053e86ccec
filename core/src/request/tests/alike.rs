//! Items that are alike are judged as if each stood alone.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Messages, each behind its brace: some sound, some not, most like another one.
const MESSAGES: [&str; 24] = [
    r#""role":"user","content":"a"}"#,
    r#""role":"user","content":"b \" \\"}"#,
    r#""role":"user","content":""}"#,
    r#""role":"user","content":"a","name":"n"}"#,
    r#""role":"user","content":"a","content":7}"#,
    r#""role":"user","content":7}"#,
    r#""role":"assistant","content":"a"}"#,
    r#""role":"assistant","content":"b" }"#,
    r#""role":"assistant","content":"a","tool_calls":[{"id":"i","function":{"name":"f"}}]}"#,
    r#""role":"assistant","content":"a","tool_calls":[{"id":"i","function":{"name":7}}]}"#,
    r#""role":"assistant","tool_calls":"[{\"id\":\"i\"}]","content":"a"}"#,
    r#""role":"assistant","tool_calls":"[{\"id\":7}]","content":"a"}"#,
    r#""role":"assistant","refusal":7,"content":"a"}"#,
    r#""content":"a","role":"user"}"#,
    r#""content":"a","role":"friend"}"#,
    r#""content":"a","role":"tool"}"#,
    r#""name":"n","role":"user"}"#,
    r#""role":"tool","tool_call_id":"i"}"#,
    r#""role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
    r#""role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b","text":7}]}"#,
    r#""role":"user","content":[{"type":"new","text":7,"refusal":"a"},{"type":"new","text":7,"refusal":"b"}]}"#,
    r#""role":"user","content":[{"type":"image_url","image_url":"u"},{"type":"image_url","image_url":"v"}]}"#,
    r#""role":"user","content":[{"type":"image_url"},{"type":"image_url"}]}"#,
    r#""role":"user"}"#,
];

fn body(messages: &[usize], unlike: bool) -> String {
    let all = messages.iter().enumerate().map(|(i, message)| {
        // No two of them begin with as many spaces; nor do their parts.
        let space = " ".repeat(if unlike { i + 1 } else { 0 });
        let message = MESSAGES[*message].replace("},{", &format!("}},{{{space} "));
        format!("{{{space}{message}")
    });
    let all: Vec<_> = all.collect();
    format!(r#"{{"model":"m","messages":[{}]}}"#, all.join(", "))
}

fn judged(body: &str) -> Result<(Option<String>, usize), Vec<String>> {
    match parse(body) {
        Ok(chat) => Ok((chat.model, chat.inline.len())),
        Err(Rejection::Fields(details)) => Err(details
            .into_iter()
            .map(|detail| format!("{:?} {} {}", detail.param, detail.code, detail.message))
            .collect()),
        Err(other) => panic!("{body}: {other:?}"),
    }
}

#[test]
fn w10_items_that_are_alike_are_judged_one_by_one() {
    let mut state = 7_u32;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap() % below
    };
    let mut sound = 0;
    for _ in 0..4_000 {
        // Of two kinds mostly, as turns are.
        let (kinds, len) = ([next(24), next(24), next(24)], 2 + next(7));
        let messages: Vec<_> = (0..len).map(|i| kinds[(i + next(5) / 4) % 3]).collect();
        let found = judged(&body(&messages, false));
        sound += usize::from(found.is_ok());
        assert_eq!(found, judged(&body(&messages, true)), "{messages:?}");
    }
    assert!((500..3_500).contains(&sound), "{sound}");
}

#[test]
fn w17_what_is_broken_behind_an_item_that_is_alike_is_told_as_ever() {
    let fault = |space: &str, rest: &str| {
        let first = r#"{"role":"user","content":"a"}"#;
        let body = format!(
            r#"{{"model":"m","messages":[{first},{{{space}"role":"user","content":"{rest}"#
        );
        match parse(&body) {
            Err(Rejection::InvalidJson(fault, _)) => (fault.at - space.len(), fault.kind),
            other => panic!("{body}: {other:?}"),
        }
    };
    for rest in [
        "a\u{1}\"}]}",
        "a\\x\"}]}",
        "a",
        "a\"",
        "a\"]",
        "a\"}",
        "a\"}}",
        "a\"}]",
    ] {
        assert_eq!(fault("", rest), fault(" ", rest), "{rest}");
    }
}
