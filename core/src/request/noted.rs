//! Fields of the provider's that the gateway acts on, or that others depend on, and where they stand in a body.

use crate::json::Span;
use crate::text::head;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    Audio,
    Logprobs,
    MaxCompletionTokens,
    MaxTokens,
    Messages,
    Metadata,
    Modalities,
    Model,
    N,
    ReasoningEffort,
    Stop,
    Stream,
    StreamOptions,
    Thinking,
    TopLogprobs,
}

/// All of them, and how each name begins, in which they differ.
const ALL: [(u64, Noted); 15] = [
    (head("audio"), Noted::Audio),
    (head("logprobs"), Noted::Logprobs),
    (head("max_completion_tokens"), Noted::MaxCompletionTokens),
    (head("max_tokens"), Noted::MaxTokens),
    (head("messages"), Noted::Messages),
    (head("metadata"), Noted::Metadata),
    (head("modalities"), Noted::Modalities),
    (head("model"), Noted::Model),
    (head("n"), Noted::N),
    (head("reasoning_effort"), Noted::ReasoningEffort),
    (head("stop"), Noted::Stop),
    (head("stream"), Noted::Stream),
    (head("stream_options"), Noted::StreamOptions),
    (head("thinking"), Noted::Thinking),
    (head("top_logprobs"), Noted::TopLogprobs),
];

impl Noted {
    /// Which of them a field of the provider's is.
    pub(super) const fn of(name: &str) -> Option<Self> {
        let (own, mut rest) = (head(name), ALL.as_slice());
        while let [(head, noted), more @ ..] = rest {
            if *head == own {
                return Some(*noted);
            }
            rest = more;
        }
        None
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Where their values stand; those that are null too.
pub(super) struct Places {
    /// Which of them are there: most are not, and are asked for all the same.
    which: u32,
    all: Vec<(Noted, Span)>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            which: 0,
            all: Vec::with_capacity(8),
        }
    }
}

impl Places {
    /// Whether the body has it.
    #[inline]
    pub(super) fn has(&self, noted: Noted) -> bool {
        self.which & noted.bit() != 0
    }

    /// Where its value stands, the last where there are two.
    #[inline]
    pub(super) fn get(&self, noted: Noted) -> Option<&Span> {
        if self.has(noted) {
            self.find(noted)
        } else {
            None
        }
    }

    fn find(&self, noted: Noted) -> Option<&Span> {
        let found = self.all.iter().rfind(|(own, _)| *own == noted);
        found.map(|(_, span)| span)
    }

    pub(super) fn push(&mut self, noted: Noted, span: Span) {
        self.which |= noted.bit();
        self.all.push((noted, span));
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::request::fields::STANDARD;

    #[test]
    fn each_is_one_field() {
        for (head, noted) in ALL {
            let of: Vec<_> = STANDARD.iter().filter(|own| own.head == head).collect();
            assert_eq!(of.len(), 1, "{noted:?}");
            assert_eq!(of[0].noted, Some(noted));
        }
    }

    #[test]
    fn the_last_place_counts() {
        let mut places = Places::default();
        assert!(!places.has(Noted::N) && places.get(Noted::N).is_none());
        for span in [1..2, 3..4] {
            places.push(Noted::N, span);
        }
        places.push(Noted::Stop, 5..6);
        assert!(places.has(Noted::N) && !places.has(Noted::Model));
        assert_eq!(places.get(Noted::N), Some(&(3..4)));
    }
}
