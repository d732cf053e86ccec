//! Depth: RFC 8259 leaves the limit to the reader, here it is [`MAX_DEPTH`] (W17).

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// `depth` arrays or objects inside one another.
fn nested(open: &str, value: &str, close: &str, depth: usize) -> String {
    format!("{}{value}{}", open.repeat(depth), close.repeat(depth))
}

const SHAPES: [(&str, &str, &str, usize); 5] = [
    ("[", "", "]", 1),
    ("[1,", "1", ",2]", 1),
    ("{\"a\":", "1", "}", 1),
    ("{\"a\":1,\"b\":", "{}", ",\"c\":2}", 1),
    ("[{\"a\":", "null", "}]", 2),
];

#[test]
fn w17_nesting_is_limited() {
    for (open, value, close, each) in SHAPES {
        let inside = usize::from(value == "{}");
        let most = (MAX_DEPTH - inside) / each;
        assert_eq!(check(&nested(open, value, close, most)), Ok(()), "{open}");
        for depth in [most + 1, 500, 100_000] {
            let fault = check(&nested(open, value, close, depth)).unwrap_err();
            assert_eq!(fault.kind, FaultKind::TooDeep, "{open} {depth}");
        }
        // What is opened and never closed ends the same.
        let fault = check(&open.repeat(100_000)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::TooDeep, "{open}");
    }
}

#[test]
fn w17_depth_is_not_length() {
    let beside = format!("[{}[]]", "[],{\"a\":[{}]},".repeat(10_000));
    assert_eq!(check(&beside), Ok(()));
    let long = format!("[{}0]", "0,".repeat(100_000));
    assert_eq!(check(&long), Ok(()));
}
