//! Server-sent events, cut out of bytes.

use std::borrow::Cow;

/// Finds the ends of events in bytes that grow.
///
/// It remembers how far it has looked, so that an event that comes byte by byte is looked at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Splitter {
    /// Start of the line that is being read; `line <= searched`.
    line: usize,
    /// Up to here there is no line break after `line`.
    searched: usize,
    /// The line before ended with CRLF.
    crlf: bool,
}

impl Splitter {
    /// Length of the first event of `bytes`, with the blank line that ends it; `None` when it is
    /// not whole yet. Lines end with LF, CRLF or CR. After an event, `bytes` begin behind it.
    pub(super) fn event_len(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            let rest = bytes.get(self.searched..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'\n', b'\r', rest) else {
                self.searched = bytes.len();
                return None;
            };
            let end = self.searched + found;
            let after = bytes.get(end..).unwrap_or_default();
            let next = end + line_break(after);
            let blank = end == self.line;
            if after == b"\r" && (!blank || self.crlf) {
                // The LF that belongs to it may come yet.
                self.searched = end;
                return None;
            }
            if blank {
                *self = Self::default();
                return Some(next);
            }
            *self = Self {
                line: next,
                searched: next,
                crlf: after.starts_with(b"\r\n"),
            };
        }
    }
}

fn line_break(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\r\n") { 2 } else { 1 }
}

/// What one event carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// The value of `event`.
    pub(super) name: &'a [u8],
    /// Its data lines joined by LF; `None` for a comment.
    pub(super) data: Option<Cow<'a, [u8]>>,
    /// Where the data stands in the event, when it is one line.
    pub(super) data_at: Option<usize>,
}

/// Reads the fields of an event.
pub(super) fn event(bytes: &[u8]) -> Event<'_> {
    let mut event = Event {
        name: b"",
        data: None,
        data_at: None,
    };
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        if let Some(value) = field(line, b"data") {
            event.data_at = event.data.is_none().then_some(at + end - value.len());
            event.data = Some(match event.data.take() {
                None => Cow::Borrowed(value),
                Some(before) => Cow::Owned([before.as_ref(), b"\n", value].concat()),
            });
        } else if let Some(value) = field(line, b"event") {
            event.name = value;
        }
        at += end + line_break(rest.get(end..).unwrap_or_default());
    }
    event
}

/// The value of a line `name: value`; one space after the colon does not count.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let value = rest.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn first(bytes: &[u8]) -> Option<usize> {
        Splitter::default().event_len(bytes)
    }

    #[test]
    fn events_end_with_a_blank_line_of_any_kind() {
        assert_eq!(first(b"data: 1\n\ndata"), Some(9));
        assert_eq!(first(b"data: 1\r\n\r\ndata"), Some(11));
        assert_eq!(first(b"data: 1\r\rdata"), Some(9));
        assert_eq!(first(b"data: 1\r\r"), Some(9));
        assert_eq!(first(b"a: 1\ndata: 2\n\n"), Some(14));
        assert_eq!(first(b"\n"), Some(1));
        assert_eq!(first(b"data: 1\n"), None);
        assert_eq!(first(b"data: 1\r"), None, "an LF may follow");
        assert_eq!(first(b"data: 1"), None);
        assert_eq!(first(b""), None);
    }

    #[test]
    fn an_event_that_grows_byte_by_byte_ends_where_it_ends() {
        for whole in [
            "event: a\r\ndata: 1\r\n\r\n",
            "event: a\ndata: 1\n\n",
            "a\rb\r\r",
        ] {
            let mut splitter = Splitter::default();
            for len in 0..whole.len() {
                assert_eq!(
                    splitter.event_len(whole.as_bytes().get(..len).unwrap()),
                    None
                );
            }
            assert_eq!(
                splitter.event_len(whole.as_bytes()),
                Some(whole.len()),
                "{whole:?}"
            );
        }
    }

    #[test]
    fn fields_are_read() {
        let read = event(b"event: error\r\ndata: {\"a\":1}\r\n\r\n");
        let data = Some(b"{\"a\":1}".as_slice());
        assert_eq!(
            (read.name, read.data.as_deref()),
            (b"error".as_slice(), data)
        );
        assert_eq!(read.data_at, Some(20));
        let joined = event(b"data:a\ndata: b\nid: 3\n\n");
        assert_eq!(
            (joined.data.as_deref(), joined.data_at),
            (Some(b"a\nb".as_slice()), None)
        );
        assert_eq!(event(b": ping\n\n").data, None);
        assert_eq!(event(b"data\n\n").data.as_deref(), Some(b"".as_slice()));
        assert_eq!(event(b"database: 1\n\n").data, None);
    }
}
