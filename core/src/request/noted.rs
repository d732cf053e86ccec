//! Fields of the provider's that the gateway acts on, or that others depend on, and where they stand in a body.

use crate::json::Span;

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

const ALL: [(&str, Noted); 15] = [
    ("audio", Noted::Audio),
    ("logprobs", Noted::Logprobs),
    ("max_completion_tokens", Noted::MaxCompletionTokens),
    ("max_tokens", Noted::MaxTokens),
    ("messages", Noted::Messages),
    ("metadata", Noted::Metadata),
    ("modalities", Noted::Modalities),
    ("model", Noted::Model),
    ("n", Noted::N),
    ("reasoning_effort", Noted::ReasoningEffort),
    ("stop", Noted::Stop),
    ("stream", Noted::Stream),
    ("stream_options", Noted::StreamOptions),
    ("thinking", Noted::Thinking),
    ("top_logprobs", Noted::TopLogprobs),
];

impl Noted {
    /// Which of them a field of the provider's is.
    pub(super) const fn of(name: &str) -> Option<Self> {
        let mut rest = ALL.as_slice();
        while let [(own, noted), more @ ..] = rest {
            if is(own.as_bytes(), name.as_bytes()) {
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

const fn is(mut own: &[u8], mut other: &[u8]) -> bool {
    while let ([a, rest @ ..], [b, more @ ..]) = (own, other) {
        if *a != *b {
            return false;
        }
        (own, other) = (rest, more);
    }
    own.is_empty() && other.is_empty()
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
        let noted = STANDARD.iter().filter(|own| own.noted.is_some());
        assert_eq!(noted.count(), ALL.len());
        for (name, noted) in ALL {
            let field = STANDARD.iter().find(|own| own.name == name).unwrap();
            assert_eq!(field.noted, Some(noted));
        }
        for other in ["", "streams", "strea", "reasoning"] {
            assert_eq!(Noted::of(other), None);
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
