//! What an event has in common with the one before it: most of a stream's differ in a word.

use crate::answer::events::Event;
use crate::answer::parsed::Facts;
use crate::json::{self, Span};
use crate::text::same_bytes;

/// An event that was read and left as it came. Another one of the same bytes but in these strings says the same in other
/// words, and is not read again.
#[derive(Clone, Debug, Default)]
pub(super) struct Likeness {
    event: Vec<u8>,
    /// Where these strings stand, between their quotes.
    strings: Vec<Span>,
    /// Which of them are its words.
    words: usize,
    /// Bytes of text that stand elsewhere in it.
    others: usize,
}

impl Likeness {
    /// Remembers an event that said something.
    pub(super) fn learn(&mut self, bytes: &[u8], event: &Event<'_>, facts: &Facts) {
        self.event.clear();
        self.strings.clear();
        let words = facts.words.as_ref().filter(|_| !facts.finished);
        let Some((at, words)) = event.data_at.zip(words) else {
            return;
        };
        self.words = 0;
        self.strings.push(words.clone());
        if let Some(padding) = &facts.padding {
            self.words = usize::from(padding.start < words.start);
            self.strings.insert(1 - self.words, padding.clone());
        }
        for span in &mut self.strings {
            *span = at + span.start..at + span.end;
        }
        self.others = facts.bytes.saturating_sub(words.len());
        self.event.extend_from_slice(bytes);
    }

    /// Bytes of text in an event that is like this one and says something.
    pub(super) fn said(&self, event: &[u8]) -> Option<usize> {
        let (mut rest, mut at, mut said) = (event, 0, 0);
        for (i, span) in self.strings.iter().enumerate() {
            let (len, after) = string(behind(rest, self.event.get(at..span.start)?)?)?;
            if i == self.words {
                said = len;
            }
            (rest, at) = (after, span.end);
        }
        let rest = behind(rest, self.event.get(at..)?)?;
        (said > 0 && rest.is_empty()).then_some(self.others + said)
    }
}

/// What comes behind a beginning, where `bytes` have it.
fn behind<'a>(bytes: &'a [u8], beginning: &[u8]) -> Option<&'a [u8]> {
    let (own, rest) = bytes.split_at_checked(beginning.len())?;
    same_bytes(own, beginning).then_some(rest)
}

/// Length of the text of a string that goes on here, and what comes from its closing quote on.
fn string(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let len = json::string_len(bytes)?;
    let (text, rest) = bytes.split_at_checked(len)?;
    json::text(text).ok().map(|text| (text.len(), rest))
}
