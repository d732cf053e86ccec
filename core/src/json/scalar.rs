//! Strings as they stand in the text.

use std::borrow::Cow;

use super::Span;
use super::fault::{Fault, FaultKind};
use super::writer::write_text;

/// A string of the text, still escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// What stands between the quotes.
    pub raw: &'a str,
    /// Whether `raw` holds an escape.
    pub escaped: bool,
    /// With its quotes.
    pub span: Span,
}

impl<'a> Text<'a> {
    /// Where `raw` stands.
    #[must_use]
    pub fn inside(&self) -> Span {
        self.span.start + 1..self.span.end - 1
    }

    /// The string that is meant. A lone half of a surrogate pair becomes U+FFFD.
    #[must_use]
    #[inline]
    pub fn decode(&self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(self.unescaped())
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    fn unescaped(&self) -> String {
        let mut out = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some((before, after)) = rest.split_once('\\') {
            out.push_str(before);
            let mut chars = after.chars();
            match chars.next() {
                Some('b') => out.push('\u{8}'),
                Some('f') => out.push('\u{c}'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('u') => {
                    let (character, left) = unicode(chars.as_str());
                    out.push(character);
                    rest = left;
                    continue;
                }
                Some(other) => out.push(other),
                None => {}
            }
            rest = chars.as_str();
        }
        out.push_str(rest);
        out
    }
}

/// Four digits, and four more where the first are half of a pair → the character and the rest.
fn unicode(text: &str) -> (char, &str) {
    let (first, rest) = unit(text);
    if (0xd800..0xdc00).contains(&first)
        && let Some(second_text) = rest.strip_prefix("\\u")
    {
        let (second, left) = unit(second_text);
        if (0xdc00..0xe000).contains(&second) {
            let point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return (
                char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER),
                left,
            );
        }
    }
    (
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER),
        rest,
    )
}

fn unit(text: &str) -> (u32, &str) {
    let (digits, rest) = text.split_at_checked(4).unwrap_or((text, ""));
    (u32::from_str_radix(digits, 16).unwrap_or(0xfffd), rest)
}

/// Length of the escape that begins with the backslash at the front of `bytes`.
pub(super) fn escape_len(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(1) {
        None => Err(Fault {
            at: at + 1,
            kind: FaultKind::End,
        }),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => {
            let mut digits = bytes.iter().skip(2).take(4);
            if !digits.all(u8::is_ascii_hexdigit) {
                return Err(Fault {
                    at,
                    kind: FaultKind::Escape,
                });
            }
            if bytes.len() < 6 {
                return Err(Fault {
                    at: at + bytes.len(),
                    kind: FaultKind::End,
                });
            }
            Ok(6)
        }
        Some(_) => Err(Fault {
            at,
            kind: FaultKind::Escape,
        }),
    }
}

/// A text as a JSON string, in quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    let _ = write_text(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}
