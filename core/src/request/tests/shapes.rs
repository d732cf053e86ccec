//! Types, ranges and dependencies (W14), JSON in strings (S1), the routes' differences (W01).

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn parse_as(dialect: Dialect, body: &str) -> Result<Box<Chat>, Rejection> {
    Chat::parse(body.as_bytes(), &Rules { dialect, ..RULES })
}

fn good(fields: &str) {
    let parsed = parse(&with(fields));
    assert!(parsed.is_ok(), "{fields}: {parsed:?}");
}

#[test]
fn w14_tools_have_a_function_with_a_name() {
    good(r#""tools":[],"tool_choice":"auto""#);
    good(
        r#""tools":[{"type":"function","function":{"name":"get_a-1","description":null,
        "parameters":{"type":"object"},"strict":true},"x":1},{"type":"custom","custom":{"name":"c"}}]"#,
    );
    let body = with(
        r#""tools":[1,{},{"type":"web"},{"type":"function"},{"type":"function","function":{}},
        {"type":"function","function":{"name":"a b","parameters":[],"strict":1}},
        {"type":"function","function":null},{"type":7}]"#,
    );
    let expected = [
        "tools[0] invalid_type",
        "tools[1].type missing_field",
        "tools[2].type invalid_value",
        "tools[3].function missing_field",
        "tools[4].function.name missing_field",
        "tools[5].function.name invalid_value",
        "tools[5].function.parameters invalid_type",
        "tools[5].function.strict invalid_type",
        "tools[6].function invalid_type",
        "tools[7].type invalid_type",
    ];
    assert_eq!(faults(&body), expected);
}

#[test]
fn w14_tool_choice_is_a_word_or_a_named_function() {
    for choice in [
        r#""none""#,
        r#""required""#,
        "null",
        r#"{"type":"function","function":{"name":"f"}}"#,
        r#"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#,
    ] {
        good(&format!("\"tool_choice\":{choice}"));
    }
    for (choice, fault) in [
        (r#""always""#, "tool_choice invalid_value"),
        ("1", "tool_choice invalid_type"),
        ("[]", "tool_choice invalid_type"),
        ("{}", "tool_choice.type missing_field"),
        (
            r#"{"type":"function"}"#,
            "tool_choice.function missing_field",
        ),
        (
            r#"{"type":"function","function":{"name":""}}"#,
            "tool_choice.function.name invalid_value",
        ),
    ] {
        let body = with(&format!("\"tool_choice\":{choice}"));
        assert_eq!(faults(&body), [fault], "{choice}");
    }
}

#[test]
fn w14_response_format_is_one_of_three() {
    good(r#""response_format":{"type":"text"}"#);
    good(r#""response_format":{"type":"json_object"}"#);
    good(r#""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}"#);
    for (format, fault) in [
        (r#"{"type":"xml"}"#, "response_format.type invalid_value"),
        ("{}", "response_format.type missing_field"),
        ("[]", "response_format invalid_type"),
        (
            r#"{"type":"json_schema"}"#,
            "response_format.json_schema missing_field",
        ),
        (
            r#"{"type":"json_schema","json_schema":{}}"#,
            "response_format.json_schema.name missing_field",
        ),
    ] {
        let body = with(&format!("\"response_format\":{format}"));
        assert_eq!(faults(&body), [fault], "{format}");
    }
}

#[test]
fn w14_metadata_is_bounded_and_a_label() {
    let pairs = |count: usize, name: usize, value: usize| {
        let pairs: Vec<_> = (0..count)
            .map(|i| format!("\"{i:0name$}\":\"{}\"", "é".repeat(value)))
            .collect();
        with(&format!("\"metadata\":{{{}}}", pairs.join(",")))
    };
    let chat = parse(&pairs(16, 64, 512)).unwrap();
    assert_eq!(chat.extras.metadata.len(), 16);
    assert_eq!(faults(&pairs(17, 2, 1)), ["metadata invalid_value"]);
    assert_eq!(faults(&pairs(1, 65, 1)).len(), 1);
    assert_eq!(faults(&pairs(1, 2, 513)), ["metadata[00] invalid_value"]);
    assert_eq!(
        faults(&with(r#""metadata":{"a":1}"#)),
        ["metadata.a invalid_type"]
    );
}

#[test]
fn w14_audio_belongs_to_its_modality() {
    good(r#""modalities":["text"]"#);
    good(r#""modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"}"#);
    assert_eq!(
        faults(&with(r#""modalities":["audio"]"#)),
        ["audio missing_field"]
    );
    assert_eq!(
        faults(&with(r#""modalities":["audio"],"audio":null"#)),
        ["audio missing_field"]
    );
    assert_eq!(
        faults(&with(r#""modalities":["smell"],"audio":{"format":"midi"}"#)),
        [
            "modalities[0] invalid_value",
            "audio.format invalid_value",
            "audio.voice missing_field"
        ]
    );
}

#[test]
fn w14_thinking_stays_below_the_token_cap() {
    good(r#""thinking":{"type":"enabled","budget_tokens":1024},"max_tokens":1025"#);
    good(r#""thinking":{"type":"enabled","budget_tokens":2048}"#);
    good(r#""thinking":{"type":"disabled"}"#);
    for (fields, fault) in [
        (
            r#""max_tokens":1024,"thinking":{"type":"enabled","budget_tokens":1024}"#,
            "thinking.budget_tokens invalid_value",
        ),
        (
            r#""thinking":{"type":"enabled","budget_tokens":1023}"#,
            "thinking.budget_tokens invalid_value",
        ),
        (
            r#""thinking":{"type":"enabled","thinking_level":"mid"}"#,
            "thinking.thinking_level invalid_value",
        ),
        (r#""thinking":{"type":"on"}"#, "thinking.type invalid_value"),
        (r#""thinking":{}"#, "thinking.type missing_field"),
    ] {
        assert_eq!(faults(&with(fields)), [fault], "{fields}");
    }
}

#[test]
fn w14_top_logprobs_need_logprobs() {
    good(r#""logprobs":true,"top_logprobs":20"#);
    good(r#""top_logprobs":null"#);
    for fields in [
        r#""top_logprobs":2"#,
        r#""logprobs":false,"top_logprobs":2"#,
    ] {
        assert_eq!(faults(&with(fields)), ["top_logprobs invalid_value"]);
    }
}

#[test]
fn w14_numbers_are_whole_by_their_value() {
    good(r#""max_tokens":1.0,"seed":1e2,"top_k":-0,"n":1e0,"top_logprobs":null"#);
    for number in ["1e400", "1.5", "1.00000000000000000001", "-1", "2147483648"] {
        let body = with(&format!("\"max_completion_tokens\":{number}"));
        assert_eq!(
            faults(&body),
            ["max_completion_tokens invalid_value"],
            "{number}"
        );
    }
    assert_eq!(
        faults(&with(r#""temperature":1e400"#)),
        ["temperature invalid_value"]
    );
}

#[test]
fn w14_json_in_a_string_is_taken_and_leaves_as_json() {
    let body = with(
        r#""response_format":"{\"type\": \"json_object\"}","logit_bias":" {\"50256\": -100} ","x":"{}""#,
    );
    assert_eq!(
        sent(&body, "m", None),
        with(r#""response_format":{"type": "json_object"},"logit_bias":{"50256": -100},"x":"{}""#)
    );
    let calls = r#"{"model":"m","messages":[{"role":"assistant","tool_calls":"[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]"},{"role":"tool","content":"x"}]}"#;
    assert_eq!(
        sent(calls, "n", None),
        r#"{"model":"n","messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]},{"role":"tool","content":"x"}]}"#
    );
    for (options, asked) in [
        (r#""{\"include_usage\":true}""#, true),
        (r#""{\"include_usage\":false}""#, false),
        (r#""{}""#, false),
    ] {
        let body = with(&format!("\"stream\":true,\"stream_options\":{options}"));
        let expected = with(r#""stream":true,"stream_options":{"include_usage":true}"#);
        assert_eq!(sent(&body, "m", None), expected, "{options}");
        assert_eq!(parse(&body).unwrap().include_usage, asked);
    }
}

#[test]
fn w14_a_string_that_holds_something_else_is_refused() {
    for (fields, fault) in [
        (
            r#""response_format":"json_object""#,
            "response_format invalid_type",
        ),
        (r#""response_format":"""#, "response_format invalid_type"),
        (r#""response_format":"[]""#, "response_format invalid_type"),
        (
            r#""response_format":"{\"type\":\"text\"} x""#,
            "response_format invalid_type",
        ),
        (
            r#""response_format":"{\"type\":\"xml\"}""#,
            "response_format.type invalid_value",
        ),
        (
            r#""logit_bias":"{\"1\":101}""#,
            "logit_bias[1] invalid_value",
        ),
        (r#""tools":"[]""#, "tools invalid_type"),
    ] {
        assert_eq!(faults(&with(fields)), [fault], "{fields}");
    }
}

#[test]
fn w01_the_orq_route_takes_any_n_and_stop_as_a_string() {
    let body = |fields: &str| parse_as(Dialect::Orq, &with(fields));
    for fields in [
        r#""n":3"#,
        r#""stop":"a""#,
        r#""stop":["a","b","c","d"]"#,
        r#""ollm::dryrun":true"#,
    ] {
        assert!(body(fields).is_ok(), "{fields}");
    }
    for fields in [r#""n":0"#, r#""stop":["a","b","c","d","e"]"#, r#""stop":1"#] {
        assert!(body(fields).is_err(), "{fields}");
    }
    let other = |fields: &str| parse_as(Dialect::OpenGateway, &with(fields));
    assert!(other(r#""n":3"#).is_err());
    assert!(other(r#""stop":"a""#).is_err());
}

#[test]
fn w17_usage_is_asked_for_once() {
    for options in [
        r#"{"include_usage":true,"include_usage":null}"#,
        r#"{"include_usage":false,"include_usage":true}"#,
    ] {
        let body = with(&format!("\"stream\":true,\"stream_options\":{options}"));
        assert_eq!(
            faults(&body),
            ["stream_options.include_usage duplicate_field"]
        );
    }
}

#[test]
fn w23_the_effort_auto_is_not_sent() {
    let body = with(r#""reasoning_effort":"auto","x":1"#);
    assert_eq!(sent(&body, "m", None), with(r#""x":1"#));
    assert_eq!(parse(&body).unwrap().reasoning_effort, None);
    let low = with(r#""reasoning_effort":"low""#);
    assert_eq!(sent(&low, "m", None), low);
    let chat = parse(&low).unwrap();
    assert_eq!(chat.reasoning_effort.as_deref(), Some("low"));
    assert_eq!(
        faults(&with(r#""ollm::episode_id":"no""#)),
        ["ollm::episode_id invalid_value"]
    );
}

#[test]
fn w42_raw_usage_comes_with_usage() {
    let raw = r#""ollm::include_raw_usage":true"#;
    let asked = |fields: &str| parse(&with(fields)).unwrap().include_usage;
    assert!(asked(&format!("{raw},\"stream\":true")));
    assert!(asked(&format!(
        "{raw},\"stream\":true,\"stream_options\":{{}}"
    )));
    assert_eq!(
        faults(&with(&format!(
            "{raw},\"stream\":true,\"stream_options\":{{\"include_usage\":false}}"
        ))),
        ["ollm::include_raw_usage invalid_value"]
    );
}

#[test]
fn w55_labels_are_read() {
    let chat = parse(&with(
        r#""orq":{"name":"job","thread":{"id":"t","tags":["a"]},"contact":{"id":"old"},
        "identity":{"id":"u-1","email":"a@b.c","metadata":[{"k":1}],"logo_url":null,"tags":null}}"#,
    ))
    .unwrap();
    let contact = chat.extras.contact.unwrap();
    assert_eq!(
        (contact.id.as_str(), contact.email.as_deref()),
        ("u-1", Some("a@b.c"))
    );
    assert_eq!(contact.metadata.len(), 1);
    assert_eq!(chat.extras.thread.unwrap().tags, ["a"]);
    assert_eq!(chat.extras.name.as_deref(), Some("job"));
    assert_eq!(
        faults(&with(
            r#""orq":{"thread":{},"contact":{"id":""},"name":5,"retry":{"count":9}}"#
        )),
        [
            "orq.thread.id missing_field",
            "orq.contact.id invalid_value",
            "orq.name invalid_type",
            "orq.retry.count invalid_value"
        ]
    );
    let large = format!(
        r#""orq":{{"identity":{{"id":"u","metadata":[{{"k":"{}"}}]}}}}"#,
        "v".repeat(5000)
    );
    assert_eq!(
        faults(&with(&large)),
        ["orq.identity.metadata invalid_value"]
    );
}

#[test]
fn w15_what_is_planned_is_checked_and_refused_by_its_name() {
    for (fields, fault) in [
        (
            r#""ollm::cache_options":{"enabled":"on"}"#,
            "ollm::cache_options unsupported_value",
        ),
        (
            r#""orq":{"cache":{"type":"exact_match","ttl":60}}"#,
            "orq.cache unsupported_value",
        ),
        (
            r#""orq":{"inputs":{"a":1}}"#,
            "orq.inputs unsupported_value",
        ),
        (
            r#""orq":{"knowledge_bases":[{"knowledge_id":"k"}]}"#,
            "orq.knowledge_bases unsupported_value",
        ),
        (
            r#""orq":{"prompt":{"id":"p","version":"1"}}"#,
            "orq.prompt unsupported_value",
        ),
    ] {
        assert_eq!(faults(&with(fields)), [fault], "{fields}");
    }
    assert_eq!(
        faults(&with(r#""ollm::cache_options":{"enabled":"maybe"}"#))[0],
        "ollm::cache_options.enabled invalid_value"
    );
    assert_eq!(
        faults(&with(
            r#""orq":{"cache":{"type":"exact_match","ttl":259201}}"#
        ))[0],
        "orq.cache.ttl invalid_value"
    );
}
