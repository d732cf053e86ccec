//! Drives an exchange to the phase under test.

use super::*;
use crate::auth::Known;
use crate::headers::Headers;
use crate::health::Board;
use crate::plan::{Care, Kept};

pub(super) const DOCUMENT: &str = r#"{
    "auth": {"mode": "open"},
    "providers": {
        "a": {"host": "a.example", "path_prefix": "/v1", "auth": {"scheme": "Bearer", "env": "A"}},
        "b": {"kind": "azure", "host": "b.example", "api_version": "1",
            "auth": {"header": "api-key", "env": "B"}}},
    "models": {"m": {"providers": [{"provider": "a"}, {"provider": "b", "model": "mini"}]}},
    "defaults": {"limits": {"body_bytes": 100000, "held_answer_bytes": 1000},
        "timeouts": {"first_token_ms": 1000, "answer_ms": 5000}}
}"#;
pub(super) const PLAIN: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
pub(super) const STREAM: &str =
    r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}"#;
pub(super) const ANSWER: &str = r#"{"model":"m-1","choices":[{"message":{"content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
pub(super) const WORD: &str =
    "data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n";
pub(super) const STOP: &str =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

pub(super) fn head(headers: &[(&str, &str)]) -> Head {
    Head::new(headers)
}

/// Drives an exchange to the phase under test. Its clock is the caller's.
pub(super) struct Scenario {
    pub(super) exchange: Box<Exchange>,
    pub(super) tracer: Tracer,
    pub(super) now: u64,
    pub(super) sent: Sent,
}

impl Scenario {
    pub(super) fn opened(headers: &[(&str, &str)]) -> Result<Awaiting, Reply> {
        let config = Config::parse(DOCUMENT.as_bytes()).unwrap();
        let gateway = Arc::new(Gateway::new(config, |name| Some(format!("secret-{name}"))));
        let base = [(":method", "POST"), (":path", "/v1/chat/completions")];
        match open(
            &gateway,
            &head(&[&base, headers].concat()),
            1_000,
            &mut Luck::new([5; 16]),
            &mut Known::new(&[7; 16]),
        ) {
            Opened::Await(waiting) => Ok(*waiting),
            Opened::Reply(reply) => Err(reply),
            Opened::Pass(_) => panic!("passed"),
        }
    }

    pub(super) fn sent_with(body: &str, headers: &[(&str, &str)]) -> Self {
        let waiting = Self::opened(headers).unwrap();
        let (exchange, sent) = Self::planned(waiting, body.into()).unwrap();
        Self {
            exchange,
            tracer: Tracer::default(),
            now: 1_000,
            sent,
        }
    }

    /// With all providers in good health.
    pub(super) fn planned(
        waiting: Awaiting,
        body: Vec<u8>,
    ) -> Result<(Box<Exchange>, Sent), Reply> {
        let mut care = Care {
            board: &Board::default(),
            claim: &mut |_| true,
            now_ms: 1_000,
        };
        let (luck, kept) = (&mut Luck::new([6; 16]), &mut Kept::default());
        waiting.body(body, &mut care, luck, kept)
    }

    pub(super) fn sent(body: &str) -> Self {
        Self::sent_with(body, &[("x-request-id", "label"), ("user-agent", "test")])
    }

    /// What Envoy is told by this header.
    pub(super) fn told(&self, name: &str) -> Option<u64> {
        let mut set = self.sent.set.iter();
        set.find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    pub(super) fn attempt(&mut self, provider: &str) -> AttemptHead {
        self.now += 10;
        let incoming = head(&[
            ("traceparent", "00-1"),
            ("cookie", "c"),
            ("authorization", "x"),
        ]);
        self.exchange
            .attempt(
                provider,
                |name| incoming.get(name).map(str::to_owned),
                &mut self.tracer,
                self.now,
            )
            .ok()
            .unwrap()
    }

    pub(super) fn answers(&mut self, status: &str, media: &str) -> Verdict {
        self.now += 10;
        let head = head(&[(":status", status), ("content-type", media)]);
        self.exchange.answer_head(&head, false, || self.now)
    }

    pub(super) fn body(&mut self, all: &str, end: bool) -> Flow {
        self.now += 10;
        let bytes = all.as_bytes();
        let read = &mut |start: usize, len: usize| bytes[start..start + len].to_vec();
        self.exchange.answer_body(bytes.len(), end, self.now, read)
    }

    pub(super) fn closed(&mut self) -> Record {
        let record = self.exchange.close(None, self.now + 5).expect("a record");
        let json = serde_json::to_vec(&record).unwrap();
        serde_json::from_slice(&json).unwrap()
    }
}

pub(super) fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, value)| value)
}
