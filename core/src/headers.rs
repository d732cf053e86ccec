//! Headers that are written.

use std::fmt;

/// Room for the headers of an attempt, so that they seldom need more.
const HEADERS: usize = 15;
/// Bytes of room for their texts.
const TEXTS: usize = 512;
/// Bytes of a number.
const NUMBER: usize = 4;
/// Bytes of the lengths of a name and a value.
const LENGTHS: usize = 2 * NUMBER;

/// Headers in their order, in the form in which the host takes them ([`crate::head::Head::read`] has it), but for what of
/// the room is free.
#[derive(PartialEq, Eq)]
pub struct Headers {
    /// How many they are.
    count: usize,
    /// How many have room.
    room: usize,
    /// Room for a number, then for the lengths of each; names and values, a zero behind each.
    bytes: Vec<u8>,
}

impl Default for Headers {
    fn default() -> Self {
        Self::with(0, HEADERS, &[0; NUMBER + LENGTHS * HEADERS])
    }
}

impl Clone for Headers {
    /// The same, with room for more.
    fn clone(&self) -> Self {
        Self::with(self.count, self.room, &self.bytes)
    }
}

impl Headers {
    fn with(count: usize, room: usize, own: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(own.len() + TEXTS);
        bytes.extend_from_slice(own);
        Self { count, room, bytes }
    }

    /// Adds one.
    #[inline(never)] // called some twenty times a request
    pub fn push(&mut self, name: &str, value: &str) {
        if self.count == self.room {
            self.widen();
        }
        let place = self.bytes.get_mut(lengths_at(self.count)..);
        if let Some([place, ..]) = place.map(|rest| rest.as_chunks_mut::<LENGTHS>().0) {
            let (own, _) = place.as_chunks_mut();
            own.copy_from_slice(&[name, value].map(length));
        }
        self.count += 1;
        for text in [name, value] {
            self.bytes.extend_from_slice(text.as_bytes());
            self.bytes.push(0);
        }
    }

    /// Makes room for as many more.
    #[cold]
    fn widen(&mut self) {
        let at = lengths_at(self.room);
        let more = std::iter::repeat_n(0, LENGTHS * self.room);
        self.bytes.splice(at..at, more);
        self.room *= 2;
    }

    /// Adds one whose value is a number.
    pub fn push_number(&mut self, name: &str, value: impl itoa::Integer) {
        self.push(name, itoa::Buffer::new().format(value));
    }

    /// Shows all of them: how many, the lengths of name and value of each, the texts.
    pub fn show<T>(mut self, see: impl FnOnce(&[u8]) -> T) -> T {
        let start = LENGTHS * (self.room - self.count);
        self.bytes.copy_within(..lengths_at(self.count), start);
        let bytes = self.bytes.get_mut(start..).unwrap_or_default();
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        if let Some(number) = bytes.first_chunk_mut() {
            *number = count.to_le_bytes();
        }
        see(bytes)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let (lengths, mut rest) = self
            .bytes
            .split_at_checked(lengths_at(self.room))
            .unwrap_or_default();
        let mut next = move |length: &[u8; NUMBER]| {
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (text, after) = rest.split_at_checked(length)?;
            rest = after.get(1..)?;
            std::str::from_utf8(text).ok()
        };
        let (each, _) = lengths.get(NUMBER..).unwrap_or_default().as_chunks();
        let (each, _) = each.as_chunks();
        let each = each.iter().take(self.count);
        each.map_while(move |[name, value]| Some((next(name)?, next(value)?)))
    }
}

/// Where the lengths of a header stand.
fn lengths_at(i: usize) -> usize {
    NUMBER + LENGTHS * i
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

fn length(text: &str) -> [u8; NUMBER] {
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
        one.show(|bytes| assert_eq!(bytes, b"\x01\0\0\0\x02\0\0\0\x03\0\0\0te\0all\0"));
        Headers::default().show(|bytes| assert_eq!(bytes, [0; 4]));
    }

    #[test]
    fn what_is_written_is_read() {
        let long = "x".repeat(2 * TEXTS);
        let mut all = vec![(":path", "/v1"), ("x-long", long.as_str()), ("x-empty", "")];
        all.extend([("x", "y"); 3 * HEADERS]);
        let mut headers = Headers::from_iter(all.iter().copied());
        headers.push_number("most", u64::MAX);
        all.push(("most", "18446744073709551615"));
        assert_eq!(headers.iter().collect::<Vec<_>>(), all);
        let head = headers.clone().show(Head::read);
        assert_eq!(head.iter().collect::<Vec<_>>(), all);
        headers.push("last", "");
        let head = headers.show(Head::read);
        assert_eq!(
            (head.iter().count(), head.get("last")),
            (all.len() + 1, Some(""))
        );
    }
}
