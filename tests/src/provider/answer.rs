//! One answer, piece by piece, with everything that can go wrong in it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One answer of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, in order.
    pub headers: Vec<(String, String)>,
    /// Milliseconds before the headers.
    pub wait_ms: u64,
    /// Breaks the connection instead of answering.
    pub cut: Option<Cut>,
    /// Bytes that go on the connection instead of an HTTP answer; then it is closed.
    pub garbage: Option<String>,
    /// Whether `content-length` is sent; otherwise the body is chunked.
    pub sized: bool,
    /// The body.
    pub body: Vec<Piece>,
}

/// One piece of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Bytes, as one chunk.
    Bytes(Vec<u8>),
    /// Breaks the connection here.
    Cut(Cut),
    /// Waits for [`super::Provider::release`].
    Gate,
    /// Text, as one chunk.
    Text(String),
    /// Trailers, which end the message; HTTP/2 only.
    Trailers(Vec<(String, String)>),
    /// Waits so many milliseconds; what came before is flushed.
    WaitMs(u64),
}

/// How a connection is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// It is closed (FIN).
    Close,
    /// It is reset (RST).
    Reset,
    /// Only the message is: RST_STREAM in HTTP/2, a close in HTTP/1.1.
    Stream,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            wait_ms: 0,
            cut: None,
            garbage: None,
            sized: true,
            body: Vec::new(),
        }
    }
}

/// What an answer is.
impl Answer {
    /// A body of this type.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = Piece::Bytes(body.into());
        let answer = Self {
            status,
            body: vec![body],
            ..Self::default()
        };
        answer.header("content-type", content_type)
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// An error in OpenAI's shape.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        let error =
            json!({"message": message, "type": "scripted", "code": "scripted", "param": null});
        Self::json(status, &json!({ "error": error }))
    }

    /// A page for people, as a proxy in the way would give it.
    #[must_use]
    pub fn html(status: u16) -> Self {
        Self::new(status, "text/html", "<html><body>It works!</body></html>")
    }

    /// No body at all.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self::new(status, "application/json", "")
    }

    /// No answer: the connection is broken before the headers.
    #[must_use]
    pub fn none(cut: Cut) -> Self {
        Self {
            cut: Some(cut),
            ..Self::default()
        }
    }

    /// Bytes that are no HTTP.
    #[must_use]
    pub fn garbage(text: &str) -> Self {
        Self {
            garbage: Some(text.to_owned()),
            ..Self::default()
        }
    }

    /// A stream: each block of text is one chunk, sent as it is.
    #[must_use]
    pub fn sse(blocks: impl IntoIterator<Item = String>) -> Self {
        let answer = Self {
            sized: false,
            body: blocks.into_iter().map(Piece::Text).collect(),
            ..Self::default()
        };
        answer.header("content-type", "text/event-stream; charset=utf-8")
    }
}

/// What is done to it.
impl Answer {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Waits before the headers.
    #[must_use]
    pub fn wait_ms(mut self, ms: u64) -> Self {
        self.wait_ms = ms;
        self
    }

    /// Waits between the headers and the body.
    #[must_use]
    pub fn first_byte_after_ms(mut self, ms: u64) -> Self {
        self.body.insert(0, Piece::WaitMs(ms));
        self
    }

    /// Sends no `content-length`.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.sized = false;
        self
    }

    /// Waits before every piece but the first.
    #[must_use]
    pub fn gap_ms(self, ms: u64) -> Self {
        self.between(&Piece::WaitMs(ms))
    }

    /// Holds every piece but the first until it is released.
    #[must_use]
    pub fn gated(self) -> Self {
        self.between(&Piece::Gate)
    }

    /// Holds what follows `n` pieces until it is released.
    #[must_use]
    pub fn gate_after(self, n: usize) -> Self {
        self.put(n, Piece::Gate)
    }

    /// Waits after `n` pieces.
    #[must_use]
    pub fn wait_after(self, n: usize, ms: u64) -> Self {
        self.put(n, Piece::WaitMs(ms))
    }

    /// Breaks the connection after `n` pieces.
    #[must_use]
    pub fn cut_after(self, n: usize, cut: Cut) -> Self {
        self.put(n, Piece::Cut(cut))
    }

    /// Says nothing more after `n` pieces, and does not end.
    #[must_use]
    pub fn stall_after(self, n: usize) -> Self {
        self.wait_after(n, 3_600_000)
    }

    /// Ends the body cleanly after `n` pieces.
    #[must_use]
    pub fn end_after(mut self, n: usize) -> Self {
        self.body.truncate(n);
        self
    }

    /// Ends the body cleanly after `n` bytes.
    #[must_use]
    pub fn end_after_bytes(mut self, n: usize) -> Self {
        let mut bytes = self.bytes();
        bytes.truncate(n);
        self.body = vec![Piece::Bytes(bytes)];
        self
    }

    /// Breaks the connection after `n` bytes; `content-length` promises them all.
    #[must_use]
    pub fn cut_after_bytes(mut self, n: usize, cut: Cut) -> Self {
        let mut bytes = self.bytes();
        let rest = bytes.split_off(n.min(bytes.len()));
        self.body = vec![Piece::Bytes(bytes), Piece::Cut(cut), Piece::Bytes(rest)];
        self
    }

    /// Sends the same bytes `n` at a time, also inside a character or a field.
    #[must_use]
    pub fn split(mut self, n: usize) -> Self {
        let bytes = self.bytes();
        let pieces = bytes.chunks(n.max(1));
        self.body = pieces.map(|piece| Piece::Bytes(piece.to_vec())).collect();
        self
    }

    /// Ends every line with CRLF.
    #[must_use]
    pub fn crlf(self) -> Self {
        self.line_ends("\r\n")
    }

    /// Ends every line so.
    #[must_use]
    pub fn line_ends(mut self, with: &str) -> Self {
        for piece in &mut self.body {
            if let Piece::Text(text) = piece {
                *text = text.replace('\n', with);
            }
        }
        self
    }

    /// Puts a comment before every piece, as providers do to keep a connection open.
    #[must_use]
    pub fn pings(self) -> Self {
        let ping = Piece::Text(": ping\n\n".to_owned());
        let mut answer = self.between(&ping);
        answer.body.insert(0, ping);
        answer
    }

    /// Ends with a trailer, after the body; HTTP/2 only.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: &str) -> Self {
        let trailer = (name.to_owned(), value.to_owned());
        self.body.push(Piece::Trailers(vec![trailer]));
        self.chunked()
    }

    /// Puts a piece before piece `n`.
    #[must_use]
    pub fn insert(mut self, n: usize, text: &str) -> Self {
        self.body.insert(n, Piece::Text(text.to_owned()));
        self
    }

    /// All bytes of the body.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let pieces = self.body.iter().map(Piece::bytes);
        pieces.collect::<Vec<_>>().concat()
    }

    fn put(mut self, n: usize, piece: Piece) -> Self {
        self.body.insert(n.min(self.body.len()), piece);
        self
    }

    fn between(mut self, piece: &Piece) -> Self {
        let mut body = Vec::new();
        for own in self.body {
            if !body.is_empty() {
                body.push(piece.clone());
            }
            body.push(own);
        }
        self.body = body;
        self
    }
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
            Self::Cut(_) | Self::Gate | Self::Trailers(_) | Self::WaitMs(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_done_to_it_the_bytes_stay() {
        let answer = || Answer::sse(["data: ä\n\n".to_owned(), "data: [DONE]\n\n".to_owned()]);
        let bytes = answer().bytes();
        for done in [
            answer().split(1).gap_ms(1),
            answer().gated(),
            answer().gate_after(1).wait_after(9, 5),
            answer().cut_after(1, Cut::Reset),
            answer().cut_after_bytes(7, Cut::Close),
            answer().stall_after(9),
        ] {
            assert_eq!(done.bytes(), bytes);
        }
        assert_eq!(answer().end_after_bytes(7).bytes(), bytes[..7]);
        assert!(answer().crlf().bytes().ends_with(b"[DONE]\r\n\r\n"));
    }

    #[test]
    fn its_json_goes_both_ways() {
        let answer = Answer::error(429, "slow down")
            .wait_ms(5)
            .cut_after(1, Cut::Stream);
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&json).unwrap(), answer);
        let short: Answer =
            serde_json::from_str(r#"{"status": 500, "body": [{"text": "x"}]}"#).unwrap();
        assert_eq!((short.status, short.bytes()), (500, b"x".to_vec()));
    }
}
