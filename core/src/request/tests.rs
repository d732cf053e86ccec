#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::{CapField, UnknownFields};
use crate::json;
use crate::reject::Rejection;
use crate::route::Dialect;

mod alike;
mod bounds;
mod shapes;

const RULES: Rules = Rules {
    dialect: Dialect::OpenAi,
    stop_sequences: 4,
    unknown_fields: UnknownFields::Forward,
    default_model: false,
};
const MESSAGES: &str = r#""messages":[{"role":"user","content":"hi"}]"#;

fn parse(body: &str) -> Result<Box<Chat>, Rejection> {
    Chat::parse(body.as_bytes(), &RULES)
}

fn with(fields: &str) -> String {
    format!(r#"{{"model":"m",{MESSAGES},{fields}}}"#)
}

/// The faults of a body as `param code`.
fn faults(body: &str) -> Vec<String> {
    match parse(body) {
        Err(Rejection::Fields(details)) => details
            .iter()
            .map(|d| format!("{} {}", d.param.as_deref().unwrap_or("-"), d.code))
            .collect(),
        other => panic!("{body}: {other:?}"),
    }
}

fn sent(body: &str, model: &str, cap_field: Option<CapField>) -> String {
    let chat = parse(body).expect("is valid");
    let edits = chat.edits(&Upstream { model, cap_field });
    let (mut out, covered) = json::apply(body.as_bytes(), &edits);
    out.extend_from_slice(&body.as_bytes()[covered..]);
    assert_eq!(out.len(), json::edited_len(body.len(), &edits));
    let out = String::from_utf8(out).expect("is text");
    serde_json::from_str::<serde_json::Value>(&out)
        .unwrap_or_else(|error| panic!("{out}: {error}"));
    out
}

#[test]
fn w10_model_and_messages_are_required() {
    assert_eq!(
        faults("{}"),
        ["model missing_field", "messages missing_field"]
    );
    assert_eq!(
        faults(r#"{"model":1,"messages":{}}"#),
        ["model invalid_type", "messages invalid_type"]
    );
    assert_eq!(
        faults(r#"{"model":"","messages":[]}"#),
        ["model invalid_value", "messages invalid_value"]
    );
    assert_eq!(faults("[]"), ["- invalid_type"]);
    assert_eq!(faults("null"), ["- invalid_type"]);
}

#[test]
fn w10_messages_are_objects_with_a_role() {
    let body = r#"{"model":"m","messages":[1,{},{"role":"bot","content":"x"},{"role":2},
        {"role":"user"},{"role":"user","content":null},{"role":"user","content":7},
        {"role":"user","content":[1,{"type":3},{}]},{"role":"assistant","content":null},
        {"role":"assistant","tool_calls":[]},{"role":"tool","content":"x"},
        {"role":"developer","content":[{"type":"text","text":"x"}]}]}"#;
    let expected = [
        "messages[0] invalid_type",
        "messages[1].role missing_field",
        "messages[2].role invalid_value",
        "messages[3].role invalid_type",
        "messages[4].content missing_field",
        "messages[5].content invalid_type",
        "messages[6].content invalid_type",
        "messages[7].content[0] invalid_type",
        "messages[7].content[1].type invalid_type",
        "messages[7].content[2].type missing_field",
    ];
    assert_eq!(faults(body), expected);
}

#[test]
fn w11_n_is_one_or_absent() {
    for good in ["\"n\":1", "\"n\":1.0", "\"n\":null"] {
        assert!(parse(&with(good)).is_ok(), "{good}");
    }
    for bad in ["\"n\":2", "\"n\":0", "\"n\":1.5", "\"n\":-1", "\"n\":1e400"] {
        assert_eq!(faults(&with(bad)), ["n unsupported_value"], "{bad}");
    }
    assert_eq!(faults(&with("\"n\":\"1\"")), ["n invalid_type"]);
}

#[test]
fn w12_stop_is_an_array_of_at_most_four() {
    assert!(parse(&with(r#""stop":["a","b","c","d"]"#)).is_ok());
    assert!(parse(&with(r#""stop":null"#)).is_ok());
    assert_eq!(faults(&with(r#""stop":"a""#)), ["stop invalid_type"]);
    assert_eq!(
        faults(&with(r#""stop":["a","b","c","d","e"]"#)),
        ["stop invalid_value"]
    );
    assert_eq!(faults(&with(r#""stop":[1]"#)), ["stop[0] invalid_type"]);
}

#[test]
fn w13_caps_are_int32_and_not_negative() {
    for good in ["0", "2147483647", "16.0", "null"] {
        assert!(
            parse(&with(&format!("\"max_tokens\":{good}"))).is_ok(),
            "{good}"
        );
    }
    for bad in ["-1", "2147483648", "1.5", "12345678901234567890"] {
        assert_eq!(
            faults(&with(&format!("\"max_tokens\":{bad}"))),
            ["max_tokens invalid_value"]
        );
    }
    assert_eq!(
        faults(&with("\"max_completion_tokens\":\"5\"")),
        ["max_completion_tokens invalid_type"]
    );
}

#[test]
fn w13_the_smaller_cap_goes_under_the_name_that_is_taken() {
    let both = with(r#""max_tokens":9,"max_completion_tokens":5,"x":1"#);
    assert_eq!(
        sent(&both, "m", None),
        with(r#""max_completion_tokens":5,"x":1"#),
        "both, and either is taken"
    );
    assert_eq!(
        sent(&both, "m", Some(CapField::MaxTokens)),
        with(r#""max_tokens":5,"x":1"#)
    );
    let one = with(r#""max_completion_tokens":5,"x":1"#);
    assert_eq!(sent(&one, "m", None), one);
    assert_eq!(sent(&one, "m", Some(CapField::MaxCompletionTokens)), one);
    assert_eq!(
        sent(&one, "m", Some(CapField::MaxTokens)),
        with(r#""max_tokens":5,"x":1"#)
    );
    let null = with(r#""max_tokens":null,"max_completion_tokens":5"#);
    assert_eq!(
        sent(&null, "m", Some(CapField::MaxTokens)),
        with(r#""max_tokens":5"#)
    );
}

#[test]
fn w14_ranges_of_the_simple_fields() {
    let body = with(
        r#""temperature":2.1,"top_p":-0.1,"top_k":-1,"presence_penalty":3,"logprobs":1,
        "top_logprobs":21,"seed":1.5,"service_tier":"fast","user":5,"parallel_tool_calls":"x""#,
    );
    let expected = [
        "temperature invalid_value",
        "top_p invalid_value",
        "top_k invalid_value",
        "presence_penalty invalid_value",
        "logprobs invalid_type",
        "top_logprobs invalid_value",
        "seed invalid_value",
        "service_tier invalid_value",
        "user invalid_type",
        "parallel_tool_calls invalid_type",
    ];
    assert_eq!(faults(&body), expected);
    assert!(
        parse(&with(
            r#""temperature":2,"top_p":1.0,"service_tier":"flex","seed":-7"#
        ))
        .is_ok()
    );
}

#[test]
fn w14_wrong_types_of_the_stream_fields() {
    assert_eq!(faults(&with("\"stream\":\"yes\"")), ["stream invalid_type"]);
    assert_eq!(
        faults(&with("\"stream\":true,\"stream_options\":[]")),
        ["stream_options invalid_type"]
    );
    assert_eq!(
        faults(&with(
            "\"stream\":true,\"stream_options\":{\"include_usage\":1}"
        )),
        ["stream_options.include_usage invalid_type"]
    );
    assert_eq!(
        faults(&with("\"stream_options\":{\"include_usage\":true}")),
        ["stream_options invalid_value"]
    );
}

#[test]
fn w15_unknown_fields_pass_or_are_dropped_or_named() {
    let body = with(r#""tempratur":1,"zeta":2,"ollm::nope":3"#);
    assert_eq!(sent(&body, "m", None), with(r#""tempratur":1,"zeta":2"#));
    let mode = |unknown_fields| {
        Chat::parse(
            body.as_bytes(),
            &Rules {
                unknown_fields,
                ..RULES
            },
        )
    };
    let dropped = mode(UnknownFields::Drop).unwrap();
    let edits = dropped.edits(&Upstream {
        model: "m",
        cap_field: None,
    });
    assert_eq!(
        json::edited_len(body.len(), &edits),
        format!(r#"{{"model":"m",{MESSAGES}}}"#).len()
    );
    let strict = with(r#""zeta":2,"tempratur":1,"ollm::deny_unknown_fields":true"#);
    assert_eq!(
        faults(&strict),
        ["tempratur unknown_field", "zeta unknown_field"]
    );
    let Err(Rejection::Fields(details)) = mode(UnknownFields::Reject) else {
        panic!()
    };
    assert_eq!(details.len(), 3);
    assert!(
        details[1].message.contains("Did you mean `temperature`?"),
        "{}",
        details[1].message
    );
}

#[test]
fn w16_nothing_to_change_changes_nothing() {
    let body = "{ \"messages\" : [{\"role\":\"user\",\"content\":\"\\u00e9\"}],\"x\":1.0e3 ,\n\"model\":\"m\"}";
    assert_eq!(sent(body, "m", None), body);
    assert_eq!(
        sent(body, "other", None),
        body.replace("\"m\"", "\"other\"")
    );
}

#[test]
fn w16_gateway_fields_go_with_one_comma_wherever_they_stand() {
    let clean = format!(r#"{{"model":"m",{MESSAGES}}}"#);
    let tag = r#""ollm::tags":{"a":"b"}"#;
    let dry = r#""ollm::dryrun":false"#;
    for body in [
        format!(r#"{{{tag},"model":"m",{MESSAGES}}}"#),
        format!(r#"{{{tag},{dry},"model":"m",{MESSAGES}}}"#),
        format!(r#"{{"model":"m",{tag},{MESSAGES}}}"#),
        format!(r#"{{"model":"m",{MESSAGES},{dry},{tag}}}"#),
        format!(r#"{{{dry},"model":"m",{tag},{MESSAGES},"project_id":"p"}}"#),
    ] {
        assert_eq!(sent(&body, "m", None), clean, "{body}");
    }
}

#[test]
fn w17_what_is_not_json_has_its_place() {
    let Err(Rejection::InvalidJson(fault, place)) = parse("{\"model\":\n \"m\",}") else {
        panic!()
    };
    assert_eq!((place.line, place.column), (2, 6));
    assert_eq!(fault.kind, json::FaultKind::Expected("a string"));
    for body in ["", " ", "{", "hello", "{\"model\":\"m\"} x", "\u{feff}{}"] {
        assert!(
            matches!(parse(body), Err(Rejection::InvalidJson(..))),
            "{body:?}"
        );
    }
    let invalid = Chat::parse(b"{\"model\":\"\xff\"}", &RULES).unwrap_err();
    let Rejection::InvalidJson(fault, _) = invalid else {
        panic!()
    };
    assert_eq!(fault.kind, json::FaultKind::NotUtf8);
}

#[test]
fn w17_a_field_that_is_acted_on_stands_once() {
    assert_eq!(faults(&with(r#""model":"x""#)), ["model duplicate_field"]);
    assert_eq!(
        faults(&with(r#""mod\u0065l":"x""#)),
        ["model duplicate_field"]
    );
    assert!(
        parse(&with(r#""user":"a","user":"b""#)).is_ok(),
        "not acted on"
    );
}

#[test]
fn w41_usage_is_always_asked_of_a_stream() {
    let ask = r#""stream":true,"stream_options":{"include_usage":true}"#;
    for (fields, expected) in [
        (r#""stream":true"#, ask),
        (r#""stream":true,"stream_options":null"#, ask),
        (r#""stream":true,"stream_options":{}"#, ask),
        (
            r#""stream":true,"stream_options":{"include_usage":false}"#,
            ask,
        ),
        (
            r#""stream":true,"stream_options":{"include_usage":null}"#,
            ask,
        ),
        (ask, ask),
        (
            r#""stream":true,"stream_options":{"x":1}"#,
            r#""stream":true,"stream_options":{"include_usage":true,"x":1}"#,
        ),
        (r#""stream":false"#, r#""stream":false"#),
    ] {
        assert_eq!(sent(&with(fields), "m", None), with(expected), "{fields}");
    }
    assert!(parse(&with(ask)).unwrap().include_usage);
    assert!(!parse(&with(r#""stream":true"#)).unwrap().include_usage);
}

#[test]
fn w10_an_absent_model_is_filled_in_where_it_may_be_absent() {
    let body = format!("{{{MESSAGES}}}");
    let chat = Chat::parse(
        body.as_bytes(),
        &Rules {
            default_model: true,
            ..RULES
        },
    )
    .unwrap();
    let edits = chat.edits(&Upstream {
        model: "m",
        cap_field: None,
    });
    let (prefix, covered) = json::apply(body.as_bytes(), &edits);
    assert_eq!(
        (prefix.as_slice(), covered),
        (b"{\"model\":\"m\",".as_slice(), 1)
    );
}

#[test]
fn w51_tags_are_strings_and_not_ours() {
    let chat = parse(&with(r#""ollm::tags":{"team":"a/b"},"project_id":"p-1""#)).unwrap();
    assert_eq!(chat.extras.tags["team"], "a/b");
    assert_eq!(chat.extras.project.as_deref(), Some("p-1"));
    assert_eq!(
        faults(&with(r#""ollm::tags":{"ollm::x":"1","n":2}"#)),
        [
            "ollm::tags.n invalid_type",
            "ollm::tags.ollm::x reserved_tag"
        ]
    );
    assert_eq!(
        faults(&with(r#""project_id":"a b""#)),
        ["project_id invalid_value"]
    );
    assert_eq!(
        faults(&with(r#""ollm::dryrun":"yes""#)),
        ["ollm::dryrun invalid_type"]
    );
}

#[test]
fn what_is_not_carried_out_is_refused_and_not_ignored() {
    assert_eq!(
        faults(&with(r#""orq":{"cache":{"ttl":1}}"#)),
        [
            "orq.cache.type missing_field",
            "orq.cache unsupported_value"
        ]
    );
    assert_eq!(
        faults(&with(r#""ollm::cache_options":{"enabled":"on"}"#)),
        ["ollm::cache_options unsupported_value"]
    );
    assert!(
        parse(&with(
            r#""ollm::cache_options":{"enabled":"off"},"orq":null"#
        ))
        .is_ok()
    );
}
