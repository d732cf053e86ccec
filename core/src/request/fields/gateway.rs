//! The gateway's own fields: they act here and never reach a provider.

use super::orq::ORQ;
use crate::request::shape::{Field, Form, Map, Shape, Text, may, name, object, text};

/// Tags of one request. They stand in its record, which waits in memory.
const TAGS: usize = 64;

/// Those that never reach a provider, in the order of the alphabet.
pub const GATEWAY: &[Field] = &[
    may(
        "ollm::cache_options",
        CACHE_OPTIONS,
        "The gateway's cache (W71).",
    ),
    may(
        "ollm::deny_unknown_fields",
        Shape::Bool,
        "Whether unknown fields are refused (W15).",
    ),
    may(
        "ollm::dryrun",
        Shape::Bool,
        "Whether nothing is billed and stored (W52).",
    ),
    may(
        "ollm::episode_id",
        UUID,
        "The episode that the request belongs to (W23).",
    ),
    may(
        "ollm::include_raw_response",
        Shape::Bool,
        "Whether the provider's bytes are shown (W42).",
    ),
    may(
        "ollm::include_raw_usage",
        Shape::Bool,
        "Whether the provider's usage is shown (W42).",
    ),
    may(
        "ollm::tags",
        Shape::Map(Map {
            values: &text(512),
            most: TAGS,
            name: 128,
        }),
        "Labels of the record (W51).",
    ),
    may(
        "ollm::variant_name",
        name(256),
        "One variant of the function, or one provider of the model (W22).",
    ),
    may("orq", ORQ, "Orq's extensions (W55, W70 to W73)."),
    may(
        "project_id",
        PROJECT,
        "The project that the request is for (W55).",
    ),
];

const CACHE_OPTIONS: Shape = object(&[
    may(
        "enabled",
        Shape::Word(&["on", "off", "read_only", "write_only"]),
        "What the cache does.",
    ),
    may(
        "max_age_s",
        Shape::Whole(0, 4_294_967_295),
        "The oldest answer that is read, seconds.",
    ),
]);

const UUID: Shape = Shape::Text(Text {
    least: 36,
    most: 36,
    form: Some(Form {
        takes: is_uuid,
        words: "a UUID",
        pattern: "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
    }),
});

fn is_uuid(text: &str) -> bool {
    let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, u8)| match byte {
        b'-' => hyphen(at),
        _ => byte.is_ascii_hexdigit() && !hyphen(at),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

const PROJECT: Shape = Shape::Text(Text {
    least: 1,
    most: 64,
    form: Some(Form {
        takes: |text| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
            (1..=64).contains(&text.len()) && text.bytes().all(plain)
        },
        words: "1 to 64 characters of A-Z a-z 0-9 . _ : -",
        pattern: "^[A-Za-z0-9._:-]{1,64}$",
    }),
});
