//! A whole exchange, from the head of its request to the JSON of its record.

use std::sync::Arc;

use sluice_core::auth::Known;
use sluice_core::exchange::{Exchange, Flow, Opened, Tracer, Verdict, open};
use sluice_core::gateway::Gateway;
use sluice_core::head::Head;
use sluice_core::health::Board;
use sluice_core::luck::Luck;
use sluice_core::plan::{Care, Kept};
use sluice_core::spend::Record;
use sluice_core::spend::outbox::Handful;

use super::gateway::{gateway, head, request_head};
use super::{NOW, SEED, Work, answer, body, record, told};
use crate::bodies::Shape;

/// A request, and how its providers answer.
struct Scene {
    gateway: Arc<Gateway>,
    head: Head,
    body: Vec<u8>,
    board: Board,
    /// The first provider's answer, where it fails.
    failed: Option<Head>,
    answered: Head,
    chunks: Vec<Vec<u8>>,
}

pub(super) fn small() -> Result<Work, String> {
    Scene::plain(1_000)?.work()
}

pub(super) fn plain() -> Result<Work, String> {
    Scene::plain(10_000)?.work()
}

/// 10 KB, and 200 chunks.
pub(super) fn stream() -> Result<Work, String> {
    let body = body(Shape::Chat, 10_000, true);
    Scene::new(body, "text/event-stream", answer::events())?.work()
}

/// 10 KB, and the first of two providers is limited.
pub(super) fn failover() -> Result<Work, String> {
    let mut scene = Scene::plain(10_000)?;
    scene.failed = Some(head(&[(":status", "429"), ("retry-after", "2")]));
    scene.work()
}

/// The record of a plain one.
pub(super) fn record() -> Result<Record, String> {
    let mut handful = Handful::default();
    Scene::plain(1_000)?.play(&mut Vm::new(), &mut handful)?;
    serde_json::from_slice(handful.json()).map_err(told)
}

/// What a VM keeps from one request to the next.
struct Vm {
    known: Known,
    kept: Kept,
}

impl Vm {
    fn new() -> Self {
        Self {
            known: Known::new(&SEED),
            kept: Kept::default(),
        }
    }
}

impl Scene {
    fn plain(len: usize) -> Result<Self, String> {
        let body = body(Shape::Chat, len, false);
        Self::new(body, "application/json", vec![answer::plain_body()])
    }

    fn new(body: Vec<u8>, media: &str, chunks: Vec<Vec<u8>>) -> Result<Self, String> {
        Ok(Self {
            gateway: gateway()?,
            head: request_head(&[]),
            body,
            board: Board::default(),
            failed: None,
            answered: head(&[
                (":status", "200"),
                ("content-type", media),
                ("openai-organization", "o-1"),
                ("openai-processing-ms", "412"),
                ("x-ratelimit-limit-requests", "10000"),
                ("x-ratelimit-limit-tokens", "2000000"),
                ("x-ratelimit-remaining-requests", "9999"),
                ("x-ratelimit-remaining-tokens", "1999000"),
                ("x-ratelimit-reset-requests", "6ms"),
                ("x-ratelimit-reset-tokens", "30ms"),
                ("x-request-id", "req_0123456789abcdef0123456789abcdef"),
            ]),
            chunks,
        })
    }

    fn work(self) -> Result<Work, String> {
        let bytes = self.body.len() + self.chunks.concat().len();
        let (mut handful, mut vm) = (Handful::default(), Vm::new());
        Ok(Work::new(bytes, move || self.play(&mut vm, &mut handful)))
    }

    /// As the two filters do it; the copies in and out of the host are in it. Bytes of its record.
    fn play(&self, vm: &mut Vm, handful: &mut Handful) -> Result<usize, String> {
        let mut luck = Luck::new(SEED);
        let Opened::Await(awaiting) =
            open(&self.gateway, &self.head, NOW, &mut luck, &mut vm.known)
        else {
            return Err("the head is not taken".to_owned());
        };
        let mut care = Care {
            board: &self.board,
            claim: &mut |_| true,
            now_ms: NOW,
        };
        let sent = awaiting.body(self.body.clone(), &mut care, &mut luck, &mut vm.kept);
        let (mut exchange, _) = sent.map_err(|reply| reply.body)?;
        let mut cluster = exchange.next().unwrap_or_default().to_owned();
        if let Some(failed) = &self.failed {
            self.attempt(&mut exchange, &cluster)?;
            match exchange.answer_head(failed, true, || NOW + 40) {
                Verdict::Fail(_) => cluster = exchange.next().unwrap_or_default().to_owned(),
                other => return Err(told(other)),
            }
        }
        self.attempt(&mut exchange, &cluster)?;
        if exchange.answer_head(&self.answered, false, || NOW + 400) != Verdict::Hold {
            return Err("the head of the answer does not wait".to_owned());
        }
        self.answer(&mut exchange)?;
        let record = exchange.close(None, NOW + 900).ok_or("no record")?;
        if record.attempts.len() != 1 + usize::from(self.failed.is_some()) {
            return Err(told(record.attempts));
        }
        let bytes = record::put(handful, &record)?;
        if exchange.take_samples().is_empty() {
            return Err("nothing is told of the provider".to_owned());
        }
        Ok(bytes)
    }

    /// Begins an attempt.
    fn attempt(&self, exchange: &mut Exchange, cluster: &str) -> Result<(), String> {
        let attempt = exchange.attempt(
            cluster,
            |name| self.head.get(name).map(str::to_owned),
            &mut Tracer::default(),
            NOW + 1,
        );
        let attempt = attempt.map_err(told)?;
        let read = |len| self.body.get(..len).unwrap_or_default().to_vec();
        let body = exchange.attempt_body(read);
        if body.is_some() == attempt.edited {
            Ok(())
        } else {
            Err("edits without a body".to_owned())
        }
    }

    /// Gives the answer as Envoy does: what is held stays in the buffer, what leaves is gone.
    fn answer(&self, exchange: &mut Exchange) -> Result<(), String> {
        let mut buffer: Vec<u8> = Vec::new();
        let last = self.chunks.len().saturating_sub(1);
        for (i, chunk) in self.chunks.iter().enumerate() {
            buffer.extend_from_slice(chunk);
            let read = &mut |start: usize, len: usize| {
                let window = buffer.get(start..).and_then(|rest| rest.get(..len));
                window.unwrap_or_default().to_vec()
            };
            match exchange.answer_body(buffer.len(), i == last, NOW + 500, read) {
                Flow::Fail => return Err("the answer is none".to_owned()),
                Flow::Hold => {}
                Flow::Open { .. } | Flow::Pass | Flow::Replace(_) => buffer.clear(),
            }
        }
        Ok(())
    }
}
