//! The documents that are made from the code, or proved by it: `docs/errors.md` and `docs/wire.md`.
//!
//! `UPDATE_DOCS=1 cargo test -p sluice-core --test documents` writes what is made.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that finds what it does not expect is to panic"
)]

mod contract;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs};

use sluice_core::error::{Code, Detail, ErrorBody, ErrorType, FailedAttempt};
use sluice_core::request::fields;
use sluice_core::request::shape::Field;
use sluice_core::spend::Outcome;
use tree::{code, files, is_test, root};

/// Codes that no code of this project's gives yet: a rule that is planned will.
const PLANNED: [Code; 0] = [];

/// Words that are no codes where they stand: types of error, the outcome of an attempt, a field.
const OTHER_WORDS: [(&str, &str); 7] = [
    ("deadline_exceeded", "core/src/spend/record.rs"),
    ("internal_error", "core/src/error/mod.rs"),
    ("service_unavailable", "core/src/error/mod.rs"),
    ("timeout", "core/src/request/extras.rs"),
    ("timeout", "core/src/request/fields/orq.rs"),
    ("timeout", "core/src/scrub/place.rs"),
    ("timeout", "core/src/spend/record.rs"),
];

const INTRO: &str = "# Errors

<!-- Made from core/src/error/code.rs and envoy/envoy.yaml by core/tests/documents.rs; UPDATE_DOCS=1 writes it. -->

Every error is `{\"error\": {\"message\", \"type\", \"code\", \"param\"}}` with `content-type: application/json` (W60), whoever
gives it: the filter, the sidecar, or Envoy. `message` is for people and may change; `type` belongs to the status; `code` is one
of the list below, or a provider's own word in its refusal (`provider_rejected_request`); `param` is the field, header or parameter at fault, or `null`. `x-gateway-request-id` is on every one that
leaves the gateway's port.

A request with faults in its body has all of them in `details[]` (W18); the first is that of the error itself:
";

const ATTEMPTS: &str = "
When every attempt failed, `attempts[]` has one line for each provider that was tried (W61), with its HTTP status (`null` where
it gave none) and `outcome`, in the words of [records](records.md):
";

const STREAMS: &str = "
A stream that has begun has its status already. When the provider ends it too early, its last event is an error in the same shape,
with the type and code of the table, and there is no `[DONE]` (W35). An error event of a provider's own passes as it came.
";

const ENVOY: &str = "
## Envoy's own errors

What Envoy refuses or gives up by itself gets its words from `local_reply_config` in [envoy.yaml](../envoy/envoy.yaml), by its
status: fixed ones, for what Envoy says of it tells of the inside. That goes to Envoy's access log, a line of JSON an error, with
the same `x-gateway-request-id`. Where the gateway filter has not seen the request, that is a UUID of Envoy's making, and no record
has it.
";

const SEEN: &str = "
Seen on Envoy 1.39.3 and 1.40.0, with the reference configuration:

- HTTP/1.1: what the codec refuses passes through `local_reply_config` too, and then the connection is closed. `400`: a malformed
  request line, method, header or `content-length`, a broken chunk, `content-length` beside `transfer-encoding`, no `host`, `%00` or
  `#` in the path. `431`: more than 60 KiB of headers, the request line among them, or more than 100 headers. `408`: headers that
  take longer than 10 s. A transfer encoding other than `chunked` is Envoy's 501.
- HTTP/2: what the codec refuses has no answer. The stream is reset (more than 100 headers, a wrong `content-length`), or the
  connection is closed (larger headers, a malformed one).
- `403` is the answer to an upgrade of the connection (WebSocket), `404` to `OPTIONS *`.
- Paths are normalised (`..`, `//`) before they are routed; `%2f` stays as it is and leads to no other route.
- The id of the stream is empty before the headers are read, and a caller's `x-request-id` after that: the id of an error is
  therefore `%UNIQUE_ID%`.
";

/// The word of a type.
fn name(kind: ErrorType) -> String {
    let word = serde_json::to_value(kind).unwrap();
    word.as_str().unwrap().to_owned()
}

fn example(body: &ErrorBody) -> String {
    format!(
        "\n```json\n{}\n```\n",
        serde_json::to_string_pretty(body).unwrap()
    )
}

fn examples() -> (String, String) {
    let detail = |param: &str, pointer: &str, code, message: &str| Detail {
        param: Some(param.to_owned()),
        pointer: pointer.to_owned(),
        code,
        message: message.to_owned(),
    };
    let first = "`n` must be 1.";
    let details = vec![
        detail("n", "/n", Code::UnsupportedValue, first),
        detail(
            "messages[0].role",
            "/messages/0/role",
            Code::MissingField,
            "`messages[0].role` is required.",
        ),
    ];
    let faults = ErrorBody::new(400, Code::UnsupportedValue, first)
        .param(Some("n".to_owned()))
        .details(details);
    let attempts = [
        ("openai", Some(500), Outcome::Status),
        ("azure", None, Outcome::Timeout),
    ];
    let attempts = attempts.map(|(provider, status, outcome)| FailedAttempt {
        provider: provider.to_owned(),
        status,
        outcome,
    });
    let message = "No provider could answer; tried openai, azure.";
    let failed = ErrorBody::new(504, Code::AllAttemptsFailed, message).attempts(attempts.into());
    (example(&faults), example(&failed))
}

fn types() -> String {
    let mut of: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
    for &status in Code::ALL.iter().flat_map(|code| code.statuses()) {
        of.entry(name(ErrorType::of(status)))
            .or_default()
            .insert(status);
    }
    let mut rows: Vec<_> = of.into_iter().collect();
    rows.sort_by_key(|(_, statuses)| statuses.first().copied());
    let rows = rows
        .iter()
        .map(|(kind, statuses)| format!("| `{kind}` | {} |\n", list(statuses)));
    format!(
        "\n## Types\n\n| type | status |\n|---|---|\n{}",
        rows.collect::<String>()
    )
}

fn list(statuses: &BTreeSet<u16>) -> String {
    let all: Vec<_> = statuses.iter().map(u16::to_string).collect();
    all.join(", ")
}

fn codes() -> String {
    let rows = Code::ALL.iter().map(|code| {
        let statuses: BTreeSet<_> = code.statuses().iter().copied().collect();
        let mut kinds: Vec<_> = statuses
            .iter()
            .map(|&status| name(ErrorType::of(status)))
            .collect();
        kinds.dedup();
        format!(
            "| `{code}` | {} | `{}` | {} |\n",
            list(&statuses),
            kinds.join("`, `"),
            code.meaning()
        )
    });
    format!(
        "\n## Codes\n\n| code | status | type | meaning |\n|---|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

/// What Envoy's own errors become: one entry of `local_reply_config`.
struct Mapper {
    /// The status, or from which on.
    status: u16,
    from: bool,
    /// The status in its place.
    instead: Option<u16>,
    kind: String,
    code: Code,
    message: String,
}

/// The entries in the order of `envoy/envoy.yaml`, without the one that leaves the gateway's own alone.
fn mappers() -> Vec<Mapper> {
    let yaml = fs::read_to_string(root().join("envoy/envoy.yaml")).unwrap();
    let part = between(&yaml, "local_reply_config:", "route_config:").unwrap();
    let mut entries = part.split("- filter:").skip(1);
    let first = entries.next().unwrap();
    assert!(
        !first.contains("body_format"),
        "the first leaves a reply alone:{first}"
    );
    let mapper = |entry: &str| {
        let number = |before, after| between(entry, before, after)?.trim().parse::<u16>().ok();
        let format = between(entry, "json_format: {error: {", "}}").unwrap();
        assert!(
            !format.contains('%'),
            "Envoy's own words reach the caller: {format}"
        );
        let word = between(format, "code: ", ",").unwrap();
        let known = Code::ALL.iter().find(|code| code.as_str() == word);
        Mapper {
            status: number("default_value: ", ",").unwrap(),
            from: entry.contains("op: GE"),
            instead: number("status_code: ", "\n"),
            kind: between(format, "type: ", ",").unwrap().to_owned(),
            code: *known.unwrap_or_else(|| panic!("{word} is no code")),
            message: between(format, "message: \"", "\"").unwrap().to_owned(),
        }
    };
    entries.map(mapper).collect()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next()
}

fn envoys() -> String {
    let rows = mappers().into_iter().map(|own| {
        let of = match own.from {
            true if own.status >= 500 => "others from 500".to_owned(),
            true => "others below 500".to_owned(),
            false => own.status.to_string(),
        };
        let status = own
            .instead
            .map_or_else(|| of.clone(), |instead| format!("{of} → {instead}"));
        format!(
            "| {status} | `{}` | `{}` | {} |\n",
            own.code, own.kind, own.message
        )
    });
    let rows: String = rows.collect();
    format!("{ENVOY}\n| status | code | type | message |\n|---|---|---|---|\n{rows}{SEEN}")
}

#[test]
fn w60_the_page_of_errors_is_made_from_the_code() {
    let (faults, failed) = examples();
    let page = [
        INTRO,
        &faults,
        ATTEMPTS,
        &failed,
        STREAMS,
        &types(),
        &codes(),
        &envoys(),
    ];
    let page = page.concat();
    let path = root().join("docs/errors.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "docs/errors.md is old: UPDATE_DOCS=1 writes it"
    );
}

#[test]
fn w60_every_code_is_used_and_none_stands_as_text() {
    let envoys: BTreeSet<_> = mappers().into_iter().map(|own| own.code).collect();
    let sources = sources();
    let sources: Vec<_> = sources
        .iter()
        .filter(|(path, _)| path != "core/src/error/code.rs")
        .map(|(path, text)| (path.as_str(), code(text)))
        .collect();
    for own in Code::ALL {
        let variant = format!("Code::{own:?}");
        let used = sources.iter().any(|(_, text)| names(text, &variant)) || envoys.contains(own);
        assert_eq!(
            used,
            !PLANNED.contains(own),
            "{variant} is in use, or else it is in PLANNED"
        );
        let word = format!("\"{own}");
        for (path, text) in &sources {
            let other = OTHER_WORDS.contains(&(own.as_str(), path));
            let stands = text.contains(&format!("{word}\"")) || text.contains(&format!("{word}\\"));
            assert!(other || !stands, "{path} has {word} as text");
        }
    }
}

/// The code of the core, the filter and the sidecar, with its place from the root.
fn sources() -> Vec<(String, String)> {
    let folders = ["core/src", "filter/src", "sidecar/src"].map(|folder| root().join(folder));
    let all = folders.iter().flat_map(|folder| files(folder, ".rs"));
    let read = |path: PathBuf| {
        let place = path.strip_prefix(root()).unwrap();
        let text = (!is_test(place)).then(|| fs::read_to_string(&path).unwrap())?;
        Some((place.to_str().unwrap().to_owned(), text))
    };
    all.filter_map(read).collect()
}

/// Whether the text has the path, and not only a longer one.
fn names(text: &str, path: &str) -> bool {
    let mut after = text.split(path).skip(1);
    after.any(|rest| !rest.starts_with(char::is_alphanumeric))
}

#[test]
fn w60_what_envoy_refuses_has_the_type_and_code_of_its_status() {
    let mappers = mappers();
    for status in 400..600 {
        let fits = |own: &&Mapper| own.status == status || own.from && status >= own.status;
        let own = mappers.iter().find(fits).unwrap();
        let told = own.instead.unwrap_or(status);
        assert_eq!(own.kind, name(ErrorType::of(told)), "{status}");
        let listed = own.code.statuses().contains(&told);
        assert!(listed, "{status}: {} does not come with it", own.code);
    }
}

#[test]
fn w15_the_known_fields_are_those_of_the_code() {
    let table = |fields: &[Field]| {
        let row = |field: &Field| {
            let shape = field.shape.to_string().replace('|', "\\|");
            format!("| `{}` | {shape} | {} |\n", field.name, field.about)
        };
        let rows: String = fields.iter().map(row).collect();
        format!("| field | must be | what |\n|---|---|---|\n{rows}")
    };
    let known = format!(
        "\nOn their way to a provider:\n\n{}\nThe gateway's own:\n\n{}",
        table(fields::STANDARD),
        table(fields::GATEWAY)
    );
    let path = root().join("docs/wire.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- known fields -->\n").unwrap();
    let (own, after) = rest.split_once("<!-- end -->").unwrap();
    if env::var_os("UPDATE_DOCS").is_some() {
        let page = format!("{before}<!-- known fields -->\n{known}<!-- end -->{after}");
        fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(own, known, "docs/wire.md is old: UPDATE_DOCS=1 writes it");
}
