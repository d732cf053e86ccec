//! A text as a JSON string. serde_json looks at each byte; here sixteen are looked at at once.

use serde_json::{Result, to_writer};

use super::string::is_plain;

/// Writes a text as a JSON string, in quotes, behind what `out` has.
///
/// # Errors
///
/// Those of serde_json.
pub fn write_text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    if !is_plain(text.as_bytes()) {
        return to_writer(out, text);
    }
    write_plain(out, text);
    Ok(())
}

/// The same, of a text that stands in a string as it is.
#[inline]
pub fn write_plain(out: &mut Vec<u8>, text: &str) {
    debug_assert!(is_plain(text.as_bytes()), "{text}");
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn texts_are_written_as_serde_json_does() {
        let long = "sixteen bytes and some more of them, é";
        let texts = [
            "", "a", "é", "\"", "a\\b", "\u{7f}", "\u{1f}x", "a\nb", long,
        ];
        for text in texts {
            for (before, after) in [("", ""), (long, ""), ("", long), (long, long)] {
                let text = [before, text, after].concat();
                let mut out = b"before ".to_vec();
                write_text(&mut out, &text).unwrap();
                let expected = format!("before {}", serde_json::to_string(&text).unwrap());
                assert_eq!(String::from_utf8(out).unwrap(), expected);
            }
        }
    }
}
