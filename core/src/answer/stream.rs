//! A streamed answer: chunks as they come → what goes on to the caller.

mod chunk;
mod likeness;
mod out;

use std::borrow::Cow;
use std::sync::Arc;

use super::echo::Echo;
use super::events::{self, Splitter};
use super::parsed::Facts;
use super::{Failure, Front, Refusal};
use crate::error::{Code, ErrorBody};
use crate::json;
use crate::scrub::Private;
use crate::spend::Usage;
use likeness::Likeness;
use out::{Change, Gate, Out};

/// Bytes after which the gate opens though nothing was said (W34).
const GATE: usize = 64 * 1024;
/// Bytes of one event that are looked at; a longer one passes as it comes.
const EVENT: usize = 1024 * 1024;

/// What becomes of the bytes that have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The attempt has failed; nothing has left.
    Fail(Failure),
    /// The gate is closed: all bytes so far wait.
    Hold,
    /// The gate opens: all bytes that waited leave, with this at their front or as they came.
    Open(Option<Front>),
    /// The chunk leaves as it came.
    Pass,
    /// The chunk leaves with this at its front.
    Replace(Front),
}

/// A streamed answer of OpenAI's dialect, byte by byte.
///
/// Any split into chunks gives the same bytes. At most one event that is not whole, and what waits
/// at the gate, are kept.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// What is known of the usage; the last word of the provider.
    pub usage: Option<Usage>,
    /// `model` as the provider says it.
    pub model: Option<String>,
    /// Bytes of text so far.
    pub bytes: usize,
    /// Chunks that said something so far.
    pub chunks: usize,
    /// A finish reason has come.
    pub finished: bool,
    /// The body ended, or an error came, before the answer was whole.
    pub truncated: bool,
    asked: bool,
    echo: Echo,
    private: Arc<Private>,
    /// The episode has been told.
    told: bool,
    carry: Vec<u8>,
    splitter: Splitter,
    gate: Gate,
    done: bool,
    /// It has shown life since it was last asked.
    alive: bool,
    /// A part of the answer passed without being looked into.
    unread: bool,
    /// The rest of an event comes whose beginning was that part.
    within: bool,
    /// The last event did not leave.
    dropped: bool,
    usage_sent: bool,
    /// `usage` as the provider spelled it.
    raw_usage: Option<String>,
    envelope: [Option<String>; 3],
    likeness: Likeness,
}

impl Stream {
    /// A stream that is about to begin; `asked` says whether the caller wants usage (W41), and
    /// `private` what must not reach it.
    #[must_use]
    pub fn new(asked: bool, echo: Echo, private: Arc<Private>) -> Self {
        Self {
            asked,
            echo,
            private,
            ..Self::default()
        }
    }

    /// Whether the last word has come: the caller has all of it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done && !self.truncated
    }

    /// Whether the answer is whole: nothing more has to come.
    #[must_use]
    pub fn complete(&self) -> bool {
        (self.done || self.finished) && !self.truncated
    }

    /// Whether it has shown life since this was last asked: a chunk of the dialect, `[DONE]`, or as
    /// many bytes as no event may have. Comments, pings and parts of an event are none (W35).
    pub fn take_life(&mut self) -> bool {
        std::mem::take(&mut self.alive)
    }

    /// Takes the next chunk; `end` says that it is the last.
    pub fn push(&mut self, chunk: &[u8], end: bool) -> Step {
        let mut carry = std::mem::take(&mut self.carry);
        let carried = carry.len();
        let bytes = if carried > 0 {
            carry.extend_from_slice(chunk);
            Cow::Owned(carry)
        } else {
            Cow::Borrowed(chunk)
        };
        let mut out = Out::new(&bytes);
        if let Err(failure) = self.events(&bytes, end, &mut out) {
            return Step::Fail(failure);
        }
        self.leave(out.front(carried), chunk, end)
    }

    /// Walks over the whole events and keeps the rest.
    fn events(&mut self, bytes: &[u8], end: bool, out: &mut Out<'_>) -> Result<(), Failure> {
        let mut rest = bytes;
        while let Some(len) = self.splitter.event_len(rest) {
            let (event, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            let change = self.event(event)?;
            out.push(event, change);
            rest = after;
        }
        if !end {
            if rest.len() > EVENT {
                // Too long to look into: it says something, and perhaps that it is the end.
                self.unread = true;
                self.within = true;
                self.alive = true;
                self.chunks += 1;
                self.bytes += rest.len();
                out.push(rest, self.unless_over(Change::Keep));
                self.splitter = Splitter::default();
            } else {
                self.carry = rest.to_vec();
            }
            return Ok(());
        }
        if !rest.is_empty() {
            let whole = [rest, b"\n\n"].concat();
            let change = match self.event(&whole)? {
                Change::Keep => Change::Replace(whole),
                other => other,
            };
            out.push(rest, change);
        }
        if self.waits() {
            return Err(nothing_said(rest));
        }
        if let Some(last) = self.last_words() {
            out.push(b"", Change::Replace(last));
        }
        Ok(())
    }

    /// Through the gate, or past it.
    fn leave(&mut self, front: Option<Front>, chunk: &[u8], end: bool) -> Step {
        let open = self.said() || end;
        let Gate::Closed(held) = &mut self.gate else {
            return front.map_or(Step::Pass, Step::Replace);
        };
        held.note(chunk);
        if !open && held.came <= GATE {
            held.hold(front, chunk);
            return Step::Hold;
        }
        if !open && held.is_foreign() {
            return Step::Fail(Failure::Malformed);
        }
        let step = Step::Open(held.release(front, chunk));
        self.gate = Gate::Open;
        step
    }

    fn said(&self) -> bool {
        self.chunks > 0 || self.finished
    }

    /// Whether nothing has left and nothing was said: the attempt may still fail.
    fn waits(&self) -> bool {
        !matches!(self.gate, Gate::Open) && !self.said()
    }

    fn event(&mut self, bytes: &[u8]) -> Result<Change, Failure> {
        if std::mem::take(&mut self.within) {
            return Ok(self.unless_over(Change::Keep));
        }
        let over = self.truncated;
        if !over && let Some(said) = self.likeness.said(bytes) {
            self.alive = true;
            self.chunks += 1;
            self.bytes += said;
            self.dropped = false;
            return Ok(Change::Keep);
        }
        let blank = bytes.iter().all(|b| matches!(b, b'\n' | b'\r'));
        let change = self.read(bytes)?;
        // The blank line may come in two parts: it goes with its event.
        self.dropped = over || matches!(change, Change::Drop) || blank && self.dropped;
        Ok(if self.dropped { Change::Drop } else { change })
    }

    /// Behind an error nothing leaves, least of all `[DONE]`; the record wants it all the same.
    fn unless_over(&self, change: Change) -> Change {
        if self.truncated { Change::Drop } else { change }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Change, Failure> {
        let event = events::event(bytes);
        if event.stray {
            return self.stray(bytes, event.data.is_some());
        }
        let Some(data) = &event.data else {
            return Ok(Change::Keep);
        };
        if data.trim_ascii() == b"[DONE]" {
            return self.done(bytes);
        }
        let facts = json::text(data).and_then(Facts::read);
        match facts {
            _ if event.name == b"error" => self.failed(data),
            Ok(facts) if facts.error || facts.failed && self.waits() => self.failed(data),
            Ok(facts) => {
                self.note(&facts);
                let change = self.change(bytes, &event, &facts);
                if facts.said && matches!(change, Change::Keep) {
                    self.likeness.learn(bytes, &event, &facts);
                }
                Ok(change)
            }
            // A broken event before anything was said is a broken answer.
            Err(_) if self.waits() => Err(Failure::Malformed),
            Err(_) => self.broken(data),
        }
    }

    /// Lines that are neither field nor comment do not leave: a proxy's words, or its error.
    fn stray(&mut self, bytes: &[u8], has_data: bool) -> Result<Change, Failure> {
        let (known, stray) = events::parted(bytes);
        let facts = json::text(stray.trim_ascii()).and_then(Facts::read);
        if facts.is_ok_and(|facts| facts.error) {
            return self.failed(&stray);
        }
        if !has_data {
            return Ok(Change::Drop);
        }
        Ok(match self.read(&known)? {
            Change::Keep => Change::Replace(known),
            other => other,
        })
    }

    /// After something was said, the caller's own parser sees a chunk that is broken, but no words
    /// that are none.
    fn broken(&mut self, data: &[u8]) -> Result<Change, Failure> {
        let data = data.trim_ascii();
        if !data.is_empty() && !data.starts_with(b"{") {
            return Ok(Change::Drop);
        }
        if memchr::memmem::find(data, b"\"error\"").is_some() {
            return self.failed(data);
        }
        Ok(Change::Keep)
    }

    /// An error: the attempt fails, or the caller is told in the gateway's shape (W35, W60).
    fn failed(&mut self, data: &[u8]) -> Result<Change, Failure> {
        if self.waits() {
            return Err(Failure::InBandError);
        }
        self.truncated = true;
        let error = Refusal::read(data, &self.private).late();
        Ok(Change::Replace(last_event(&error)))
    }

    fn note(&mut self, facts: &Facts) {
        self.alive |= facts.choices.is_some();
        self.finished |= facts.finished;
        self.chunks += usize::from(facts.said);
        self.bytes += facts.bytes;
        if self.model.is_none() {
            self.model.clone_from(&facts.model);
        }
    }

    fn done(&mut self, bytes: &[u8]) -> Result<Change, Failure> {
        if self.waits() {
            return Err(Failure::Malformed);
        }
        self.done = true;
        self.alive = true;
        Ok(self.usage_chunk().map_or(Change::Keep, |mut chunk| {
            chunk.extend_from_slice(bytes);
            Change::Replace(chunk)
        }))
    }

    /// What the gateway adds at the end of the body (W35, W41).
    fn last_words(&mut self) -> Option<Vec<u8>> {
        if self.done || self.truncated {
            return None;
        }
        if self.finished || self.unread {
            let mut last = self.usage_chunk().unwrap_or_default();
            last.extend_from_slice(b"data: [DONE]\n\n");
            self.done = true;
            return Some(last);
        }
        self.truncated = true;
        let message = "The provider ended its stream before the answer was whole.";
        let error = ErrorBody::new(502, Code::UpstreamTruncated, message);
        Some(last_event(&error))
    }
}

fn last_event(error: &ErrorBody) -> Vec<u8> {
    format!("data: {}\n\n", error.to_json()).into_bytes()
}

/// Nothing was said, and these bytes are all that is left: an error as plain JSON, or nonsense.
fn nothing_said(rest: &[u8]) -> Failure {
    let facts = json::text(rest.trim_ascii()).and_then(Facts::read);
    if facts.is_ok_and(|facts| facts.error) {
        Failure::InBandError
    } else {
        Failure::Malformed
    }
}

#[cfg(test)]
mod tests;
