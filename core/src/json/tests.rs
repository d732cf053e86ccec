#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn check(input: &str) -> Result<(), Fault> {
    let mut cursor = Cursor::new(input);
    cursor.skip()?;
    cursor.end()
}

#[test]
fn what_rfc_8259_accepts_is_accepted() {
    for input in [
        "{}",
        "[]",
        "\"\"",
        "0",
        "-0",
        "1.0e+3",
        "1E400",
        "null",
        "true",
        "false",
        " [ ] ",
        "{\"a\":{\"b\":[1,2,{}]},\"a\":1}",
        "\"\\u00e9\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "12345678901234567890",
        "\"\u{7f}\"",
        "[\"\u{e9}\u{1f600}\"]",
        "\t\r\n 1 \n",
        "[[[[[[[[]]]]]]]]",
        "\"a long string of more than sixteen bytes, to be sure\"",
    ] {
        assert_eq!(check(input), Ok(()), "{input}");
    }
}

#[test]
fn what_rfc_8259_refuses_is_refused() {
    for input in [
        "",
        " ",
        "{",
        "[",
        "]",
        "}",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "nul",
        "tru",
        "True",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\u{0}\"",
        "1 2",
        "{} x",
        "//\n1",
        "\u{feff}{}",
        "[1,,2]",
        "{\"a\":}",
        "{,}",
        "\"a\\",
        "\"a\\\"",
        "\u{a0}1",
        "\"sixteen bytes and then a control \u{1} character\"",
    ] {
        assert!(check(input).is_err(), "{input:?}");
    }
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
fn w17_nesting_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
    assert_eq!(
        check(&nested(MAX_DEPTH + 1)).unwrap_err().kind,
        FaultKind::TooDeep
    );
    assert_eq!(
        check(&"[".repeat(100_000)).unwrap_err().kind,
        FaultKind::TooDeep
    );
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
fn numbers_have_values() {
    let number = |input: &'static str| Cursor::new(input).number().unwrap();
    assert_eq!(number("4").as_i64(), Some(4));
    assert_eq!(number("4.0").as_i64(), Some(4));
    assert_eq!(number("4e2").as_i64(), Some(400));
    assert_eq!(number("-0").as_i64(), Some(0));
    assert_eq!(number("4.5").as_i64(), None);
    assert_eq!(number("12345678901234567890").as_i64(), None);
    assert_eq!(number("1e400").as_f64(), None);
    assert_eq!(number("1.5").as_f64(), Some(1.5));
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
