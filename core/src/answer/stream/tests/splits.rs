//! Chunks that end anywhere, and what of them is life (W35).

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn w35_every_split_gives_the_same_bytes() {
    for line_end in ["\n", "\r\n", "\r"] {
        let sent = body(&[": ping", ROLE, TEXT, STOP, USAGE, DONE]).replace('\n', line_end);
        let (expected, _) = whole(&sent, false).unwrap();
        assert!(!expected.contains("prompt_tokens"));
        for at in 1..sent.len() {
            let (a, b) = sent.as_bytes().split_at(at);
            let (got, stream) = run(&[a, b], false).unwrap();
            assert_eq!(got, expected, "{line_end:?} split at {at}");
            assert!(stream.complete());
        }
        let bytes: Vec<&[u8]> = sent.as_bytes().chunks(1).collect();
        assert_eq!(
            run(&bytes, false).unwrap().0,
            expected,
            "{line_end:?} byte by byte"
        );
    }
}

#[test]
fn w35_fields_and_characters_may_be_split_anywhere() {
    let wide = TEXT.replace('H', "\u{1f600}\u{20ac}");
    let lines = wide.replacen('{', "{\ndata: ", 1);
    let named = format!("\u{feff}event: message\nid: 7\nretry: 5\n{wide}");
    for line_end in ["\n", "\r\n", "\r"] {
        let sent = body(&[&named, &lines, ":", STOP, USAGE, DONE]).replace('\n', line_end);
        let (expected, _) = whole(&sent, false).unwrap();
        assert!(expected.contains('\u{1f600}') && !expected.contains("prompt_tokens"));
        for at in 1..sent.len() {
            let (front, back) = sent.as_bytes().split_at(at);
            let (got, stream) = run(&[front, back], false).unwrap();
            assert_eq!(got, expected, "{line_end:?} split at {at}");
            assert_eq!(
                (stream.chunks, stream.bytes),
                (2, 18),
                "{line_end:?} split at {at}"
            );
        }
    }
}

#[test]
fn w35_life_is_a_chunk_or_the_end() {
    let mut stream = told(false);
    let mut alive = |bytes: &str| {
        stream.push(bytes.as_bytes(), false);
        stream.take_life()
    };
    for (bytes, life) in [
        (": ping\n\n", false),
        ("event: ping\ndata: {\"type\":\"ping\"}\n\n", false),
        (TEXT, false),
        ("\n", false),
        ("\n", true),
        ("data:\n\n", false),
        ("data: {\"choices\":[", false),
        ("\n\n", false),
        ("id: 1\n\n", false),
        (STOP, false),
        ("\n\n", true),
        ("", false),
        (DONE, false),
        ("\n\n", true),
    ] {
        assert_eq!(alive(bytes), life, "{bytes:?}");
    }
    let mut stream = told(false);
    stream.push(format!("{TEXT}\n\n").as_bytes(), false);
    assert!(stream.take_life() && !stream.take_life(), "it is told once");
    stream.push(&vec![b'x'; EVENT], false);
    assert!(!stream.take_life());
    stream.push(b"x", false);
    assert!(stream.take_life(), "longer than any event may be");
}
