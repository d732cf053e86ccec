//! Breaking a connection from inside an answer.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use tokio::sync::Notify;

use super::answer::Cut;

/// A second handle of a connection's socket.
#[derive(Debug)]
pub(super) struct Breaker {
    socket: TcpStream,
    broken: Notify,
}

impl Breaker {
    /// Splits the stream that serves from the handle that breaks it.
    pub(super) fn new(stream: tokio::net::TcpStream) -> (tokio::net::TcpStream, Self) {
        let stream = stream.into_std().expect("a socket");
        let socket = stream.try_clone().expect("a second handle");
        let stream = tokio::net::TcpStream::from_std(stream).expect("a socket");
        let broken = Notify::new();
        (stream, Self { socket, broken })
    }

    /// Breaks the connection once what was written before is on the way.
    pub(super) async fn cut(&self, cut: Cut) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if cut == Cut::Reset {
            let linger = Some(Duration::ZERO);
            let socket = socket2::SockRef::from(&self.socket);
            socket.set_linger(linger).expect("SO_LINGER is known");
        }
        self.broken.notify_one();
        std::future::pending::<()>().await;
    }

    /// Writes past HTTP and closes the connection.
    pub(super) async fn garbage(&self, text: &str) {
        let mut socket = &self.socket;
        let _gone = socket.write_all(text.as_bytes());
        self.cut(Cut::Close).await;
    }

    /// Returns when the connection is to be dropped.
    pub(super) async fn broken(&self) {
        self.broken.notified().await;
    }
}
