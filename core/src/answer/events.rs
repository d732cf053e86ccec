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
    /// It has a line that is neither a field nor a comment.
    pub(super) stray: bool,
}

/// What may stand at the front of a stream and is no part of it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the fields of an event.
pub(super) fn event(bytes: &[u8]) -> Event<'_> {
    let mut event = Event {
        name: b"",
        data: None,
        data_at: None,
        stray: false,
    };
    let mut at = start(bytes);
    while let Some((line, len)) = first_line(bytes, at) {
        if let Some(value) = field(line, b"data") {
            event.data_at = event
                .data
                .is_none()
                .then_some(at + line.len() - value.len());
            match &mut event.data {
                None => event.data = Some(Cow::Borrowed(value)),
                Some(joined) => {
                    let joined = joined.to_mut();
                    joined.push(b'\n');
                    joined.extend_from_slice(value);
                }
            }
        } else if let Some(value) = field(line, b"event") {
            event.name = value;
        } else {
            event.stray |= !is_known(line);
        }
        at += len;
    }
    event
}

/// The same event with its data, whose lines were joined, in one; and where that stands.
///
/// Line breaks of the data become spaces: in JSON they stand between tokens only.
pub(super) fn rejoined(bytes: &[u8], data: &[u8]) -> (Vec<u8>, usize) {
    let mut out = Vec::with_capacity(bytes.len());
    let mut data_at = None;
    let mut at = start(bytes);
    while let Some((line, len)) = first_line(bytes, at) {
        if field(line, b"data").is_none() {
            out.extend_from_slice(bytes.get(at..at + len).unwrap_or_default());
        } else if data_at.is_none() {
            out.extend_from_slice(b"data: ");
            data_at = Some(out.len());
            out.extend(data.iter().map(|b| if *b == b'\n' { b' ' } else { *b }));
            out.push(b'\n');
        }
        at += len;
    }
    (out, data_at.unwrap_or_default())
}

/// The lines of an event that a reader of events knows, and the others.
pub(super) fn parted(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut known, mut stray) = (Vec::new(), Vec::new());
    let mut at = start(bytes);
    while let Some((line, len)) = first_line(bytes, at) {
        let side = if is_known(line) {
            &mut known
        } else {
            &mut stray
        };
        side.extend_from_slice(bytes.get(at..at + len).unwrap_or_default());
        at += len;
    }
    (known, stray)
}

/// Where the first line begins.
fn start(bytes: &[u8]) -> usize {
    let marked = bytes.starts_with(BYTE_ORDER_MARK);
    if marked { BYTE_ORDER_MARK.len() } else { 0 }
}

/// The line that begins at `at`, and its length with the break after it.
fn first_line(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    let (line, after) = rest.split_at_checked(end)?;
    let ended = if after.is_empty() {
        0
    } else {
        line_break(after)
    };
    Some((line, end + ended))
}

/// Whether a reader of events knows the line: a comment, a blank line, a field.
fn is_known(line: &[u8]) -> bool {
    let fields = [b"data".as_slice(), b"event", b"id", b"retry"];
    let comment = line.is_empty() || line.starts_with(b":");
    comment || fields.iter().any(|name| field(line, name).is_some())
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
        let marked = event(b"\xef\xbb\xbfdata: 1\n\n");
        assert_eq!(
            (marked.data.as_deref(), marked.data_at),
            (Some(b"1".as_slice()), Some(9))
        );
    }

    #[test]
    fn what_is_neither_field_nor_comment_is_stray() {
        for known in [
            ": ping\r\n\r\n",
            "id: 1\nretry: 5\n\n",
            "id\n\n",
            "\n",
            "event: a\ndata: b\n\n",
        ] {
            assert!(!event(known.as_bytes()).stray, "{known:?}");
        }
        for stray in [
            "{\"error\":1}\n\n",
            "<html>\n\n",
            "idle: 1\n\n",
            ": a\noops\n\n",
        ] {
            assert!(event(stray.as_bytes()).stray, "{stray:?}");
        }
    }

    #[test]
    fn stray_lines_are_told_from_the_others() {
        let (known, stray) = parted(b"{\"a\":\r\n: c\r\n1}\ndata: x\n\n");
        assert_eq!(known, b": c\r\ndata: x\n\n");
        assert_eq!(stray, b"{\"a\":\r\n1}\n");
    }

    #[test]
    fn data_of_many_lines_is_joined_in_its_place() {
        let bytes = b"event: a\r\ndata: {\r\nid: 7\r\ndata:\"b\":1}\r\n\r\n";
        let read = event(bytes);
        assert_eq!(read.data_at, None);
        let (joined, at) = rejoined(bytes, &read.data.unwrap());
        assert_eq!(joined, b"event: a\r\ndata: { \"b\":1}\nid: 7\r\n\r\n");
        assert_eq!(event(&joined).data_at, Some(at));
    }
}
