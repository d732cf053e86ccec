//! What leaves of a chunk: first the gateway's own bytes, then those that came.

use crate::answer::Front;

/// What becomes of one event.
pub(super) enum Change {
    Drop,
    Keep,
    Replace(Vec<u8>),
}

/// What leaves of the bytes that came; they are copied up to the last change only.
pub(super) struct Out<'a> {
    came: &'a [u8],
    /// What leaves instead of the first `covered` bytes.
    prefix: Vec<u8>,
    covered: usize,
    /// How many bytes after those leave as they came.
    kept: usize,
}

impl<'a> Out<'a> {
    pub(super) fn new(came: &'a [u8]) -> Self {
        Self {
            came,
            prefix: Vec::new(),
            covered: 0,
            kept: 0,
        }
    }

    /// Takes the next event.
    pub(super) fn push(&mut self, event: &[u8], change: Change) {
        match change {
            Change::Keep => self.kept += event.len(),
            Change::Drop => self.settle(self.kept, event.len()),
            Change::Replace(bytes) => {
                self.settle(self.kept, event.len());
                self.prefix.extend_from_slice(&bytes);
            }
        }
    }

    /// What leaves, told against a chunk before which `carried` bytes had come; `None` when that
    /// is the chunk. Bytes behind the last event wait for the next chunk.
    pub(super) fn front(mut self, carried: usize) -> Option<Front> {
        let waits = self.came.len().saturating_sub(self.covered + self.kept);
        if waits > 0 {
            self.settle(self.kept, waits);
        } else if self.covered < carried {
            self.settle(carried - self.covered, 0);
        }
        let covered = self.covered.saturating_sub(carried);
        let prefix = self.prefix;
        (covered > 0 || !prefix.is_empty()).then_some(Front { prefix, covered })
    }

    /// Copies kept bytes, and passes over some that came behind them.
    fn settle(&mut self, kept: usize, over: usize) {
        let end = self.covered + kept;
        let bytes = self.came.get(self.covered..end).unwrap_or_default();
        self.prefix.extend_from_slice(bytes);
        self.kept = self.kept.saturating_sub(kept);
        self.covered = end + over;
    }
}

/// What waits until something is said.
#[derive(Clone, Debug)]
pub(super) enum Gate {
    Closed(Held),
    Open,
}

impl Default for Gate {
    fn default() -> Self {
        Self::Closed(Held::default())
    }
}

/// What is held back at the gate.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// What would have left.
    bytes: Vec<u8>,
    /// Whether that differs from what came.
    changed: bool,
    /// How many bytes came.
    pub(super) came: usize,
    /// The first of them that is no white space.
    first: Option<u8>,
}

impl Held {
    /// Takes note of a chunk.
    pub(super) fn note(&mut self, chunk: &[u8]) {
        self.came += chunk.len();
        let first = || chunk.iter().find(|b| !b.is_ascii_whitespace()).copied();
        self.first = self.first.or_else(first);
    }

    /// Whether the body began like JSON or HTML: it is no stream.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self.first, Some(b'{' | b'<' | b'['))
    }

    /// Holds what would leave of a chunk.
    pub(super) fn hold(&mut self, front: Option<Front>, chunk: &[u8]) {
        self.changed |= front.is_some();
        let Front { prefix, covered } = front.unwrap_or_default();
        self.bytes.extend_from_slice(&prefix);
        let rest = chunk.get(covered..).unwrap_or_default();
        self.bytes.extend_from_slice(rest);
    }

    /// What leaves of all that was held and of the last chunk; `None` when that is as it came.
    pub(super) fn release(&mut self, front: Option<Front>, chunk: &[u8]) -> Option<Front> {
        if !self.changed && front.is_none() {
            return None;
        }
        let Front { prefix, covered } = front.unwrap_or_default();
        let mut all = std::mem::take(&mut self.bytes);
        all.extend_from_slice(&prefix);
        Some(Front {
            prefix: all,
            covered: self.came.saturating_sub(chunk.len()) + covered,
        })
    }
}
