//! The answer of an attempt: the gate, and what passes it.

use std::sync::Arc;

use super::{Answer, Exchange, Meter, State};
use crate::answer::{Front, Plain, Refusal, Step, Stream, last_usage};
use crate::endpoint;
use crate::head::Head;
use crate::headers::Headers;
use crate::health::Limits;
use crate::spend::Outcome;
use crate::wire;

/// Bytes of a provider's refusal that are read for its message.
const REFUSAL: usize = 64 * 1024;
/// Bytes of the end of an answer that passes unread.
const LAST: usize = 4 * 1024;
/// Bytes of its start, where its brace stands.
const FIRST: usize = 64;

/// What becomes of an attempt by the head of its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The attempt has failed: with status 503 Envoy goes on to the [next](Exchange::next), which waits so many seconds where
    /// it is at the same provider.
    Fail(Option<u64>),
    /// The head waits for the body.
    Hold,
    /// The head goes on as it is; the exchange has been answered.
    Pass,
}

/// What becomes of the bytes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The attempt has failed: with status 503 Envoy goes on to the next.
    Fail,
    /// All bytes so far wait.
    Hold,
    /// The answer leaves under these headers, with this at its front or as it came.
    Open {
        /// All headers of the answer: what is not here does not leave (W43).
        headers: Headers,
        /// What leaves instead of the first bytes of all that waited.
        body: Option<Front>,
    },
    /// The chunk leaves as it came.
    Pass,
    /// The chunk leaves with this at its front.
    Replace(Front),
}

/// A window on the host's buffer: start and length → bytes.
pub type Read<'a> = &'a mut dyn FnMut(usize, usize) -> Vec<u8>;

impl Exchange {
    /// Takes the head of an answer; `end` says that it has no body. The time is asked for where it matters.
    pub fn answer_head(&mut self, head: &Head, end: bool, now_ms: impl Fn() -> u64) -> Verdict {
        let Some(running) = &mut self.running else {
            return Verdict::Pass;
        };
        // An endpoint can say so too, and is taken at its word.
        let last = self.attempts.last();
        if last.is_some_and(|attempt| attempt.provider() == endpoint::TLS)
            && head.get(endpoint::UNREACHED).is_some()
        {
            self.conclude(Outcome::Failed, now_ms());
            return Verdict::Fail(None);
        }
        let status = head.status();
        running.limits = Limits::read(head, status, &now_ms);
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.status = Some(status);
        }
        let outcome = match status {
            200..=299 if end || head.is_encoded() => Outcome::Malformed,
            200..=299 => {
                running.answer = if self.chat.stream {
                    let echo = std::mem::take(&mut running.echo);
                    let private = Arc::clone(&running.private);
                    let stream = Stream::new(self.chat.include_usage, echo, private);
                    Answer::Stream {
                        stream: Box::new(stream),
                        seen: 0,
                    }
                } else {
                    Answer::Plain
                };
                if head.is_json() || !is_alien(head, self.chat.stream) {
                    return Verdict::Hold;
                }
                Outcome::Malformed
            }
            400 | 404 | 409 | 413 | 422 => {
                if !end {
                    running.answer = Answer::Refusal;
                    return Verdict::Hold;
                }
                self.refused(status, Refusal::default(), now_ms());
                return Verdict::Pass;
            }
            _ => Outcome::Status,
        };
        let rest_s = self.note_retry_after();
        self.conclude(outcome, now_ms());
        Verdict::Fail(self.again(status, rest_s))
    }

    /// Takes what has come of the body: `size` bytes in the host's buffer, `end` when no more come.
    pub fn answer_body(&mut self, size: usize, end: bool, now_ms: u64, read: Read<'_>) -> Flow {
        let Some(running) = &mut self.running else {
            return Flow::Pass;
        };
        match &mut running.answer {
            Answer::None => Flow::Pass,
            Answer::Plain => self.plain(size, end, now_ms, read),
            Answer::Refusal => {
                if !end && size <= REFUSAL {
                    return Flow::Hold;
                }
                let status = self.attempts.last().and_then(|attempt| attempt.status);
                let refusal = Refusal::read(&read(0, size.min(REFUSAL)), &running.private);
                self.refused(status.unwrap_or(400), refusal, now_ms);
                Flow::Pass
            }
            Answer::Stream { stream, seen } => {
                let from = std::mem::replace(seen, size);
                let step = stream.push(&read(from, size.saturating_sub(from)), end);
                self.streamed(step, end, now_ms)
            }
            Answer::Unread(last) => {
                running.alive = now_ms;
                running.left = running.left.saturating_add(size);
                keep_last(last, size, read);
                if end {
                    if let Some(usage) = last_usage(last) {
                        self.meter.usage = Some(usage);
                        self.meter.complete = true;
                    }
                    self.answered(now_ms);
                }
                Flow::Pass
            }
        }
    }

    fn plain(&mut self, size: usize, end: bool, now_ms: u64, read: Read<'_>) -> Flow {
        let Some(running) = &mut self.running else {
            return Flow::Pass;
        };
        if !end {
            if size <= self.gateway.config.defaults.limits.held_answer_bytes {
                return Flow::Hold;
            }
            let front = running.echo.front(&read(0, size.min(FIRST)));
            let mut last = Vec::new();
            keep_last(&mut last, size, read);
            running.answer = Answer::Unread(last);
            running.left = running.left.saturating_add(size);
            self.meter.unread = true;
            return self.open(wire::JSON, front, now_ms);
        }
        let body = read(0, size);
        match Plain::read(&body) {
            Err(failure) => {
                self.conclude(failure.into(), now_ms);
                Flow::Fail
            }
            Ok(plain) => {
                let front = plain.front(&body, &running.echo, &running.private);
                let length = (size + front.prefix.len()).saturating_sub(front.covered);
                let facts = plain.facts;
                self.meter.usage = facts.usage;
                self.meter.complete = true;
                self.meter.bytes = facts.bytes;
                self.meter.response_model = facts.model;
                let mut flow = self.open(wire::JSON, Some(front), now_ms);
                if let Flow::Open { headers, .. } = &mut flow {
                    headers.push_number("content-length", length);
                }
                self.answered(now_ms);
                flow
            }
        }
    }

    fn streamed(&mut self, step: Step, end: bool, now_ms: u64) -> Flow {
        let flow = match step {
            Step::Fail(failure) => {
                self.conclude(failure.into(), now_ms);
                return Flow::Fail;
            }
            Step::Hold => return Flow::Hold,
            Step::Open(body) => self.open(wire::EVENT_STREAM, body, now_ms),
            Step::Pass => Flow::Pass,
            Step::Replace(front) => Flow::Replace(front),
        };
        let Some(running) = &mut self.running else {
            return flow;
        };
        let Answer::Stream { stream, seen } = &mut running.answer else {
            return flow;
        };
        if stream.take_life() {
            running.alive = now_ms;
        }
        // From here the host's buffer holds one chunk at a time.
        running.left = running.left.saturating_add(std::mem::take(seen));
        self.meter.note(stream);
        if end {
            if stream.truncated {
                self.conclude(Outcome::Truncated, now_ms);
            } else {
                self.answered(now_ms);
            }
        }
        flow
    }

    /// The gate opens: nothing but this attempt can answer any more.
    fn open(&mut self, media: &'static str, body: Option<Front>, now_ms: u64) -> Flow {
        self.state = State::Answering;
        if let Some(running) = &mut self.running {
            running.alive = now_ms;
        }
        self.body.kept = None;
        self.meter.status = 200;
        self.meter.first_token = Some(now_ms.saturating_sub(self.caller.started));
        if let Some(running) = &mut self.running {
            running.first_token = Some(now_ms.saturating_sub(running.started));
        }
        self.sample_begun();
        let mut headers = Headers::from_iter([(":status", "200"), ("content-type", media)]);
        self.ledger(now_ms, &mut headers);
        Flow::Open { headers, body }
    }

    fn answered(&mut self, now_ms: u64) {
        self.conclude(Outcome::Answered, now_ms);
    }

    fn refused(&mut self, status: u16, refusal: Refusal, now_ms: u64) {
        self.state = State::Refused(status, refusal);
        self.conclude(Outcome::Refused, now_ms);
    }
}

impl Meter {
    /// Takes over what a stream knows so far.
    pub(super) fn note(&mut self, stream: &Stream) {
        self.usage = stream.usage;
        self.complete = stream.complete();
        self.bytes = stream.bytes;
        self.chunks = stream.chunks;
        if self.response_model.is_none() {
            self.response_model.clone_from(&stream.model);
        }
    }
}

/// Whether an answer can not be read by what its head says.
fn is_alien(head: &Head, stream: bool) -> bool {
    let media = head.media_type();
    let is = |own: &str| media.is_some_and(|media| media.eq_ignore_ascii_case(own));
    is("text/html") || !stream && is(wire::EVENT_STREAM)
}

/// Keeps the last bytes of an answer that passes.
fn keep_last(last: &mut Vec<u8>, size: usize, read: Read<'_>) {
    let from = size.saturating_sub(LAST);
    last.extend(read(from, size - from));
    last.drain(..last.len().saturating_sub(LAST));
}
