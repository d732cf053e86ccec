//! Connections in, answers out.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::answer::{Answer, Cut, Piece};
use super::breaker::Breaker;
use super::control;
use super::script::Script;
use super::seen::Seen;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What all connections share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) script: Mutex<Script>,
    pub(super) seen: Mutex<Vec<Seen>>,
    pub(super) gate: Semaphore,
    /// What each caller over TLS took it for (SNI).
    pub(super) names: Mutex<Vec<Option<String>>>,
    aborted: AtomicUsize,
}

impl State {
    pub(super) fn new(script: Script) -> Self {
        Self {
            script: Mutex::new(script),
            seen: Mutex::default(),
            gate: Semaphore::new(0),
            names: Mutex::default(),
            aborted: AtomicUsize::new(0),
        }
    }

    /// Answers whose receiver left before their end.
    pub(super) fn aborted(&self) -> usize {
        self.aborted.load(Ordering::SeqCst)
    }
}

/// Takes connections until the task is dropped, and all of them with it.
pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        stream.set_nodelay(true).expect("TCP_NODELAY is known");
        connections.spawn(connection(stream, tls.clone(), Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let (stream, breaker) = Breaker::new(stream);
    let breaker = Arc::new(breaker);
    let service = {
        let (shared, breaker) = (Arc::clone(&state), Arc::clone(&breaker));
        service_fn(move |request| {
            let (state, breaker) = (Arc::clone(&shared), Arc::clone(&breaker));
            serve(request, state, breaker)
        })
    };
    let builder = auto::Builder::new(TokioExecutor::new());
    let serve = async {
        match tls {
            None => drop(
                builder
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            ),
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    let name = stream.get_ref().1.server_name();
                    state.names.lock().unwrap().push(name.map(str::to_owned));
                    drop(
                        builder
                            .serve_connection(TokioIo::new(stream), service)
                            .await,
                    );
                }
            }
        }
    };
    tokio::select! {
        () = serve => {}
        () = breaker.broken() => {}
    }
}

async fn serve(
    request: Request<Incoming>,
    state: Arc<State>,
    breaker: Arc<Breaker>,
) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if parts.uri.path().starts_with(control::PREFIX) {
        return Ok(control::answer(&parts, &body, &state));
    }
    let answer = state.script.lock().unwrap().next(&body);
    state.seen.lock().unwrap().push(Seen::new(&parts, body));
    let guard = Guard::new(Arc::clone(&state));
    tokio::time::sleep(Duration::from_millis(answer.wait_ms)).await;
    if let Some(text) = &answer.garbage {
        breaker.garbage(text).await;
    }
    match answer.cut {
        Some(Cut::Stream) => return Err(io::Error::other("cut by the script")),
        Some(cut) => breaker.cut(cut).await,
        None => {}
    }
    Ok(respond(answer, guard, breaker))
}

fn respond(answer: Answer, mut guard: Guard, breaker: Arc<Breaker>) -> Response<Body> {
    guard.whole = answer.body.is_empty();
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    if answer.sized {
        response = response.header("content-length", answer.bytes().len());
    }
    let state = (VecDeque::from(answer.body), guard, breaker);
    let pieces = stream::unfold(state, |(mut pieces, mut guard, breaker)| async move {
        loop {
            let frame = match pieces.pop_front() {
                Some(Piece::Bytes(bytes)) => Ok(Frame::data(bytes.into())),
                Some(Piece::Text(text)) => Ok(Frame::data(text.into())),
                Some(Piece::Trailers(trailers)) => Ok(Frame::trailers(header_map(&trailers))),
                Some(Piece::Cut(Cut::Stream)) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    Err(io::Error::other("cut by the script"))
                }
                Some(Piece::Cut(cut)) => {
                    breaker.cut(cut).await;
                    continue;
                }
                Some(Piece::Gate) => {
                    let permit = guard.state.gate.acquire().await;
                    permit.expect("the gate is never closed").forget();
                    continue;
                }
                Some(Piece::WaitMs(ms)) => {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    continue;
                }
                None => return None,
            };
            // A body with a length may be dropped once all of it is there.
            guard.whole = pieces.is_empty();
            return Some((frame, (pieces, guard, breaker)));
        }
    });
    let body = BodyExt::boxed_unsync(StreamBody::new(pieces));
    response.body(body).expect("the script's headers are valid")
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    let pairs = headers.iter().map(|(name, value)| {
        let name = HeaderName::try_from(name).expect("a header's name");
        (
            name,
            HeaderValue::try_from(value).expect("a header's value"),
        )
    });
    pairs.collect()
}

/// Counts an answer that is dropped before its end.
struct Guard {
    state: Arc<State>,
    whole: bool,
}

impl Guard {
    fn new(state: Arc<State>) -> Self {
        Self {
            state,
            whole: false,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.whole {
            self.state.aborted.fetch_add(1, Ordering::SeqCst);
        }
    }
}
