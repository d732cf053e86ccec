//! Headers that are written.

use std::fmt;

/// Room for the headers of an attempt, so that they seldom need more.
const HEADERS: usize = 16;
/// Bytes of room for their texts.
const TEXTS: usize = 512;

/// Headers in their order, in the form in which the host takes them ([`crate::head::Head::read`] has it).
#[derive(PartialEq, Eq)]
pub struct Headers {
    /// Of each the lengths of name and value.
    lengths: Vec<[[u8; 4]; 2]>,
    /// Names and values, a zero behind each.
    texts: Vec<u8>,
}

impl Default for Headers {
    fn default() -> Self {
        Self {
            lengths: Vec::with_capacity(HEADERS),
            texts: Vec::with_capacity(TEXTS),
        }
    }
}

impl Clone for Headers {
    /// The same, with room for more.
    fn clone(&self) -> Self {
        let mut all = Self::default();
        all.lengths.extend_from_slice(&self.lengths);
        all.texts.extend_from_slice(&self.texts);
        all
    }
}

impl Headers {
    /// Adds one.
    #[inline(never)] // called some twenty times a request
    pub fn push(&mut self, name: &str, value: &str) {
        self.lengths.push([name, value].map(length));
        for text in [name, value] {
            self.texts.extend_from_slice(text.as_bytes());
            self.texts.push(0);
        }
    }

    /// Adds one whose value is a number.
    pub fn push_number(&mut self, name: &str, value: impl itoa::Integer) {
        self.push(name, itoa::Buffer::new().format(value));
    }

    /// All of them: how many, the lengths of name and value of each, the texts.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.lengths.len()).unwrap_or(u32::MAX);
        let lengths = self.lengths.as_flattened().as_flattened();
        [&count.to_le_bytes(), lengths, &self.texts].concat()
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = self.texts.as_slice();
        let mut next = move |length: [u8; 4]| {
            let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
            let (text, after) = rest.split_at_checked(length)?;
            rest = after.get(1..)?;
            std::str::from_utf8(text).ok()
        };
        let each = self.lengths.iter();
        each.map_while(move |[name, value]| Some((next(*name)?, next(*value)?)))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(headers: T) -> Self {
        let mut all = Self::default();
        for (name, value) in headers {
            all.push(name, value);
        }
        all
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

fn length(text: &str) -> [u8; 4] {
    u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::head::Head;

    #[test]
    fn headers_are_written_as_the_host_takes_them() {
        let one = Headers::from_iter([("te", "all")]);
        assert_eq!(one.bytes(), b"\x01\0\0\0\x02\0\0\0\x03\0\0\0te\0all\0");
        assert_eq!(Headers::default().bytes(), [0; 4]);
    }

    #[test]
    fn what_is_written_is_read() {
        let long = "x".repeat(2 * TEXTS);
        let mut all = vec![(":path", "/v1"), ("x-long", long.as_str()), ("x-empty", "")];
        all.extend([("x", "y"); HEADERS]);
        let mut headers = Headers::from_iter(all.iter().copied());
        headers.push_number("most", u64::MAX);
        all.push(("most", "18446744073709551615"));
        assert_eq!(headers.iter().collect::<Vec<_>>(), all);
        let head = Head::read(&headers.bytes());
        assert_eq!(head.iter().collect::<Vec<_>>(), all);
    }
}
