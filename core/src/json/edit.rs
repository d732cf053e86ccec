//! Changes to a text as ranges: what is not named leaves as it came (W16).

use std::borrow::Cow;

use super::Span;

/// How many edits are made in place.
const FEW: usize = 4;

/// One range and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty to insert.
    pub span: Span,
    /// What comes.
    pub text: Cow<'static, str>,
}

impl Edit {
    /// Puts `text` in the place of `span`.
    #[must_use]
    pub fn replace(span: Span, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }

    /// Takes `span` out.
    #[must_use]
    pub fn cut(span: Span) -> Self {
        Self::replace(span, "")
    }

    /// Puts `text` before the byte at `at`.
    #[must_use]
    pub fn insert(at: usize, text: impl Into<Cow<'static, str>>) -> Self {
        Self::replace(at..at, text)
    }
}

/// Length of a body of `len` bytes after the edits.
#[must_use]
pub fn edited_len(len: usize, edits: &[Edit]) -> usize {
    edits.iter().fold(len, |len, edit| {
        (len + edit.text.len()).saturating_sub(edit.span.len())
    })
}

/// The prefix of `bytes` that the edits touch, edited.
///
/// Shape: edits in order of their spans, not overlapping → the new prefix, and how many bytes of
/// the old body it stands for. What follows those bytes is unchanged.
#[must_use]
pub fn apply(bytes: &[u8], edits: &[Edit]) -> (Vec<u8>, usize) {
    let end = edits.last().map_or(0, |edit| edit.span.end);
    let mut out = Vec::with_capacity(edited_len(end, edits));
    let mut at = 0;
    for edit in edits {
        out.extend_from_slice(bytes.get(at..edit.span.start).unwrap_or_default());
        out.extend_from_slice(edit.text.as_bytes());
        at = edit.span.end;
    }
    (out, end)
}

/// The same out of bytes that nobody needs again: what comes before the first edit stays where it is.
///
/// Shape: as [`apply`].
#[must_use]
pub fn apply_to(mut bytes: Vec<u8>, edits: &[Edit]) -> (Vec<u8>, usize) {
    let end = edits.last().map_or(0, |edit| edit.span.end);
    // Each moves what stands behind it.
    if edits.len() > FEW || end > bytes.len() {
        return apply(&bytes, edits);
    }
    bytes.truncate(end);
    for edit in edits.iter().rev() {
        let rest = bytes.get(edit.span.end..).unwrap_or_default().to_vec();
        bytes.truncate(edit.span.start);
        bytes.extend_from_slice(edit.text.as_bytes());
        bytes.extend_from_slice(&rest);
    }
    (bytes, end)
}

/// All of `bytes`, edited.
#[must_use]
pub fn edited(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let (mut out, covered) = apply(bytes, edits);
    out.extend_from_slice(bytes.get(covered..).unwrap_or_default());
    out
}
