#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_hostile_body_gets_a_bounded_answer() {
    let ones = format!(
        r#"{{"model":"m","messages":[{}]}}"#,
        vec!["1"; 50_000].join(",")
    );
    let told = faults(&ones);
    assert_eq!((told.len(), told[100].as_str()), (101, "- more_faults"));
    let fields: Vec<_> = (0..5_000).map(|i| format!("\"u{i}\":1")).collect();
    let many = with(&format!(
        "{},\"ollm::deny_unknown_fields\":true",
        fields.join(",")
    ));
    assert!(faults(&many).contains(&"- invalid_value".to_owned()));
    let long = with(&format!(
        "\"{}\":1,\"ollm::deny_unknown_fields\":true",
        "n".repeat(100_000)
    ));
    let Err(Rejection::Fields(details)) = parse(&long) else {
        panic!()
    };
    assert!(details[0].message.len() < 400 && details[0].pointer.len() < 200);
}

#[test]
fn w51_tags_are_bounded() {
    let tags = |count: usize, value: usize| {
        let tags: Vec<_> = (0..count)
            .map(|i| format!("\"t{i}\":\"{}\"", "v".repeat(value)))
            .collect();
        with(&format!("\"ollm::tags\":{{{}}}", tags.join(",")))
    };
    assert!(parse(&tags(64, 512)).is_ok());
    assert_eq!(faults(&tags(65, 1)), ["ollm::tags invalid_value"]);
    assert_eq!(faults(&tags(1, 513)), ["ollm::tags.t0 invalid_value"]);
}

#[test]
fn w18_faults_past_those_told_are_counted() {
    let ones = |count: usize| format!(r#"{{"model":"m","messages":[{}1]}}"#, "{},".repeat(count));
    let Err(Rejection::Fields(details)) = parse(&ones(1_000)) else {
        panic!()
    };
    assert_eq!(details.len(), 101);
    assert!(
        details[100].message.contains(" 901 "),
        "{}",
        details[100].message
    );
}

#[test]
fn w10_a_part_of_the_providers_own_kind_may_hold_anything() {
    for part in [
        r#"{"type":"reasoning","text":[{"text":"a"}]}"#,
        r#"{"file":"x","text":5,"type":"input_file"}"#,
        r#"{"type":"input_audio","input_audio":"https://x"}"#,
    ] {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{part}]}}]}}"#);
        assert!(parse(&body).is_ok(), "{part}");
    }
}

#[test]
fn w23_an_escaped_auto_is_auto() {
    let body = with(r#""reasoning_effort":"\u0061uto""#);
    assert_eq!(
        sent(&body, "m", None),
        format!(r#"{{"model":"m",{MESSAGES}}}"#)
    );
}

#[test]
fn w15_what_asks_for_nothing_is_no_request() {
    for fields in [
        r#""orq":{"fallbacks":[],"knowledge_bases":[ ],"inputs":{}}"#,
        r#""ollm::cache_options":{"enabled":"off","max_age_s":60}"#,
        r#""thinking":{"type":"disabled","budget_tokens":2000},"max_tokens":10"#,
    ] {
        assert!(parse(&with(fields)).is_ok(), "{fields}");
    }
}
