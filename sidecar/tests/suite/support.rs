//! An app on a store of its own, a client without sockets, and the program with sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use sluice_core::config::Config;
use sluice_core::error::Code;
use sluice_sidecar::store::Store;
use sluice_sidecar::{Access, App, Token, router};
use tempfile::TempDir;
use tower::ServiceExt;

/// Two providers and five models: priced, tee, zdr, without a price, not active.
pub(crate) const DOCUMENT: &str = r#"{
    "price_version": "2026-11",
    "providers": {"openai": {"host": "api.openai.com"}, "near": {"host": "near.ai"}},
    "models": {
        "gpt-4o-mini": {"providers": [
            {"provider": "openai", "price": {"input": 0.15, "cached_input": 0.075, "output": 0.60}},
            {"provider": "near", "price": {"input": 0.10, "output": 0.50}}],
            "context_length": 128000, "max_output_tokens": 16384, "owned_by": "OpenAI",
            "created": 1721172741, "display_name": "GPT-4o mini",
            "capabilities": ["tools", "vision", "streaming"]},
        "meta/llama": {"providers": [{"provider": "near"}], "tiers": ["tee"], "capabilities": ["audio"]},
        "contractual": {"providers": [{"provider": "openai"}], "tiers": ["zdr"]},
        "both": {"providers": [{"provider": "openai"}], "tiers": ["tee", "zdr"]},
        "gone": {"providers": [{"provider": "openai"}], "active": false}}
}"#;

pub(crate) const ADMIN: &str = "admin-token";

/// An app with an admin token, on a database that goes when this does.
pub(crate) struct TestApp {
    pub(crate) folder: TempDir,
    pub(crate) app: App,
    service: Router,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// Asserts the one shape of every error and gives its code.
    pub(crate) fn error(&self, status: u16) -> String {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(self.headers["content-type"], "application/json");
        let error = body["error"].as_object().unwrap();
        let members: Vec<_> = error.keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "message", "param", "type"]);
        let word = error["code"].as_str().unwrap();
        let code = Code::ALL.iter().find(|code| code.as_str() == word).unwrap();
        assert!(code.statuses().contains(&status), "{code} with {status}");
        word.to_owned()
    }
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(|app| {
            app.access(Access {
                admin: Some(Token::new(ADMIN)),
                ingest: None,
            })
        })
        .await
    }

    pub(crate) async fn with(change: impl FnOnce(App) -> App) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::parse(DOCUMENT.as_bytes()).unwrap();
        let store = Store::open(&database(folder.path())).await.unwrap();
        let app = change(App::new(config, store));
        Self {
            folder,
            service: router(app.clone()),
            app,
        }
    }

    /// One whose filter has to show the token `in`.
    pub(crate) async fn guarded() -> Self {
        let (admin, ingest) = (None, Some(Token::new("in")));
        Self::with(|app| app.access(Access { admin, ingest })).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// `/v1/spend` with the admin token.
    pub(crate) async fn spend(&self, query: &str) -> Answer {
        self.admin(&format!("/v1/spend?{query}")).await
    }

    /// A route of operators with the admin token.
    pub(crate) async fn admin(&self, path: &str) -> Answer {
        let request = Request::get(path);
        let request = request.header("authorization", format!("Bearer {ADMIN}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Hands in records and asserts that they were taken.
    pub(crate) async fn hand_in(&self, records: &[Value]) -> Value {
        let answer = self.post(json!({"records": records}).to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub(crate) async fn post(&self, body: impl Into<Body>) -> Answer {
        let request = Request::post("/internal/records").header("content-type", "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }
}

pub(crate) fn database(folder: &Path) -> String {
    format!("sqlite://{}/sluice.db", folder.display())
}

/// An id of a record, different for each number.
pub(crate) fn id(number: u64) -> String {
    format!("01890a5d-ac96-774b-bcce-{number:012x}")
}

/// A served record: 1,000 tokens in, 10 out, at the first price of `gpt-4o-mini`: 156,000 nano-USD.
pub(crate) fn record(number: u64) -> Value {
    json!({"id": id(number), "selector": "gpt-4o-mini", "model": "gpt-4o-mini", "provider": "openai",
        "request_model": "gpt-4o-mini", "key_id": "dev", "status": 200, "end": "complete",
        "usage": {"prompt_tokens": 1000, "completion_tokens": 10}, "usage_source": "provider",
        "started_ms": 1_700_000_000_000_u64 + number, "duration_ms": 5, "dialect": "openai"})
}

/// A record with some members changed.
pub(crate) fn changed(number: u64, changes: &Value) -> Value {
    let mut record = record(number);
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

/// The program.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice-sidecar"));
    command.env_clear();
    command
}

/// Runs the program to its end.
pub(crate) fn run<const N: usize>(arguments: [&str; N]) -> (Option<i32>, String, String) {
    finished(program().args(arguments).output().unwrap())
}

pub(crate) fn finished(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The program's `serve`, running on a port of its own; killed at the end.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: String,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Running {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, "20")
    }

    /// Starts with another number of seconds to drain.
    pub(crate) fn start_with(folder: &Path, drain: &str) -> Self {
        let document = write(folder, "document.json", DOCUMENT);
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command
            .arg("--config")
            .arg(document)
            .args(["--database", &database(folder)]);
        let mut child = command
            .env("SLUICE_ADMIN_TOKEN", ADMIN)
            .env("SLUICE_DRAIN_SECONDS", drain)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        let address = first["address"].as_str().unwrap().to_owned();
        let log = std::thread::spawn(move || {
            let mut rest = String::new();
            lines.read_to_string(&mut rest).unwrap();
            rest
        });
        Self {
            child,
            address,
            log: Some(log),
        }
    }

    /// What the program logged after its first line; waits for its end.
    pub(crate) fn log(&mut self) -> String {
        self.log.take().unwrap().join().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn request(&self, head: &str, body: &str) -> (u16, String) {
        request(&self.address, head, body)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request over a connection of its own; `head` is the request line and further headers.
pub(crate) fn request(address: &str, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    read_answer(&mut stream)
}

/// The rest of a connection: status and everything after the head.
pub(crate) fn read_answer(stream: &mut TcpStream) -> (u16, String) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (
        status.unwrap_or_else(|| panic!("no answer: {text}")),
        body.unwrap_or_default(),
    )
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
