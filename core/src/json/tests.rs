#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

mod containers;
mod corpus;
mod edits;
mod free;
mod nesting;
mod numbers;
mod oracle;
mod strings;
mod structure;
mod values;

fn check(input: &str) -> Result<(), Fault> {
    let mut cursor = Cursor::new(input);
    cursor.skip()?;
    cursor.end()
}

#[test]
fn w17_every_cut_of_a_text_is_refused_at_its_end() {
    let whole = r#"{"a":[1,-2.5e3,true,null,"x\n\u00e9"],"b":{"c":false}}"#;
    for end in 0..whole.len() {
        let fault = check(whole.get(..end).unwrap()).expect_err("is cut");
        assert!(fault.at <= end, "{end}");
    }
}

#[test]
fn w17_utf8_is_checked_with_its_place() {
    assert_eq!(text("é".as_bytes()), Ok("é"));
    assert_eq!(
        text(b"ab\xff").unwrap_err(),
        Fault {
            at: 2,
            kind: FaultKind::NotUtf8
        }
    );
    assert_eq!(
        text(b"\xed\xa0\x80").unwrap_err().at,
        0,
        "an encoded surrogate"
    );
}

#[test]
fn w17_a_fault_has_line_and_column() {
    let input = "{\n  \"é\": tru\n}";
    let fault = check(input).unwrap_err();
    assert_eq!(
        Place::of(input.as_bytes(), fault.at),
        Place { line: 2, column: 8 }
    );
    assert_eq!(Place::of(b"", 0), Place { line: 1, column: 1 });
}

#[test]
fn strings_are_decoded() {
    let decode = |input| Cursor::new(input).string().unwrap().decode().into_owned();
    assert_eq!(decode(r#""plain""#), "plain");
    assert_eq!(decode(r#""\"\\\/\b\f\n\r\t""#), "\"\\/\u{8}\u{c}\n\r\t");
    assert_eq!(decode(r#""m\u006fdel \ud83d\ude00""#), "model 😀");
    assert_eq!(decode(r#""\ud800x\udc00""#), "\u{fffd}x\u{fffd}");
}

#[test]
fn w16_edits_touch_only_their_spans() {
    let body = b"{\"model\":\"a\",\"x\":1.0e3}";
    let edits = [Edit::replace(9..12, "\"longer\""), Edit::cut(12..22)];
    let (prefix, covered) = apply(body, &edits);
    assert_eq!(
        (prefix.as_slice(), covered),
        (b"{\"model\":\"longer\"".as_slice(), 22)
    );
    assert_eq!(
        edited_len(body.len(), &edits),
        prefix.len() + body.len() - covered
    );
    assert_eq!(apply(body, &[]), (Vec::new(), 0));
    assert_eq!(apply(body, &[Edit::insert(1, "\"n\":1,")]).0, b"{\"n\":1,");
}
