//! As much of HTTP/1.1 as a load and a mock need: whole messages on a connection that stays.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// Bytes that are read at once.
const BUFFER: usize = 256 * 1024;
/// Of a body, so much is kept: where a chat's members after `messages` stand.
const TAIL: usize = 4096;

/// One end of a connection.
#[derive(Debug)]
pub struct Connection<S = TcpStream> {
    stream: BufReader<S>,
    line: Vec<u8>,
}

/// A message whose body was read to its end.
#[derive(Debug, Default)]
pub struct Message {
    /// The first line and the header lines, without their ends.
    pub head: Vec<String>,
    /// Length of the body in bytes.
    pub len: usize,
    /// The last bytes of the body, 4 KB at most.
    pub tail: Vec<u8>,
    /// When the body began.
    pub first: Option<Instant>,
}

impl Message {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.iter().filter_map(|line| line.split_once(':'));
        fields
            .filter(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next()
    }

    /// Status of an answer; `None` when it is none.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let line = self.head.first()?.strip_prefix("HTTP/1.1 ")?;
        line.get(..3)?.parse().ok()
    }

    /// Whether the other end closes the connection after this.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

impl Connection<TcpStream> {
    /// A connection over a socket, whose bytes leave at once.
    ///
    /// # Errors
    ///
    /// The socket is gone.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// Sends bytes.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }
}

impl<S: Read> Connection<S> {
    fn over(stream: S) -> Self {
        Self {
            stream: BufReader::with_capacity(BUFFER, stream),
            line: Vec::new(),
        }
    }

    /// The next message; `None` when the other end has closed.
    ///
    /// # Errors
    ///
    /// The connection broke in a message, or what came is no HTTP/1.1.
    pub fn message(&mut self) -> io::Result<Option<Message>> {
        let mut message = Message::default();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                if message.head.is_empty() {
                    return Ok(None);
                }
                break;
            }
            message.head.push(line);
        }
        if message.header("transfer-encoding").is_some() {
            loop {
                let line = self.line()?;
                let len = usize::from_str_radix(&line, 16).map_err(|_| malformed())?;
                self.skip(len, &mut message)?;
                self.line()?;
                if len == 0 {
                    break;
                }
            }
        } else if let Some(len) = message.header("content-length") {
            let len = len.parse().map_err(|_| malformed())?;
            self.skip(len, &mut message)?;
        }
        Ok(Some(message))
    }

    /// A line without its end; an empty one where nothing comes any more.
    fn line(&mut self) -> io::Result<String> {
        self.line.clear();
        self.stream.read_until(b'\n', &mut self.line)?;
        let text = std::str::from_utf8(&self.line).map_err(|_| malformed())?;
        Ok(text.trim_end().to_owned())
    }

    /// Reads `len` bytes of a body; its end is kept.
    fn skip(&mut self, mut len: usize, message: &mut Message) -> io::Result<()> {
        message.len += len;
        while len > 0 {
            let bytes = self.stream.fill_buf()?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            message.first.get_or_insert_with(Instant::now);
            let read = bytes.len().min(len);
            len -= read;
            if len < TAIL {
                message
                    .tail
                    .extend(bytes.iter().take(read).skip(read.saturating_sub(TAIL)));
                message
                    .tail
                    .drain(..message.tail.len().saturating_sub(TAIL));
            }
            self.stream.consume(read);
        }
        Ok(())
    }
}

fn malformed() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_to_their_end_one_after_the_other() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\
            HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n\
            POST / HTTP/1.1\r\nconnection: close\r\n\r\n";
        let mut connection = Connection::over(&bytes[..]);
        let mut next = || connection.message().unwrap();
        let plain = next().unwrap();
        assert_eq!((plain.status(), plain.len), (Some(200), 5));
        assert_eq!(plain.tail, b"hello");
        let chunked = next().unwrap();
        assert_eq!((chunked.status(), chunked.len), (Some(503), 13));
        assert!(chunked.first.is_some() && !chunked.is_last());
        let last = next().unwrap();
        assert_eq!((last.status(), last.is_last()), (None, true));
        assert!(next().is_none());
    }

    #[test]
    fn a_message_that_breaks_off_is_an_error() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell"[..],
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
        ] {
            assert!(Connection::over(bytes).message().is_err());
        }
    }
}
