//! W16 for any body: what the gateway does not have to change leaves as it came, byte for byte.
//!
//! [`body`] makes bodies, [`oracle`] says what a provider may see of one. Neither shares code with
//! the edits, or with the parser.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that finds what it does not expect is to panic"
)]

mod body;
mod oracle;
mod split;

use oracle::judge;
use proptest::prelude::*;
use sluice_core::config::{CapField, UnknownFields};
use sluice_core::json;
use sluice_core::request::{Chat, Rules, Upstream};
use sluice_core::route::Dialect;

/// What is sent to a provider for a body.
fn sent(body: &str, upstream: &Upstream<'_>, unknown_fields: UnknownFields) -> String {
    let rules = Rules {
        dialect: Dialect::OpenAi,
        stop_sequences: 4,
        unknown_fields,
        default_model: true,
    };
    let chat = Chat::parse(body.as_bytes(), &rules).unwrap_or_else(|why| panic!("{body}: {why:?}"));
    let edits = chat.edits(upstream);
    let (mut out, covered) = json::apply(body.as_bytes(), &edits);
    out.extend_from_slice(&body.as_bytes()[covered..]);
    assert_eq!(out.len(), json::edited_len(body.len(), &edits));
    String::from_utf8(out).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn w16_what_need_not_change_leaves_as_it_came(
        body in body::valid(),
        (model, cap_field) in body::upstream(),
        drop in any::<bool>(),
    ) {
        let upstream = Upstream { model, cap_field };
        let unknown = if drop { UnknownFields::Drop } else { UnknownFields::Forward };
        let sent = sent(&body, &upstream, unknown);
        let verdict = judge(&body, &sent, &upstream, drop);
        prop_assert!(verdict.is_ok(), "{}\nbody {body}\nsent {sent}", verdict.unwrap_err());
    }
}

/// The oracle is of use only when it says no.
#[test]
fn w16_the_oracle_refuses_what_is_wrong() {
    let body = r#" {"model":"m", "x-a" : 1.0,"max_tokens":5,"stream":true,"orq":null}"#;
    let good = r#" {"model":"p", "x-a" : 1.0,"max_completion_tokens":5,"stream":true,"stream_options":{"include_usage":true}}"#;
    let upstream = Upstream {
        model: "p",
        cap_field: Some(CapField::MaxCompletionTokens),
    };
    assert_eq!(judge(body, good, &upstream, false), Ok(()));
    for (from, to) in [
        ("\"p\"", "\"m\""),
        (" {", "{"),
        ("}}", "}} "),
        ("\"x-a\" : 1.0", "\"x-a\": 1.0"),
        ("1.0", "1"),
        ("\"x-a\" : 1.0,", ""),
        ("x-a", "x\\u002da"),
        ("true,", "true,\"orq\":null,"),
        ("true,", "true,\"x-b\":1,"),
        ("true,", "true,\"max_tokens\":5,"),
        ("max_completion_tokens", "max_tokens"),
        (":5", ":4"),
        ("\"stream\":true,", ""),
        ("usage\":true", "usage\":false"),
        (",\"stream_options\":{\"include_usage\":true}", ""),
        (
            "{\"include_usage\":true}",
            "{\"include_usage\":true,\"a\":1}",
        ),
        (",\"max", ",,\"max"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(good, bad, "{from}");
        assert!(judge(body, &bad, &upstream, false).is_err(), "{from} {to}");
    }
    let other = r#"{"x-a":1,"model":"p"}"#;
    assert_eq!(judge(other, other, &upstream, false), Ok(()));
    assert!(judge(other, other, &upstream, true).is_err(), "not dropped");
    assert!(judge(other, r#"{"model":"p","x-a":1}"#, &upstream, false).is_err());
    assert!(judge(other, r#"{"x-a":1, "model":"p"}"#, &upstream, false).is_err());
}
