//! Bodies that are valid, in any spelling: order, white space, escapes, numbers, shapes.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sluice_core::config::CapField;

/// How the names of unknown fields begin here.
pub(crate) const UNKNOWN: &str = "x-";

/// Models that callers name, and that providers have.
const MODELS: [&str; 4] = ["m", "gpt-4o-mini", "vendor/modèle 😀", "a\"b\\c"];

/// A member before it is written: its name, and its value as text.
type Field = (Name, String);

#[derive(Clone, Debug)]
enum Name {
    /// A name that may be escaped.
    Plain(&'static str),
    /// What stands between the quotes.
    Raw(String),
}

/// How a string is spelled: which of its characters are escaped (of 32, again and again), and
/// whether in capitals.
type Spelling = (u32, bool);

/// The body of a chat that is valid, as text.
pub(crate) fn valid() -> impl Strategy<Value = String> {
    let fields = (
        model(),
        messages(),
        streams(),
        caps(),
        gateway(),
        known(),
        unknown(),
    );
    let fields = fields.prop_map(
        |(model, messages, streams, caps, gateway, known, unknown)| {
            let mut fields = vec![messages];
            fields.extend(model);
            fields.extend(streams);
            fields.extend(caps);
            fields.extend(gateway);
            fields.extend(known);
            fields.extend(unknown);
            fields
        },
    );
    (
        fields.prop_shuffle().prop_flat_map(object),
        space(),
        space(),
    )
        .prop_map(|(object, before, after)| format!("{before}{object}{after}"))
}

/// A provider's name for the model, and for the token cap.
pub(crate) fn upstream() -> impl Strategy<Value = (&'static str, Option<CapField>)> {
    let caps = [
        Some(CapField::MaxTokens),
        Some(CapField::MaxCompletionTokens),
        None,
    ];
    (select(&MODELS), select(caps.to_vec()))
}

/// Writes members in their order.
fn object(fields: Vec<Field>) -> impl Strategy<Value = String> {
    let spaces = || (space(), space(), space(), space());
    let dress = vec((spelling(), spaces()), fields.len());
    (dress, space()).prop_map(move |(dress, inside)| {
        let member = |((name, value), (spelling, (a, b, c, d))): (&Field, &(Spelling, _))| {
            let name = match name {
                Name::Plain(name) => spelled(name, *spelling),
                Name::Raw(raw) => format!("\"{raw}\""),
            };
            let (a, b, c, d): (&String, &String, &String, &String) = (a, b, c, d);
            format!("{a}{name}{b}:{c}{value}{d}")
        };
        let members: Vec<_> = fields.iter().zip(&dress).map(member).collect();
        format!("{{{inside}{}}}", members.join(","))
    })
}

fn space() -> impl Strategy<Value = String> {
    select(&["", "", "", "", " ", "\n", "\t\t", "\r\n "]).prop_map(str::to_owned)
}

/// Mostly as it is.
fn spelling() -> impl Strategy<Value = Spelling> {
    let sparse = (any::<u32>(), any::<u32>()).prop_map(|(a, b)| a & b);
    (prop_oneof![2 => Just(0), 1 => sparse], any::<bool>())
}

/// A string with its quotes.
fn spelled(text: &str, (escaped, capitals): Spelling) -> String {
    let mut out = "\"".to_owned();
    for (i, character) in text.chars().enumerate() {
        if escaped >> (i % 32) & 1 == 1 {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let escape = if capitals {
                    format!("\\u{unit:04X}")
                } else {
                    format!("\\u{unit:04x}")
                };
                out.push_str(&escape);
            }
        } else {
            if character == '"' || character == '\\' {
                out.push('\\');
            }
            out.push(character);
        }
    }
    out.push('"');
    out
}

fn plain(name: &'static str, value: &str) -> Field {
    (Name::Plain(name), value.to_owned())
}

fn model() -> impl Strategy<Value = Option<Field>> {
    let spelled = (select(&MODELS), spelling()).prop_map(|(name, how)| spelled(name, how));
    let half = Just("\"m\\ud800\"".to_owned());
    let value = prop_oneof![9 => spelled, 1 => half];
    option::weighted(0.9, value.prop_map(|value| (Name::Plain("model"), value)))
}

fn messages() -> impl Strategy<Value = Field> {
    let part = string().prop_map(|text| format!("{{\"type\":\"text\",\"text\":{text}}}"));
    let content = prop_oneof![
        string(),
        vec(part, 1..3).prop_map(|parts| format!("[{}]", parts.join(" , ")))
    ];
    let role = select(&["system", "developer", "user", "assistant"]);
    let message = (role, content, value()).prop_flat_map(|(role, content, other)| {
        let fields = [
            plain("role", &format!("\"{role}\"")),
            plain("content", &content),
            (Name::Raw(format!("{UNKNOWN}of a message")), other),
        ];
        Just(fields.to_vec()).prop_shuffle().prop_flat_map(object)
    });
    let list = (vec(message, 1..3), space());
    list.prop_map(|(list, space)| {
        let text = format!("[{space}{}{space}]", list.join(&format!("{space},")));
        (Name::Plain("messages"), text)
    })
}

/// `stream` and `stream_options`, which only stands beside `"stream":true`.
fn streams() -> impl Strategy<Value = Vec<Field>> {
    let stream = |value: &str| plain("stream", value);
    let options = |value: String| (Name::Plain("stream_options"), value);
    let idle = prop_oneof![
        Just(vec![]),
        Just(vec![stream("false")]),
        Just(vec![stream("null")]),
        Just(vec![stream("null"), options("null".to_owned())]),
        Just(vec![options("null".to_owned())]),
    ];
    let usage = select(&["true", "false", "null"]);
    let usage = option::of(usage.prop_map(|value| plain("include_usage", value)));
    let other = value().prop_map(|value| (Name::Raw(format!("{UNKNOWN}option")), value));
    let known = Just(plain("include_obfuscation", "false"));
    let object = (usage, option::of(known), option::of(other)).prop_flat_map(|(a, b, c)| {
        let fields: Vec<_> = [a, b, c].into_iter().flatten().collect();
        Just(fields).prop_shuffle().prop_flat_map(object)
    });
    prop_oneof![
        2 => idle,
        1 => Just(vec![stream("true")]),
        1 => Just(vec![stream("true"), options("null".to_owned())]),
        3 => object.prop_map(move |object| vec![stream("true"), options(object)]),
    ]
}

fn caps() -> impl Strategy<Value = Vec<Field>> {
    let value = || {
        let values = [
            "null",
            "0",
            "-0",
            "5",
            "5.0",
            "7e0",
            "0.07e2",
            "100",
            "2147483647",
        ];
        option::of(select(values.to_vec()))
    };
    (value(), value()).prop_map(|(a, b)| {
        let a = a.map(|value| plain("max_tokens", value));
        let b = b.map(|value| plain("max_completion_tokens", value));
        a.into_iter().chain(b).collect()
    })
}

/// Fields that no provider may see.
fn gateway() -> impl Strategy<Value = Vec<Field>> {
    let tags = (string(), string()).prop_map(|(a, b)| format!("{{\"a\": {a},\"b\":{b}}}"));
    (tags, value()).prop_flat_map(|(tags, value)| {
        let fields = [
            plain("ollm::tags", &tags),
            plain("ollm::dryrun", "true"),
            plain("ollm::deny_unknown_fields", "false"),
            plain("ollm::cache_options", "null"),
            plain("ollm::nothing_known", &value),
            plain("orq", "null"),
            plain("project_id", "\"p:1\""),
        ];
        let count = 0..=fields.len();
        prop_oneof![1 => Just(vec![]), 1 => subsequence(fields.to_vec(), count)]
    })
}

/// Fields that are checked and pass.
fn known() -> impl Strategy<Value = Vec<Field>> {
    let one = select(&["1", "1.0", "1e0", "10E-1"]);
    let warm = select(&["0", "-0.0", "0.70", "1e-1", "2.0", "0.12345678901234567890"]);
    let seed = select(&["-7", "9007199254740993", "9223372036854775807.0", "12e2"]);
    (one, warm, seed, string()).prop_flat_map(|(one, warm, seed, text)| {
        let tool =
            "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"a\":1.0}}}]";
        let fields = [
            plain("n", one),
            plain("temperature", warm),
            plain("top_p", one),
            plain("seed", seed),
            plain("stop", &format!("[{text}]")),
            plain("user", &text),
            plain("tools", tool),
            plain("logit_bias", "{\"50256\":-1e2}"),
            plain("presence_penalty", "null"),
            plain("response_format", "{ \"type\" : \"text\" }"),
        ];
        let count = 0..=fields.len();
        prop_oneof![1 => Just(vec![]), 1 => subsequence(fields.to_vec(), count)]
    })
}

/// Fields that nobody knows; one of their names may stand twice.
fn unknown() -> impl Strategy<Value = Vec<Field>> {
    let name = prop_oneof![Just(String::new()), between_quotes()];
    let field =
        (name, value()).prop_map(|(name, value)| (Name::Raw(format!("{UNKNOWN}{name}")), value));
    vec(field, 0..4)
}

/// Any value, as text.
fn value() -> impl Strategy<Value = String> {
    let words = select(&["null", "true", "false", "{}", "[]", "{ }", "[\n]"]);
    let leaf = prop_oneof![words.prop_map(str::to_owned), number(), string()];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let item = (inner.clone(), space()).prop_map(|(value, space)| format!("{space}{value}"));
        let list = vec(item, 1..4).prop_map(|items| format!("[{}]", items.join(",")));
        let field = (between_quotes(), inner).prop_map(|(name, value)| (Name::Raw(name), value));
        prop_oneof![list, vec(field, 1..4).prop_flat_map(object)]
    })
}

fn number() -> impl Strategy<Value = String> {
    let sign = select(&["", "-"]);
    let whole = select(&["0", "1", "120", "12345678901234567890"]);
    let fraction = select(&["", "", ".0", ".50", ".00000000000000000001"]);
    let exponent = select(&["", "", "e0", "E3", "e+07", "E-400", "e999999999"]);
    (sign, whole, fraction, exponent).prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}"))
}

/// A string with its quotes that is not empty.
fn string() -> impl Strategy<Value = String> {
    between_quotes().prop_map(|raw| format!("\"s{raw}\""))
}

/// What may stand between quotes: text, structure that is none, escapes, halves of pairs.
fn between_quotes() -> impl Strategy<Value = String> {
    const PIECES: [&str; 24] = [
        "a",
        " ",
        "é",
        "😀",
        "\u{7f}",
        "\u{2028}",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\\\"",
        "\\\\",
        "\\/",
        "\\n",
        "\\u0000",
        "\\u00e9",
        "\\u00E9",
        "\\ud83d\\ude00",
        "\\ud800",
        "\\udc00",
        "\\\"model\\\":",
        "0123456789abcdef",
    ];
    vec(select(&PIECES[..]), 0..8).prop_map(|pieces| pieces.concat())
}
