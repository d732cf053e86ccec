//! Two readers of JSON and one answer: this one's and serde_json's, for texts that nobody chose.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde::de::IgnoredAny;

use super::corpus::read;
use super::*;

/// Whether both read it, or neither does.
fn agree(bytes: &[u8]) -> bool {
    let other = std::str::from_utf8(bytes)
        .is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    assert_eq!(
        read(bytes).is_ok(),
        other,
        "{:?}",
        String::from_utf8_lossy(bytes)
    );
    other
}

/// Every text of 1 to 5 of these tokens that is JSON.
fn every_text(tokens: &[&str]) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut json = Vec::new();
    for _ in 0..5 {
        let longer = |text: &String| {
            tokens
                .iter()
                .map(|token| format!("{text}{token}"))
                .collect()
        };
        texts = texts.iter().flat_map::<Vec<_>, _>(longer).collect();
        json.extend(texts.iter().filter(|text| agree(text.as_bytes())).cloned());
    }
    json
}

#[test]
fn w17_every_short_number_is_read_or_refused_by_both() {
    let numbers = every_text(&["0", "7", "-", "+", ".", "e", "E"]);
    assert_eq!(numbers.len(), 336);
    for spelling in numbers {
        // So short a number is exact as a double when it is whole and of 64 bits.
        let double: f64 = spelling.parse().unwrap();
        let is_whole = double.fract() == 0.0 && double.abs() < i64::MAX as f64;
        let value = Cursor::new(&spelling).number().unwrap().as_i64();
        assert_eq!(value, is_whole.then_some(double as i64), "{spelling}");
    }
}

#[test]
fn w17_every_short_structure_is_read_or_refused_by_both() {
    let tokens = ["[", "]", "{", "}", ",", ":", "\"a\"", "1", " "];
    assert_eq!(every_text(&tokens).len(), 146);
}

#[test]
fn w17_every_short_string_is_read_or_refused_by_both() {
    let tokens = ["\"", "\\", "u", "00e9", "n", "\u{e9}", "\t", "x"];
    assert_eq!(every_text(&tokens).len(), 280);
}

#[test]
fn w17_a_text_with_any_byte_changed_is_read_or_refused_by_both() {
    let whole = "{\"a\":[1,-2.5e+3,true,null,\"x\\n\\u00e9é\"], \"b\":{\"c\":false,\"\":0}}";
    let whole = whole.as_bytes();
    assert!(agree(whole));
    for at in 0..whole.len() {
        let (before, after) = (&whole[..at], &whole[at + 1..]);
        agree(&[before, after].concat());
        for byte in 0..=255 {
            agree(&[before, &[byte], after].concat());
            agree(&[before, &[byte, whole[at]], after].concat());
        }
    }
}
