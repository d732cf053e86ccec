//! The headers of one message.

use std::ops::Range;

use crate::text::{cut, same};
use crate::wire;

/// Where the name and the value of a header stand.
type Place = (Range<usize>, Range<usize>);

/// Headers as the host gives them: names in lower case, pseudo-headers among them.
///
/// All of them stand in one text, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    text: String,
    places: Vec<Place>,
    /// Which lengths the names have: most that are asked for are not there, and no other name is as long.
    lengths: u64,
}

impl Head {
    /// A head of these headers, in their order.
    #[must_use]
    pub fn new(headers: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            head.push(name.as_ref(), value.as_ref());
        }
        head
    }

    /// Reads the form in which the host gives them: the number of headers, the lengths of name and value of each, then all
    /// names and values, each with a zero behind it; numbers in 32 bits, the lowest byte first.
    ///
    /// What is not UTF-8 is read with U+FFFD; what is not of this form gives no header.
    #[must_use]
    #[inline(never)] // once, for both heads of an exchange
    pub fn read(bytes: &[u8]) -> Self {
        let Some((places, text)) = places(bytes) else {
            return Self::default();
        };
        if let Ok(text) = simdutf8::basic::from_utf8(text) {
            return Self {
                text: text.to_owned(),
                lengths: places
                    .iter()
                    .fold(0, |all, (name, _)| all | bit(name.len())),
                places,
            };
        }
        let part = |place: &Range<usize>| {
            String::from_utf8_lossy(text.get(place.clone()).unwrap_or_default())
        };
        let own = |(name, value): &(_, _)| (part(name), part(value));
        Self::new(&places.iter().map(own).collect::<Vec<_>>())
    }

    fn push(&mut self, name: &str, value: &str) {
        let place = |text: &mut String, part: &str| {
            let start = text.len();
            text.push_str(part);
            start..text.len()
        };
        let places = (place(&mut self.text, name), place(&mut self.text, value));
        self.places.push(places);
        self.lengths |= bit(name.len());
    }

    /// The values of the headers of this name.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let is = move |own: &&Place| {
            // Most names are told apart by their length.
            own.0.end.wrapping_sub(own.0.start) == name.len() && same(self.part(&own.0), name)
        };
        let any = self.lengths & bit(name.len()) != 0;
        let places = if any { &*self.places } else { &[] };
        let found = places.iter().filter(is);
        found.map(|(_, value)| self.part(value))
    }

    fn part(&self, place: &Range<usize>) -> &str {
        self.text.get(place.clone()).unwrap_or_default()
    }

    /// The value of the first header of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// The value of a header that may stand once; `None` where it is absent or empty.
    ///
    /// # Errors
    ///
    /// Its name, where it stands twice.
    pub fn once(&self, name: &'static str) -> Result<Option<&str>, &'static str> {
        let mut values = self.values(name);
        let first = values.next().map(str::trim);
        if values.next().is_some() {
            return Err(name);
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// All headers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places
            .iter()
            .map(|(name, value)| (self.part(name), self.part(value)))
    }

    /// `:status` as a number; 0 where there is none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.get(":status")
            .and_then(|status| status.parse().ok())
            .unwrap_or_default()
    }

    /// Whether the body is JSON by its `content-type`, in the words that nearly all use.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.get("content-type")
            .is_some_and(|own| same(own, wire::JSON))
    }

    /// The media type of `content-type` without its parameters, as it is spelled.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        let value = self.get("content-type")?;
        Some(cut(value, b';').map_or(value, |(media, _)| media).trim())
    }

    /// Whether the body has a content coding: it is not its bytes as they stand.
    #[must_use]
    pub fn is_encoded(&self) -> bool {
        let plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
        self.get("content-encoding")
            .is_some_and(|codings| !codings.split(',').map(str::trim).all(plain))
    }

    /// The `charset` of `content-type`, in lower case.
    #[must_use]
    pub fn charset(&self) -> Option<String> {
        let (_, parameters) = cut(self.get("content-type")?, b';')?;
        parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let charset = name.trim().eq_ignore_ascii_case("charset");
            charset.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        })
    }
}

/// The bit of a length; the longest share one.
fn bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Where names and values stand in the text that is told beside them.
fn places(bytes: &[u8]) -> Option<(Vec<Place>, &[u8])> {
    let (count, lengths) = bytes.split_first_chunk()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (lengths, text) = lengths.split_at_checked(count.checked_mul(8)?)?;
    let mut end = 0_usize;
    let mut place = |length: [u8; 4]| {
        let start = end;
        let stop = start.checked_add(usize::try_from(u32::from_le_bytes(length)).ok()?)?;
        end = stop.checked_add(1)?;
        Some(start..stop)
    };
    let (pairs, _) = lengths.as_chunks::<8>();
    let mut places = Vec::with_capacity(count);
    for [a, b, c, d, e, f, g, h] in pairs {
        places.push((place([*a, *b, *c, *d])?, place([*e, *f, *g, *h])?));
    }
    (end <= text.len()).then_some((places, text))
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::headers::Headers;

    fn written(headers: &[(&str, &str)]) -> Vec<u8> {
        Headers::from_iter(headers.iter().copied()).show(<[u8]>::to_vec)
    }

    #[test]
    fn w17_w35_identity_is_no_content_coding() {
        let encoded = |coding: &str| {
            let header = ("content-encoding".to_owned(), coding.to_owned());
            Head::new(&[header]).is_encoded()
        };
        assert!(!Head::default().is_encoded());
        for plain in ["", "identity", "Identity", "identity, identity"] {
            assert!(!encoded(plain), "{plain:?}");
        }
        for other in ["gzip", "x-gzip", "br", "identity, gzip", "gzip,identity"] {
            assert!(encoded(other), "{other:?}");
        }
    }

    #[test]
    fn the_hosts_form_is_read() {
        let long = "x".repeat(300);
        let headers = [(":path", "/v1"), ("x-long", long.as_str()), ("x-empty", "")];
        let head = Head::read(&written(&headers));
        assert_eq!(head.iter().collect::<Vec<_>>(), headers);
        assert_eq!(head.get("x-long"), Some(long.as_str()));
        assert_eq!(head.get("x-none"), None);
        let bytes = b"\x01\0\0\0\x02\0\0\0\x03\0\0\0te\0all\0";
        assert_eq!(Head::read(bytes).get("te"), Some("all"));
        assert_eq!(Head::read(&[0; 4]), Head::default());
    }

    #[test]
    fn what_is_not_utf8_spoils_no_other_header() {
        let spoilt = |headers: &[(&str, &str)], from: &[u8], to: &[u8]| {
            let mut bytes = written(headers);
            let at = memchr::memmem::find(&bytes, from).unwrap();
            bytes.splice(at..at + from.len(), to.iter().copied());
            Head::read(&bytes)
        };
        let head = spoilt(&[("a", "1?2"), ("b", "ä")], b"?", b"\xff");
        let headers = [("a", "1\u{fffd}2"), ("b", "ä")];
        assert_eq!(head.iter().collect::<Vec<_>>(), headers);
        // The two halves of a letter in two headers are no letter.
        let head = spoilt(&[("a", "?"), ("b", "!")], b"?\0b\0!", b"\xc3\0b\0\xa4");
        let headers = [("a", "\u{fffd}"), ("b", "\u{fffd}")];
        assert_eq!(head.iter().collect::<Vec<_>>(), headers);
    }

    #[test]
    fn what_is_cut_gives_no_header() {
        let whole = written(&[("name", "value"), ("other", "more")]);
        for end in 0..whole.len() {
            let head = Head::read(whole.get(..end).unwrap());
            assert_eq!(head, Head::default(), "{end}");
        }
        for first in [[255; 4], [0, 0, 0, 128], [3, 0, 0, 0]] {
            let mut bytes = whole.clone();
            bytes.splice(..4, first);
            assert_eq!(Head::read(&bytes), Head::default());
        }
        let mut bytes = whole;
        bytes.splice(4..8, [255; 4]);
        assert_eq!(Head::read(&bytes), Head::default());
    }
}
