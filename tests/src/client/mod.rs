//! A caller: chat requests, answers whole or chunk by chunk, bytes as they are.

mod reply;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Request;
use hyper::body::Frame;
use hyper::header::{HeaderName, HeaderValue};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub use reply::{Reply, SILENCE, Stream};

/// The way of the first route.
pub const CHAT: &str = "/v1/chat/completions";

/// How long any one step may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who calls; connections are kept and used again.
#[derive(Clone, Debug)]
pub struct Caller {
    addr: SocketAddr,
    key: Option<String>,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl Caller {
    /// Calls this address, with this key.
    #[must_use]
    pub fn new(addr: SocketAddr, key: Option<String>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Self { addr, key, http }
    }

    /// The same with another key, or with none.
    #[must_use]
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self::new(self.addr, key.map(str::to_owned))
    }

    /// The address that it calls.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// A request of any kind.
    #[must_use]
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.addr));
        let request = match &self.key {
            Some(key) => request.header("authorization", format!("Bearer {key}")),
            None => request,
        };
        let body = Bytes::new();
        Call {
            caller: self,
            request,
            body,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path).send().await
    }

    /// A chat request with these bytes as its body.
    #[must_use]
    pub fn chat_bytes(&self, body: impl Into<Bytes>) -> Call<'_> {
        let call = self.call("POST", CHAT);
        call.header("content-type", "application/json").body(body)
    }

    /// A POST of JSON to a path.
    #[must_use]
    pub fn post(&self, path: &str, body: &Value) -> Call<'_> {
        self.call("POST", path)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    /// A chat request.
    #[must_use]
    pub fn chat(&self, body: &Value) -> Call<'_> {
        self.chat_bytes(body.to_string())
    }

    /// Writes bytes on a new connection and gives back all that comes until it is closed or quiet.
    pub async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let stream = TcpStream::connect(self.addr).await.expect("a connection");
        let (mut read, mut write) = stream.into_split();
        let bytes = bytes.to_vec();
        // A server that refuses early does not read to the end: writing may fail.
        let writing = tokio::spawn(async move {
            let _refused = write.write_all(&bytes).await;
            write
        });
        let mut answer = Vec::new();
        let reading =
            async { while !whole(&answer) && read.read_buf(&mut answer).await.unwrap_or(0) > 0 {} };
        let _closed = tokio::time::timeout(PATIENCE, reading).await;
        writing.abort();
        answer
    }
}

/// Ways of sending that SDKs do not take and others do.
impl Caller {
    /// Writes a head with `expect: 100-continue`, and the body only when it is asked for.
    pub async fn ask_then_send(&self, head: &[u8], body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.addr).await.expect("a connection");
        stream.write_all(head).await.expect("the head is taken");
        let mut answer = Vec::new();
        let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
        while answer.len() < go_on.len() {
            let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut answer)).await;
            let read = read.expect("an answer in time").expect("an answer");
            assert!(read > 0, "the connection is closed");
        }
        assert_eq!(
            String::from_utf8_lossy(&answer),
            String::from_utf8_lossy(go_on)
        );
        stream.write_all(body).await.expect("the body is taken");
        answer.clear();
        while !whole(&answer) {
            let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut answer)).await;
            let read = read.expect("an answer in time").expect("an answer");
            assert!(read > 0, "the connection is closed");
        }
        answer
    }

    /// A chat request over HTTP/2, whose body may end with trailers; gives status and body.
    pub async fn over_http_2(&self, body: &str, trailers: bool) -> (u16, Bytes) {
        let mut frames = vec![Frame::data(Bytes::from(body.to_owned()))];
        if trailers {
            let own = [("x-own", "1")].map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            frames.push(Frame::trailers(own.into_iter().collect()));
        }
        let frames = frames.into_iter().map(Ok::<_, Infallible>);
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let client: Client<_, StreamBody<_>> = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        let request = Request::post(format!("http://{}{CHAT}", self.addr))
            .header("content-type", "application/json")
            .header(
                "authorization",
                format!("Bearer {}", self.key.as_deref().unwrap_or_default()),
            );
        let request = request.body(body).expect("the request is valid");
        let answer = tokio::time::timeout(PATIENCE, client.request(request)).await;
        let (head, body) = answer
            .expect("a head in time")
            .expect("an answer")
            .into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await;
        let body = body
            .expect("an end in time")
            .expect("a whole answer")
            .to_bytes();
        (head.status.as_u16(), body)
    }
}

/// Whether an HTTP/1.1 answer with `content-length` is all there.
fn whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    length.is_some_and(|length| {
        length
            .trim()
            .parse()
            .is_ok_and(|length: usize| body.len() >= length)
    })
}

/// The body of a plain chat request.
#[must_use]
pub fn plain(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Say hello."}]})
}

/// The body of a streamed chat request.
#[must_use]
pub fn streamed(model: &str) -> Value {
    let mut body = plain(model);
    body["stream"] = json!(true);
    body
}

/// A request that is being made.
#[derive(Debug)]
pub struct Call<'a> {
    caller: &'a Caller,
    request: hyper::http::request::Builder,
    body: Bytes,
}

impl Call<'_> {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sets a header that is there already.
    #[must_use]
    pub fn replace(mut self, name: &'static str, value: &str) -> Self {
        let headers = self.request.headers_mut().expect("the request is valid");
        headers.insert(name, value.parse().expect("a header's value"));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it and waits for the whole answer.
    pub async fn send(self) -> Reply {
        self.stream().await.whole().await
    }

    /// Sends it and gives what happened, also when there is no answer.
    pub async fn try_send(self) -> Result<Reply, String> {
        self.try_stream().await?.try_whole().await
    }

    /// Sends it and waits for the answer's head.
    pub async fn stream(self) -> Stream {
        self.try_stream().await.expect("an answer")
    }

    /// Sends it and gives what happened, also when there is no answer.
    pub async fn try_stream(self) -> Result<Stream, String> {
        let sent = Instant::now();
        let request = self.request.body(Full::new(self.body));
        let request = request.map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(PATIENCE, self.caller.http.request(request)).await;
        let answer = answer.map_err(|_| "no head in time".to_owned())?;
        let answer = answer.map_err(|error| format!("{error:?}"))?;
        Ok(Stream::new(answer, sent))
    }
}
