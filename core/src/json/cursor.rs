//! The place in a text where reading goes on.

use super::fault::{Fault, FaultKind};
use super::number::{Number, number_len};
use super::scalar::Text;
use super::string::string_end;
use super::{MAX_DEPTH, Span};
use crate::text::same_bytes;

/// Reads a text value by value.
///
/// Each method reads one value from its first byte to its last; between two calls the cursor
/// stands before a value. A fault ends the reading: the cursor is of no use after it.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// The kinds of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[…]`
    Array,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
    /// A number.
    Number,
    /// `{…}`
    Object,
    /// `"…"`
    String,
}

impl Kind {
    /// The kind with its article, for a message.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Array => "an array",
            Self::Bool => "a boolean",
            Self::Null => "null",
            Self::Number => "a number",
            Self::Object => "an object",
            Self::String => "a string",
        }
    }
}

/// One member of an object, when the cursor stands before its value.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// Its name; `key.span.start` is where the member begins.
    pub key: Text<'a>,
}

type Step<T> = Result<T, Fault>;

impl<'a> Cursor<'a> {
    /// A cursor at the start of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// The byte offset where the cursor stands.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// The kind of the value that comes; nothing but white space is consumed.
    ///
    /// # Errors
    ///
    /// When no value can begin here.
    pub fn kind(&mut self) -> Step<Kind> {
        match self.token() {
            Some(b'"') => Ok(Kind::String),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            _ => self.fail("a value"),
        }
    }

    /// Validates a whole value and gives its span.
    ///
    /// # Errors
    ///
    /// The first fault inside it.
    pub fn skip(&mut self) -> Step<Span> {
        match self.kind()? {
            Kind::String => Ok(self.string()?.span),
            Kind::Number => Ok(self.number()?.span),
            Kind::Object => self.object(|cursor, _| cursor.pass()),
            Kind::Array => self.array(|cursor, _| cursor.pass()),
            Kind::Bool => {
                let start = self.at;
                self.bool()?;
                Ok(start..self.at)
            }
            Kind::Null => self.null(),
        }
    }

    /// Validates a whole value that nobody looks at.
    ///
    /// # Errors
    ///
    /// The first fault inside it.
    pub fn pass(&mut self) -> Step<()> {
        self.skip().map(|_| ())
    }

    /// Reads an object. `read` is called for each member with the cursor before its value, and
    /// must read that value.
    ///
    /// # Errors
    ///
    /// The first fault inside it, or that of `read`.
    pub fn object(
        &mut self,
        mut read: impl FnMut(&mut Self, Member<'a>) -> Step<()>,
    ) -> Step<Span> {
        let start = self.open(b'{', "an object")?;
        if self.token() != Some(b'}') {
            loop {
                let key = self.string()?;
                if !self.eat(b':') {
                    return self.fail("`:`");
                }
                read(self, Member { key })?;
                match self.token() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return self.fail("`,` or `}`"),
                }
            }
        }
        self.depth -= 1;
        self.at += 1;
        Ok(start..self.at)
    }

    /// Reads an array. `read` is called for each item with its index, and must read it.
    ///
    /// # Errors
    ///
    /// The first fault inside it, or that of `read`.
    pub fn array(&mut self, mut read: impl FnMut(&mut Self, usize) -> Step<()>) -> Step<Span> {
        let start = self.open(b'[', "an array")?;
        if self.token() != Some(b']') {
            let mut i = 0;
            loop {
                read(self, i)?;
                i += 1;
                match self.token() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    _ => return self.fail("`,` or `]`"),
                }
            }
        }
        self.depth -= 1;
        self.at += 1;
        Ok(start..self.at)
    }

    /// Reads an object that differs from an earlier one in its last member, a string, at most; `before` is that one up to the
    /// quote that opens the string. `false` where another value stands here: then nothing is read.
    ///
    /// # Errors
    ///
    /// When the string is broken.
    pub fn like(&mut self, before: Span) -> Step<bool> {
        self.space();
        let (start, bytes) = (self.at, self.text.as_bytes());
        let own = bytes.get(start..start + before.len());
        let alike = own.zip(bytes.get(before));
        let Some((own, _)) = alike.filter(|(own, before)| same_bytes(own, before)) else {
            return Ok(false);
        };
        self.at += own.len().saturating_sub(1);
        self.string()?;
        let ends = self.eat(b'}');
        if !ends {
            self.at = start;
        }
        Ok(ends)
    }

    /// Reads a string.
    ///
    /// # Errors
    ///
    /// When there is none here, or it is broken.
    pub fn string(&mut self) -> Step<Text<'a>> {
        if !self.eat(b'"') {
            return self.fail("a string");
        }
        let from = self.at;
        let (end, escaped) = string_end(self.text.as_bytes(), from)?;
        let raw = self.text.get(from..end).unwrap_or_default();
        self.at = end + 1;
        Ok(Text {
            raw,
            escaped,
            span: from - 1..self.at,
        })
    }

    /// Reads a number.
    ///
    /// # Errors
    ///
    /// When there is none here, or JSON does not spell it so.
    pub fn number(&mut self) -> Step<Number<'a>> {
        self.space();
        let start = self.at;
        let Some(len) = number_len(self.rest()) else {
            return Err(Fault {
                at: start,
                kind: FaultKind::Number,
            });
        };
        self.at += len;
        let span = start..self.at;
        Ok(Number {
            raw: self.text.get(span.clone()).unwrap_or_default(),
            span,
        })
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    ///
    /// When neither stands here.
    pub fn bool(&mut self) -> Step<bool> {
        self.space();
        for (word, value) in [("true", true), ("false", false)] {
            if self.word(word) {
                return Ok(value);
            }
        }
        self.fail("`true` or `false`")
    }

    /// Reads `null` and gives its span.
    ///
    /// # Errors
    ///
    /// When it does not stand here.
    pub fn null(&mut self) -> Step<Span> {
        self.space();
        let start = self.at;
        if self.word("null") {
            Ok(start..self.at)
        } else {
            self.fail("`null`")
        }
    }

    /// Makes sure that nothing but white space is left.
    ///
    /// # Errors
    ///
    /// [`FaultKind::Trailing`].
    pub fn end(&mut self) -> Step<()> {
        self.space();
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(Fault {
            at: self.at,
            kind: FaultKind::Trailing,
        })
    }

    fn open(&mut self, bracket: u8, what: &'static str) -> Step<usize> {
        if !self.eat(bracket) {
            return self.fail(what);
        }
        let start = self.at - 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault {
                at: start,
                kind: FaultKind::TooDeep,
            });
        }
        Ok(start)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    /// Goes past this byte, and the white space before it.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.token() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    /// The byte that comes after white space, before which the cursor then stands.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        let next = self.peek();
        if next.is_some_and(|byte| byte <= b' ') {
            self.spaces();
            return self.peek();
        }
        next
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn space(&mut self) {
        self.token();
    }

    /// The loop stands apart: it is asked for spaces in many places, where seldom one is.
    #[inline(never)]
    fn spaces(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn fail<T>(&self, expected: &'static str) -> Step<T> {
        let kind = if self.at >= self.text.len() {
            FaultKind::End
        } else {
            FaultKind::Expected(expected)
        };
        Err(Fault { at: self.at, kind })
    }
}
