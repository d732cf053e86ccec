//! What the demo provider says, word by word.

use super::request::ChatRequest;

/// Characters of the user's message that are quoted.
const QUOTE: usize = 80;

/// An answer: its words with the blanks between, and what it counts.
#[derive(Debug)]
pub(super) struct Answer {
    /// Each with the blank after it, so that together they are the text.
    pub(super) pieces: Vec<String>,
    /// `stop`, or `length` when the cap cut it.
    pub(super) finish_reason: &'static str,
    /// Words of the request.
    pub(super) prompt_tokens: usize,
}

impl Answer {
    pub(super) fn to(request: &ChatRequest) -> Self {
        let asked = request.last_user_text();
        let quote: String = asked.chars().take(QUOTE).collect();
        let more = if quote.len() < asked.len() { "…" } else { "" };
        let text = format!(
            "This is Sluice's demo provider, not a language model: it only shows that your request \
             went through. Set a provider's key to reach a real one. You wrote: “{quote}{more}”"
        );
        let mut pieces: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
        let whole = pieces.len();
        pieces.truncate(request.cap().unwrap_or(whole));
        Self {
            finish_reason: if pieces.len() < whole {
                "length"
            } else {
                "stop"
            },
            pieces,
            prompt_tokens: request.words(),
        }
    }

    pub(super) fn text(&self) -> String {
        self.pieces.concat()
    }

    pub(super) fn usage(&self) -> serde_json::Value {
        let (prompt, completion) = (self.prompt_tokens, self.pieces.len());
        serde_json::json!({
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        })
    }
}
