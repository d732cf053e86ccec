//! What the gateway adds to an answer: the episode (W23) and, where the caller asks for it, what
//! the provider itself said (W42).

use super::{Facts, Front};
use crate::json::{Edit, quoted};
use crate::scrub::Private;

/// What the gateway adds to the answer of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Echo {
    /// `episode_id`.
    pub episode: String,
    /// Whether the caller wants the provider's usage as it is (`ollm::include_raw_usage`).
    pub raw_usage: bool,
    /// Whether it wants all that the provider says (`ollm::include_raw_response`).
    pub raw_response: bool,
    /// Id of the attempt, for the two above.
    pub inference_id: String,
    /// `openai`, `azure`: the dialect that the provider speaks.
    pub provider_type: &'static str,
}

impl Echo {
    /// What leaves instead of the start of an answer that is not read; `None` where that is not
    /// the start of an object.
    #[must_use]
    pub fn front(&self, start: &[u8]) -> Option<Front> {
        let open = start.iter().position(|b| !b.is_ascii_whitespace())?;
        start.get(open).filter(|first| **first == b'{')?;
        let mut prefix = start.get(..=open)?.to_vec();
        prefix.extend_from_slice(format!("\"episode_id\":{},", quoted(&self.episode)).as_bytes());
        let covered = open + 1;
        Some(Front { prefix, covered })
    }

    /// Puts the episode in its place: over the provider's own, or before the first member.
    pub(super) fn episode(&self, facts: &Facts, first: bool, additions: &mut Additions) {
        for span in &facts.episodes {
            additions.edit(Edit::replace(span.clone(), quoted(&self.episode)));
        }
        if first && facts.episodes.is_empty() {
            additions.member("episode_id", &quoted(&self.episode));
        }
    }

    /// `[{"model_inference_id", "provider_type", "api_type", "data"}]`, with this as its data.
    pub(super) fn raw(&self, data: &str) -> String {
        let Self {
            inference_id,
            provider_type,
            ..
        } = self;
        format!(
            "[{{\"model_inference_id\":{},\"provider_type\":\"{provider_type}\",\
             \"api_type\":\"chat_completions\",\"data\":{data}}}]",
            quoted(inference_id)
        )
    }
}

/// What changes in one document of an answer.
#[derive(Debug)]
pub(super) struct Additions {
    /// Changes of what is there, in the order of their spans.
    edits: Vec<Edit>,
    /// Members that are put before the first.
    members: String,
}

impl Additions {
    /// These edits, which are in order, and no member yet.
    pub(super) fn new(edits: Vec<Edit>) -> Self {
        let members = String::with_capacity(64);
        Self { edits, members }
    }

    /// Adds a change of what is there.
    pub(super) fn edit(&mut self, edit: Edit) {
        let start = edit.span.start;
        let at = self.edits.partition_point(|other| other.span.start < start);
        self.edits.insert(at, edit);
    }

    /// Adds a member.
    pub(super) fn member(&mut self, name: &str, value: &str) {
        if !self.members.is_empty() {
            self.members.push(',');
        }
        for part in ["\"", name, "\":", value] {
            self.members.push_str(part);
        }
    }

    /// The edits of the document, in their order.
    pub(super) fn into_edits(mut self, facts: &Facts) -> Vec<Edit> {
        if !self.members.is_empty() {
            if facts.members > 0 {
                self.members.push(',');
            }
            let members = std::mem::take(&mut self.members);
            self.edit(Edit::insert(facts.open, members));
        }
        self.edits
    }
}

/// Errors that stand beside an answer, as the caller gets them: the provider's message, scrubbed.
pub(super) fn errors(data: &[u8], facts: &Facts, private: &Private) -> Vec<Edit> {
    let spans = facts.errors.iter().cloned();
    spans
        .map(|span| {
            let error = data.get(span.clone()).unwrap_or_default();
            Edit::replace(span, super::refusal::within(error, private))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w23_an_answer_that_is_not_read_gets_the_episode_at_its_front() {
        let echo = Echo {
            episode: "e".to_owned(),
            ..Echo::default()
        };
        let front = echo.front(b" \n{\"id\":1").unwrap();
        assert_eq!(front.prefix, b" \n{\"episode_id\":\"e\",");
        assert_eq!(front.covered, 3);
        for other in [b"".as_slice(), b"  ", b"[{", b"\"{", b"x"] {
            assert_eq!(echo.front(other), None);
        }
    }
}
