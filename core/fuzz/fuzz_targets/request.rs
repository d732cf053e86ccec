//! Any body is refused, or is JSON to others too and stays JSON after its edits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_core::config::{CapField, UnknownFields};
use sluice_core::json;
use sluice_core::request::{Chat, Rules, Upstream};
use sluice_core::route::Dialect;

fuzz_target!(|bytes: &[u8]| {
    for unknown_fields in [UnknownFields::Forward, UnknownFields::Drop] {
        let rules = Rules {
            dialect: Dialect::OpenAi,
            stop_sequences: 4,
            unknown_fields,
            default_model: true,
        };
        let Ok(chat) = Chat::parse(bytes, &rules) else {
            continue;
        };
        for cap_field in [
            None,
            Some(CapField::MaxTokens),
            Some(CapField::MaxCompletionTokens),
        ] {
            let edits = chat.edits(&Upstream {
                model: "a\"b",
                cap_field,
            });
            let (mut sent, covered) = json::apply(bytes, &edits);
            sent.extend_from_slice(&bytes[covered..]);
            assert_eq!(sent.len(), json::edited_len(bytes.len(), &edits));
            let again = Chat::parse(&sent, &rules).expect("is valid still");
            assert_eq!(again.model.as_deref(), Some("a\"b"));
            assert_eq!(again.stream, chat.stream);
            assert!(!again.stream || again.include_usage);
            assert_eq!(again.cap.least(), chat.cap.least());
            assert_eq!(again.extras, Default::default());
        }
    }
});
