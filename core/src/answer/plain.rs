//! A plain answer, held to its end.

use super::Failure;
use super::parsed::Facts;
use crate::json;

/// What a whole plain answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// What it says.
    pub facts: Facts,
}

impl Plain {
    /// Reads the whole body of a 200.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it is no answer: not JSON, an error, without choices, or with choices that
    /// have neither content nor finish reason. Source: W31, W34.
    pub fn read(body: &[u8]) -> Result<Self, Failure> {
        let text = json::text(body).map_err(|_| Failure::Malformed)?;
        let facts = Facts::read(text).map_err(|_| Failure::Malformed)?;
        if facts.error && facts.choices.is_none_or(|choices| choices == 0) {
            return Err(Failure::InBandError);
        }
        if facts.said || facts.finished {
            Ok(Self { facts })
        } else {
            Err(Failure::Malformed)
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn read(body: &str) -> Result<Plain, Failure> {
        Plain::read(body.as_bytes())
    }

    #[test]
    fn w31_an_answer_is_read() {
        let plain = read(
            r#"{"id":"x","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":
            {"role":"assistant","content":"Hé"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,
            "completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":4,
            "audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":1}}}"#,
        )
        .unwrap();
        let usage = plain.facts.usage.unwrap();
        assert_eq!(
            (usage.prompt_tokens, usage.completion_tokens),
            (Some(9), Some(2))
        );
        assert_eq!(
            (usage.cached_tokens, usage.reasoning_tokens),
            (Some(4), Some(1))
        );
        assert_eq!(plain.facts.model.as_deref(), Some("gpt-4o-mini-2024-07-18"));
        assert_eq!(plain.facts.bytes, 3);
    }

    #[test]
    fn w31_an_empty_answer_with_a_finish_reason_is_legitimate() {
        for reason in ["stop", "length", "content_filter"] {
            let body = format!(
                r#"{{"choices":[{{"message":{{"content":null}},"finish_reason":"{reason}"}}]}}"#
            );
            assert!(read(&body).is_ok(), "{reason}");
        }
        let tool = r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"a"}]}}]}"#;
        assert!(read(tool).is_ok());
    }

    #[test]
    fn w31_what_is_no_answer_is_a_failure() {
        for body in [
            "",
            "<html></html>",
            "{}",
            "[]",
            "null",
            r#"{"choices":[]}"#,
            r#"{"choices":null}"#,
            r#"{"choices":[{"message":{"content":""},"finish_reason":null}]}"#,
            r#"{"choices":[{"message":{"content":"cut"#,
            "{\"choices\":[{\"message\":{\"content\":\"\u{1}\"}}]}",
        ] {
            assert_eq!(read(body), Err(Failure::Malformed), "{body}");
        }
        assert_eq!(
            read(r#"{"error":{"message":"overloaded"}}"#),
            Err(Failure::InBandError)
        );
        assert_eq!(
            read(r#"{"error":"x","choices":[]}"#),
            Err(Failure::InBandError)
        );
        assert_eq!(Plain::read(b"{\"choices\":\xff}"), Err(Failure::Malformed));
    }
}
