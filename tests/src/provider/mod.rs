//! A scripted provider: it speaks OpenAI's side of chat completions and does as it is told.
//!
//! HTTP/1.1 and HTTP/2 (h2c by prior knowledge, or by ALPN over TLS) on one port. A [`Script`] says
//! what the next requests get; everything that came is kept in [`Seen`] for assertions. The same
//! provider is the program `sluice-provider`, told what to do through [`control`].

mod answer;
mod breaker;
mod chat;
pub mod control;
mod script;
mod seen;
mod serve;
pub mod tls;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use answer::{Answer, Cut, Piece};
pub use chat::{Chat, ToolCall};
pub use script::{Script, Turn};
pub use seen::Seen;

use crate::until;
use serve::State;
use tls::Authority;

/// How Envoy speaks to a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 in the clear.
    #[default]
    Http1,
    /// HTTP/2 in the clear, by prior knowledge.
    H2c,
    /// TLS; the provider offers only HTTP/1.1 by ALPN.
    TlsHttp1,
    /// TLS; the provider offers HTTP/2 and HTTP/1.1 by ALPN.
    TlsH2,
}

impl Protocol {
    /// What the provider offers by ALPN; `None` without TLS.
    #[must_use]
    pub fn alpn(self) -> Option<&'static [&'static str]> {
        match self {
            Self::H2c | Self::Http1 => None,
            Self::TlsH2 => Some(&["h2", "http/1.1"]),
            Self::TlsHttp1 => Some(&["http/1.1"]),
        }
    }
}

/// A running provider; gone when dropped.
#[derive(Debug)]
pub struct Provider {
    addr: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Provider {
    /// Starts on a free port, in the clear.
    pub async fn start(script: impl Into<Script>) -> Self {
        Self::listen((Ipv4Addr::LOCALHOST, 0).into(), script, None).await
    }

    /// Starts with TLS: a certificate of `authority` for `host`.
    pub async fn start_tls(
        script: impl Into<Script>,
        authority: &Authority,
        host: &str,
        alpn: &[&str],
    ) -> Self {
        let acceptor = authority.acceptor(host, alpn);
        Self::listen((Ipv4Addr::LOCALHOST, 0).into(), script, Some(acceptor)).await
    }

    /// Starts on a given address.
    pub async fn listen(
        addr: SocketAddr,
        script: impl Into<Script>,
        tls: Option<tokio_rustls::TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind(addr).await.expect("the address is free");
        let addr = listener.local_addr().expect("a bound address");
        let state = Arc::new(State::new(script.into()));
        let task = tokio::spawn(serve::accept(listener, tls, Arc::clone(&state)));
        Self { addr, state, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Gives it a new script.
    pub fn script(&self, script: impl Into<Script>) {
        *self.state.script.lock().unwrap() = script.into();
    }

    /// What it has seen, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// The name that each connection over TLS asked for (SNI), oldest first.
    #[must_use]
    pub fn names(&self) -> Vec<Option<String>> {
        self.state.names.lock().unwrap().clone()
    }

    /// The one request that it has seen.
    #[must_use]
    pub fn request(&self) -> Seen {
        let mut seen = self.requests();
        assert_eq!(seen.len(), 1, "one request is expected");
        seen.remove(0)
    }

    /// Forgets what it has seen.
    pub fn forget(&self) {
        self.state.seen.lock().unwrap().clear();
    }

    /// Opens the next gate ([`Piece::Gate`]).
    pub fn release(&self) {
        self.state.gate.add_permits(1);
    }

    /// Waits until `n` answers were left by the other side before their end.
    pub async fn wait_for_aborted(&self, n: usize) {
        let probe = async || (self.state.aborted() >= n).then_some(());
        until(
            "the provider's answer is aborted",
            Duration::from_secs(10),
            probe,
        )
        .await;
    }

    /// Waits until `n` requests are here.
    pub async fn wait_for_requests(&self, n: usize) {
        let probe = async || (self.state.seen.lock().unwrap().len() >= n).then_some(());
        until(
            "the provider has the requests",
            Duration::from_secs(10),
            probe,
        )
        .await;
    }

    /// Serves until the process ends.
    pub async fn forever(mut self) {
        let _ended = (&mut self.task).await;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}
