//! What is JSON and what is not: every class of case of which RFC 8259 speaks, as tables.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;

/// A name, the text, and whether it is read.
pub(super) type Case = (&'static str, &'static [u8], bool);

/// All tables, each with its name.
const TABLES: [(&str, &[Case]); 5] = [
    ("structure", structure::CASES),
    ("containers", containers::CASES),
    ("numbers", numbers::CASES),
    ("strings", strings::CASES),
    ("free", free::CASES),
];

fn cases() -> impl Iterator<Item = (String, &'static [u8], bool)> {
    TABLES.into_iter().flat_map(|(table, cases)| {
        let named = move |(name, bytes, read): &Case| (format!("{table}: {name}"), *bytes, *read);
        cases.iter().map(named)
    })
}

/// Reads bytes as a body is read.
pub(super) fn read(bytes: &[u8]) -> Result<(), Fault> {
    check(text(bytes)?)
}

#[test]
fn w17_what_is_json_is_read_and_what_is_not_is_refused() {
    for (name, bytes, accept) in cases() {
        let read = read(bytes);
        assert_eq!(read.is_ok(), accept, "{name}: {read:?}");
        if let Err(fault) = read {
            assert!(fault.at <= bytes.len(), "{name}: {fault:?}");
        }
    }
}

#[test]
fn w17_what_is_read_is_read_anywhere() {
    for (name, bytes, accept) in cases() {
        for (before, after) in [
            ("\t\r\n ", " \n\r\t"),
            ("[", "]"),
            ("[0,", ",0]"),
            ("{\"a\":", "}"),
        ] {
            let placed = [before.as_bytes(), bytes, after.as_bytes()].concat();
            assert!(!accept || read(&placed).is_ok(), "{name}: {before}{after}");
        }
        for after in [",", "]", "}", ":", "x", "\"", "\0", " 0"] {
            let more = [bytes, after.as_bytes()].concat();
            assert!(!accept || read(&more).is_err(), "{name}: {after}");
        }
    }
}

#[test]
fn w17_a_value_ends_where_its_span_ends() {
    for (name, bytes, _) in cases().filter(|(.., accept)| *accept) {
        let value = Cursor::new(text(bytes).unwrap()).skip().unwrap();
        let space = |byte: &u8| b" \t\r\n".contains(byte);
        let start = bytes.iter().position(|byte| !space(byte)).unwrap();
        let end = bytes.iter().rposition(|byte| !space(byte)).unwrap() + 1;
        assert_eq!(value, start..end, "{name}");
    }
}

#[test]
fn w17_another_parser_says_the_same() {
    for (name, bytes, accept) in cases() {
        let other = std::str::from_utf8(bytes)
            .is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
        assert_eq!(other, accept, "{name}");
        // It builds no value from what this reader is free to take: a huge number, half of a pair.
        if !name.starts_with("free") {
            let value = serde_json::from_slice::<Value>(bytes);
            assert_eq!(value.is_ok(), accept, "{name}: {value:?}");
        }
    }
}

#[test]
fn the_tables_name_each_case_once() {
    let names: BTreeSet<_> = cases().map(|(name, ..)| name).collect();
    let texts: BTreeSet<_> = cases().map(|(_, bytes, _)| bytes).collect();
    assert_eq!(names.len(), cases().count(), "a name stands twice");
    assert_eq!(texts.len(), cases().count(), "a text stands twice");
    assert!(names.len() >= 250);
}
