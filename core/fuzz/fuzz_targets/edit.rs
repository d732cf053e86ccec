//! Any body that is valid: its edits are in order and on characters, and once they are made there
//! is nothing left to change.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_core::config::{CapField, UnknownFields};
use sluice_core::json::{self, Cursor, Edit};
use sluice_core::request::{Chat, Rules, Upstream};
use sluice_core::route::Dialect;

/// The body with its edits made.
fn sent(body: &[u8], edits: &[Edit]) -> Vec<u8> {
    let (mut sent, covered) = json::apply(body, edits);
    sent.extend_from_slice(&body[covered..]);
    sent
}

/// The names at the top of an object.
fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = Cursor::new(text);
    let read = cursor.object(|cursor, member| {
        names.push(member.key.decode().into_owned());
        cursor.pass()
    });
    read.and_then(|_| cursor.end()).expect("is JSON still");
    names
}

// The first byte chooses what the provider takes and what becomes of unknown fields.
fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else {
        return;
    };
    let rules = Rules {
        dialect: Dialect::OpenAi,
        stop_sequences: 4,
        unknown_fields: [UnknownFields::Forward, UnknownFields::Drop][usize::from(choice >> 4 & 1)],
        default_model: true,
    };
    let upstream = Upstream {
        model: ["m", "a\"b\\c", "é/😀", "gpt-4o-mini"][usize::from(choice & 3)],
        cap_field: match choice >> 2 & 3 {
            0 => None,
            1 => Some(CapField::MaxTokens),
            _ => Some(CapField::MaxCompletionTokens),
        },
    };
    let Ok(chat) = Chat::parse(body, &rules) else {
        return;
    };
    let edits = chat.edits(&upstream);
    let text = std::str::from_utf8(body).expect("was read as text");
    let mut end = 0;
    for edit in &edits {
        assert!(end <= edit.span.start, "not in order: {edits:?}");
        assert!(edit.span.start <= edit.span.end, "{edit:?}");
        assert!(text.is_char_boundary(edit.span.start), "{edit:?}");
        assert!(text.is_char_boundary(edit.span.end), "not inside: {edit:?}");
        end = edit.span.end;
    }

    let once = sent(body, &edits);
    assert_eq!(once.len(), json::edited_len(body.len(), &edits));
    let names = names(std::str::from_utf8(&once).expect("is text still"));
    let count = |wanted: &str| names.iter().filter(|name| *name == wanted).count();
    assert_eq!(count("model"), 1);
    assert!(count("max_tokens") <= 1 && count("max_completion_tokens") <= 1);
    let is_ours =
        |name: &String| name.starts_with("ollm::") || name == "orq" || name == "project_id";
    assert!(!names.iter().any(is_ours), "{names:?}");

    let again = Chat::parse(&once, &rules).expect("is valid still");
    assert_eq!(again.model.as_deref(), Some(upstream.model));
    assert_eq!(again.stream, chat.stream);
    assert!(!again.stream || again.include_usage);
    assert_eq!(again.cap.least(), chat.cap.least());
    assert_eq!(sent(&once, &again.edits(&upstream)), once, "changes again");
});
