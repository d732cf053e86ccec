//! A streamed answer: chunks as they come → what goes on to the caller.

use std::borrow::Cow;

use super::Failure;
use super::events::{self, Splitter};
use super::parsed::{Envelope, Facts};
use crate::error::{Code, ErrorBody};
use crate::json::{self, Edit, Span};
use crate::spend::Usage;

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
    /// The gate opens: all bytes that waited leave, or these instead.
    Open(Option<Vec<u8>>),
    /// The chunk leaves as it came.
    Pass,
    /// These bytes leave instead of the chunk.
    Replace(Vec<u8>),
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
    carry: Vec<u8>,
    splitter: Splitter,
    gate: Gate,
    done: bool,
    /// A part of the answer passed without being looked into.
    unread: bool,
    usage_sent: bool,
    /// `usage` as the provider spelled it.
    raw_usage: Option<String>,
    envelope: [Option<String>; 3],
}

/// What waits until something is said.
#[derive(Clone, Debug)]
enum Gate {
    Closed {
        /// What would have left.
        held: Vec<u8>,
        /// Whether it differs from what came.
        changed: bool,
        /// The body began like JSON or HTML: it is no stream.
        foreign: Option<bool>,
    },
    Open,
}

impl Default for Gate {
    fn default() -> Self {
        Self::Closed {
            held: Vec::new(),
            changed: false,
            foreign: None,
        }
    }
}

/// What becomes of one event.
enum Change {
    Drop,
    Keep,
    Replace(Vec<u8>),
}

/// Bytes that leave, copied only once they differ from those that came.
struct Out<'a> {
    came: &'a [u8],
    kept: usize,
    own: Option<Vec<u8>>,
}

impl Out<'_> {
    fn push(&mut self, event: &[u8], change: Change) {
        match (change, &mut self.own) {
            (Change::Keep, None) => self.kept += event.len(),
            (Change::Keep, Some(own)) => own.extend_from_slice(event),
            (Change::Drop, _) => drop(self.own()),
            (Change::Replace(bytes), _) => self.own().extend_from_slice(&bytes),
        }
    }

    fn own(&mut self) -> &mut Vec<u8> {
        let (came, kept) = (self.came, self.kept);
        self.own
            .get_or_insert_with(|| came.get(..kept).unwrap_or_default().to_vec())
    }
}

impl Stream {
    /// A stream that is about to begin; `asked` says whether the caller wants usage (W41).
    #[must_use]
    pub fn new(asked: bool) -> Self {
        Self {
            asked,
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

    /// Takes the next chunk; `end` says that it is the last.
    pub fn push(&mut self, chunk: &[u8], end: bool) -> Step {
        let carried = !self.carry.is_empty();
        let bytes = if carried {
            let mut carry = std::mem::take(&mut self.carry);
            carry.extend_from_slice(chunk);
            Cow::Owned(carry)
        } else {
            Cow::Borrowed(chunk)
        };
        let mut out = Out {
            came: &bytes,
            kept: 0,
            own: None,
        };
        if let Err(failure) = self.events(&bytes, end, &mut out) {
            return Step::Fail(failure);
        }
        let differs = carried || !self.carry.is_empty() || out.own.is_some();
        let kept = bytes.get(..out.kept).unwrap_or_default();
        self.leave(out.own.as_deref().unwrap_or(kept), differs, end)
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
                self.chunks += 1;
                self.bytes += rest.len();
                out.push(rest, Change::Keep);
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
    fn leave(&mut self, bytes: &[u8], differs: bool, end: bool) -> Step {
        let open = self.said() || end;
        let Gate::Closed {
            held,
            changed,
            foreign,
        } = &mut self.gate
        else {
            return if differs {
                Step::Replace(bytes.to_vec())
            } else {
                Step::Pass
            };
        };
        let first = held
            .iter()
            .chain(bytes)
            .chain(&self.carry)
            .find(|b| !b.is_ascii_whitespace());
        *foreign = foreign.or(first.map(|first| matches!(first, b'{' | b'<' | b'[')));
        *changed |= differs;
        let waits = held.len() + bytes.len() + self.carry.len();
        if !open && waits <= GATE {
            held.extend_from_slice(bytes);
            return Step::Hold;
        }
        if !open && *foreign == Some(true) {
            return Step::Fail(Failure::Malformed);
        }
        let step = if *changed {
            held.extend_from_slice(bytes);
            Step::Open(Some(std::mem::take(held)))
        } else {
            Step::Open(None)
        };
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
        let event = events::event(bytes);
        let Some(data) = event.data else {
            return Ok(Change::Keep);
        };
        if data.trim_ascii() == b"[DONE]" {
            return self.done(bytes);
        }
        let facts = json::text(&data).and_then(Facts::read);
        let Ok(facts) = facts else {
            // A broken event before anything was said is a broken answer; after it, the caller's
            // own parser sees what the provider sent.
            return if self.waits() {
                Err(Failure::Malformed)
            } else {
                Ok(Change::Keep)
            };
        };
        if facts.error || event.name == b"error" {
            if self.waits() {
                return Err(Failure::InBandError);
            }
            self.truncated = true;
            return Ok(Change::Keep);
        }
        self.note(&facts);
        Ok(self.usage(bytes, &data, event.data_at, facts))
    }

    fn note(&mut self, facts: &Facts) {
        self.finished |= facts.finished;
        self.chunks += usize::from(facts.said);
        self.bytes += facts.bytes;
        if self.model.is_none() {
            self.model.clone_from(&facts.model);
        }
    }

    /// Usage is for the record; the caller gets it in one chunk of its own, if at all (W41).
    fn usage(&mut self, bytes: &[u8], data: &[u8], at: Option<usize>, facts: Facts) -> Change {
        let Some(span) = facts.usage_span else {
            return Change::Keep;
        };
        if facts.usage.is_some() {
            self.usage = facts.usage;
            self.raw_usage = spelled(data, Some(&span));
            let Envelope { id, created, model } = &facts.envelope;
            self.envelope = [id, created, model].map(|span| spelled(data, span.as_ref()));
        }
        if facts.choices.unwrap_or_default() == 0 {
            self.usage_sent |= self.asked;
            return if self.asked {
                Change::Keep
            } else {
                Change::Drop
            };
        }
        let Some(at) = at else {
            return Change::Keep;
        };
        let edit = [Edit::replace(at + span.start..at + span.end, "null")];
        let (mut edited, covered) = json::apply(bytes, &edit);
        edited.extend_from_slice(bytes.get(covered..).unwrap_or_default());
        Change::Replace(edited)
    }

    fn done(&mut self, bytes: &[u8]) -> Result<Change, Failure> {
        if self.waits() {
            return Err(Failure::Malformed);
        }
        self.done = true;
        Ok(self.usage_chunk().map_or(Change::Keep, |mut chunk| {
            chunk.extend_from_slice(bytes);
            Change::Replace(chunk)
        }))
    }

    /// The chunk with usage that the caller asked for and the provider sent in another form.
    fn usage_chunk(&mut self) -> Option<Vec<u8>> {
        if !self.asked || self.usage_sent {
            return None;
        }
        let usage = self.raw_usage.as_deref()?;
        self.usage_sent = true;
        let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "null".to_owned());
        let [id, created, model] = self.envelope.each_ref().map(text);
        Some(
            format!(
                "data: {{\"id\":{id},\"object\":\"chat.completion.chunk\",\"created\":{created},\
                 \"model\":{model},\"choices\":[],\"usage\":{usage}}}\n\n"
            )
            .into_bytes(),
        )
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
        let body = ErrorBody::new(502, Code::UpstreamTruncated, message);
        Some(format!("data: {}\n\n", body.to_json()).into_bytes())
    }
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

/// A member of a chunk as it stands.
fn spelled(data: &[u8], span: Option<&Span>) -> Option<String> {
    Some(String::from_utf8_lossy(data.get(span?.clone())?).into_owned())
}

#[cfg(test)]
mod tests;
