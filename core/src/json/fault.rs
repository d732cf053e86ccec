//! What makes a text not JSON, and where.

use std::fmt;

/// The first fault of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Byte offset.
    pub at: usize,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// The kinds of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A control character inside a string; it must be escaped.
    ControlCharacter,
    /// The text ends inside a value.
    End,
    /// Something stands after the value.
    Trailing,
    /// A backslash with what may not follow it.
    Escape,
    /// Deeper than the limit.
    TooDeep,
    /// Not UTF-8.
    NotUtf8,
    /// A number that JSON does not spell so.
    Number,
    /// Something else was expected; the word says what.
    Expected(&'static str),
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlCharacter => f.write_str("a control character inside a string"),
            Self::End => f.write_str("unexpected end"),
            Self::Trailing => f.write_str("unexpected text after the value"),
            Self::Escape => f.write_str("an invalid escape in a string"),
            Self::TooDeep => f.write_str("nested too deep"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Number => f.write_str("an invalid number"),
            Self::Expected(what) => write!(f, "expected {what}"),
        }
    }
}

/// Where a fault is, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte offset.
    #[must_use]
    pub fn of(bytes: &[u8], at: usize) -> Self {
        let before = bytes.get(..at).unwrap_or(bytes);
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let continued = |byte: &&u8| **byte & 0xc0 != 0x80;
        let column = before
            .get(start..)
            .unwrap_or_default()
            .iter()
            .filter(continued)
            .count()
            + 1;
        Self { line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
