//! A plain answer, held to its end.

use std::borrow::Cow;

use super::echo::{self, Additions, Echo};
use super::parsed::Facts;
use super::{Failure, Front};
use crate::json;
use crate::scrub::Private;

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
    /// have neither content nor finish reason, or nothing but an error. Source: W31, W34.
    pub fn read(body: &[u8]) -> Result<Self, Failure> {
        let text = json::text(body).map_err(|_| Failure::Malformed)?;
        let facts = Facts::read(text).map_err(|_| Failure::Malformed)?;
        let unanswered = facts.choices.is_none_or(|choices| choices == 0);
        if facts.error && unanswered || facts.failed && !facts.said {
            return Err(Failure::InBandError);
        }
        if facts.said || facts.finished {
            Ok(Self { facts })
        } else {
            Err(Failure::Malformed)
        }
    }

    /// What leaves instead of the start of `body`, which is what was read (W23, W42).
    #[must_use]
    pub fn front(&self, body: &[u8], echo: &Echo, private: &Private) -> Front {
        let facts = &self.facts;
        let errors = echo::errors(body, facts, private);
        let raw = if errors.is_empty() {
            Cow::Borrowed(body)
        } else {
            Cow::Owned(json::edited(body, &errors))
        };
        let mut additions = Additions::new(errors);
        echo.episode(facts, true, &mut additions);
        if echo.raw_usage {
            let usage = facts.usage_span.clone().and_then(|span| body.get(span));
            let usage = usage.map(|usage| echo.raw(&String::from_utf8_lossy(usage)));
            additions.member("ollm_raw_usage", usage.as_deref().unwrap_or("[]"));
        }
        if echo.raw_response {
            let data = json::quoted(&String::from_utf8_lossy(&raw));
            additions.member("ollm_raw_response", &echo.raw(&data));
        }
        let (prefix, covered) = json::apply(body, &additions.into_edits(facts));
        Front { prefix, covered }
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

    /// What the caller gets of a body.
    fn got(body: &str, raw_usage: bool, raw_response: bool) -> String {
        let echo = Echo {
            episode: "e-1".to_owned(),
            raw_usage,
            raw_response,
            inference_id: "i-1".to_owned(),
            provider_type: "openai",
        };
        let front = read(body)
            .unwrap()
            .front(body.as_bytes(), &echo, &Private::default());
        let rest = &body.as_bytes()[front.covered..];
        String::from_utf8([&front.prefix, rest].concat()).unwrap()
    }

    /// What follows the brace.
    fn rest(body: &str) -> &str {
        body.strip_prefix('{').unwrap()
    }

    const BODY: &str = "{ \"choices\":[{\"message\":{\"content\":\"\\u00e9\"}}],\"usage\" : {\"prompt_tokens\":1.0} }\n";

    #[test]
    fn w23_the_episode_stands_first_and_all_else_as_it_came() {
        let expected = format!("{{\"episode_id\":\"e-1\",{}", rest(BODY));
        assert_eq!(got(BODY, false, false), expected);
        let front = read(BODY).unwrap();
        let front = front.front(BODY.as_bytes(), &Echo::default(), &Private::default());
        assert_eq!(front.covered, 1, "nothing but the brace is copied");
    }

    #[test]
    fn w23_a_providers_own_episode_is_replaced() {
        let choices = r#""choices":[{"finish_reason":"stop"}]"#;
        for (own, expected) in [
            (r#"{"episode_id":"theirs",C}"#, r#"{"episode_id":"e-1",C}"#),
            (
                r#"{C, "episode\u005fid" : null }"#,
                r#"{C, "episode\u005fid" : "e-1" }"#,
            ),
            (
                r#"{"episode_id":{"a":[1]},C,"episode_id":2}"#,
                r#"{"episode_id":"e-1",C,"episode_id":"e-1"}"#,
            ),
        ] {
            let (own, expected) = (own.replace('C', choices), expected.replace('C', choices));
            assert_eq!(got(&own, false, false), expected);
        }
    }

    #[test]
    fn w42_the_raw_usage_is_the_providers_byte_for_byte() {
        let raw = r#""ollm_raw_usage":[{"model_inference_id":"i-1","provider_type":"openai","api_type":"chat_completions","data":{"prompt_tokens":1.0}}],"#;
        let text = got(BODY, true, false);
        assert_eq!(
            text,
            format!("{{\"episode_id\":\"e-1\",{raw}{}", rest(BODY))
        );
        let none = r#"{"choices":[{"finish_reason":"stop"}],"usage":null}"#;
        let text = got(none, true, false);
        assert!(
            text.starts_with(r#"{"episode_id":"e-1","ollm_raw_usage":[],"choices""#),
            "{text}"
        );
    }

    #[test]
    fn w42_the_raw_response_is_the_body_as_a_string() {
        let text = got(BODY, true, true);
        assert!(text.ends_with(rest(BODY)), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["ollm_raw_response"][0]["data"], BODY);
        assert_eq!(
            value["ollm_raw_response"][0]["api_type"],
            "chat_completions"
        );
        assert_eq!(value["ollm_raw_usage"][0]["data"]["prompt_tokens"], 1.0);
    }

    #[test]
    fn w60_an_error_beside_an_answer_is_told_in_the_gateways_shape() {
        let body = r#"{"error":{"message":"cut at gpu.internal","trace":"t"},"choices":[{"message":{"content":"a"},"error":"no: sk-abcdef01","finish_reason":"error"}]}"#;
        let ours = |message| {
            format!(
                r#"{{"message":"{message}","type":"provider_error","code":"upstream_error","param":null}}"#
            )
        };
        let expected = format!(
            r#"{{"episode_id":"e-1","error":{},"choices":[{{"message":{{"content":"a"}},"error":{},"finish_reason":"error"}}]}}"#,
            ours("cut at [redacted]"),
            ours("no: [redacted]"),
        );
        assert_eq!(got(body, false, false), expected);
        let raw = got(body, false, true);
        assert!(
            !raw.contains("sk-abc") && !raw.contains("internal"),
            "{raw}"
        );
        let null = r#"{"error":null,"choices":[{"error":null,"finish_reason":"stop"}]}"#;
        assert!(got(null, false, false).ends_with(rest(null)));
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
            r#"{"choices":[{"message":{"content":""},"finish_reason":""}]}"#,
            r#"{"choices":[{"message":{"content":"cut"#,
            "{\"choices\":[{\"message\":{\"content\":\"\u{1}\"}}]}",
        ] {
            assert_eq!(read(body), Err(Failure::Malformed), "{body}");
        }
        assert_eq!(
            read(r#"{"error":{"message":"overloaded"}}"#),
            Err(Failure::InBandError)
        );
        for body in [
            r#"{"error":"x","choices":[]}"#,
            r#"{"choices":[{"error":{"code":502},"message":{"content":""},"finish_reason":"error"}]}"#,
            r#"{"choices":[{"message":{"content":""},"finish_reason":"error"}]}"#,
            r#"{"choices":[{"message":{"content":""},"error":"x","finish_reason":"stop"}]}"#,
        ] {
            assert_eq!(read(body), Err(Failure::InBandError), "{body}");
        }
        assert_eq!(Plain::read(b"{\"choices\":\xff}"), Err(Failure::Malformed));
    }
}
