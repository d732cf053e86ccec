//! A provider's error as far as it is the caller's business.

use serde_json::Value;

use crate::error::{Code, ErrorBody};
use crate::json;
use crate::scrub::Private;

/// Characters of a provider's word.
const CODE: usize = 64;
/// Characters of the name of a parameter.
const PARAM: usize = 128;

/// What a provider's error says, as far as it is the caller's business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Its message, scrubbed.
    pub message: Option<String>,
    /// Its `code`, where that is a plain word.
    pub code: Option<String>,
    /// Its `param`, where that can be the name of one.
    pub param: Option<String>,
}

impl Refusal {
    /// Reads the error of a body: `{"error": {"message", "code", "param"}}`, the same without
    /// `error` or in an array, or `{"error": "…"}`.
    #[must_use]
    pub fn read(body: &[u8], private: &Private) -> Self {
        let value = parsed(body);
        let first = value.get(0).unwrap_or(&value);
        Self::of(first.get("error").unwrap_or(first), private)
    }

    fn of(error: &Value, private: &Private) -> Self {
        let text = |name| error.get(name).and_then(Value::as_str);
        // A word that can be a key or an id is none that a client acts on.
        let clean = |word: &&str| private.scrub(word) == **word;
        let message = text("message").or(error.as_str());
        let message = message.map(|text| private.scrub(text).trim().to_owned());
        Self {
            message: message.filter(|text| !text.is_empty()),
            code: text("code")
                .filter(|word| is_code(word))
                .filter(clean)
                .map(str::to_owned),
            param: text("param")
                .filter(|name| is_param(name))
                .filter(clean)
                .map(str::to_owned),
        }
    }

    /// The error of an answer that has begun (W35, W60).
    #[must_use]
    pub fn late(&self) -> ErrorBody {
        let message = self.message.as_deref();
        let message = message.unwrap_or("The provider reported an error.");
        ErrorBody::new(502, Code::UpstreamError, message)
    }

    /// The error as the caller gets it. A code that the gateway has too stands only where its own
    /// would stand: with 400 `invalid_api_key` would speak of the caller's key (W61).
    #[must_use]
    pub fn error(&self, status: u16) -> ErrorBody {
        let message = self
            .message
            .clone()
            .unwrap_or_else(|| format!("The provider refused the request with status {status}."));
        let same = |word: &str| Code::ALL.iter().find(|code| code.as_str() == word);
        let code = self
            .code
            .clone()
            .filter(|word| same(word).is_none_or(|code| code.statuses().contains(&status)));
        ErrorBody::new(status, Code::ProviderRejectedRequest, message)
            .provider_code(code)
            .param(self.param.clone())
    }
}

/// The value of an `error` beside an answer → the same in the gateway's shape.
pub(super) fn within(error: &[u8], private: &Private) -> String {
    Refusal::of(&parsed(error), private).late().to_value()
}

/// Null for what is not JSON.
fn parsed(bytes: &[u8]) -> Value {
    let text = json::text(bytes).unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}

fn is_code(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=CODE).contains(&word.len()) && word.bytes().all(plain)
}

fn is_param(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.[]:-".contains(&b);
    (1..=PARAM).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn read(body: &str) -> Refusal {
        Refusal::read(body.as_bytes(), &Private::default())
    }

    fn body(code: &str, param: &str) -> String {
        format!(r#"{{"error":{{"message":"m","code":{code},"param":{param}}}}}"#)
    }

    #[test]
    fn w61_the_message_is_found_and_scrubbed() {
        for (body, message) in [
            (
                r#"{"error":{"message":"too \u006cong","type":"t"}}"#,
                Some("too long"),
            ),
            (
                r#"[{"error":{"message":"too long","code":400}}]"#,
                Some("too long"),
            ),
            (r#"{"error":"too long"}"#, Some("too long")),
            (r#"{"message":"too long"}"#, Some("too long")),
            (
                r#"{"error":{"message":" key sk-abcdef01 "}}"#,
                Some("key [redacted]"),
            ),
            (r#"{"error":{"message":"\u0000"}}"#, None),
            (r#"{"error":{"message":7}}"#, None),
            (r#"{"error":{}}"#, None),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(read(body).message.as_deref(), message, "{body}");
        }
        assert_eq!(read("\"no\"").message.as_deref(), Some("no"));
        let broken = Refusal::read(b"{\"error\":\"\xff\"}", &Private::default());
        assert_eq!(broken, Refusal::default());
    }

    #[test]
    fn w61_a_code_is_a_plain_word() {
        for word in [
            "context_length_exceeded",
            "model_not_found",
            "1",
            &"x".repeat(64),
        ] {
            let read = read(&body(&format!("\"{word}\""), "null"));
            assert_eq!(read.code.as_deref(), Some(word));
        }
        for word in [
            "\"\"",
            "\"Too_Long\"",
            "\"too-long\"",
            "\"a b\"",
            "\"a\\u0000\"",
            "400",
            "null",
            "{}",
            "\"gsk_0123456789abcdef\"",
            "\"proj_canary\"",
            "\"0123456789abcdef0123456789abcdef\"",
            &format!("\"{}\"", "x".repeat(65)),
        ] {
            assert_eq!(read(&body(word, "null")).code, None, "{word}");
        }
    }

    #[test]
    fn w61_a_param_is_a_name() {
        for name in [
            "messages[0].content",
            "max_tokens",
            "a:b-c",
            &"x".repeat(128),
        ] {
            let read = read(&body("null", &format!("\"{name}\"")));
            assert_eq!(read.param.as_deref(), Some(name));
        }
        for name in [
            "\"\"",
            "\"a b\"",
            "\"https://a.b/c\"",
            "\"gpu.internal:80\"",
            "\"10.0.0.1\"",
            "\"org-AbCdEf12\"",
            "\"é\"",
            "7",
            &format!("\"{}\"", "x".repeat(129)),
        ] {
            assert_eq!(read(&body("null", name)).param, None, "{name}");
        }
    }

    #[test]
    fn w61_a_code_of_the_gateways_stands_only_where_its_own_would() {
        let error = |word: &str, status| {
            let json = read(&body(&format!("\"{word}\""), "\"p\"")).error(status);
            let json: Value = serde_json::from_str(&json.to_json()).unwrap();
            assert_eq!(json["error"]["param"], "p");
            json["error"]["code"].as_str().unwrap().to_owned()
        };
        assert_eq!(
            error("string_above_max_length", 400),
            "string_above_max_length"
        );
        assert_eq!(error("model_not_found", 404), "model_not_found");
        assert_eq!(error("invalid_api_key", 400), "provider_rejected_request");
        assert_eq!(
            error("all_attempts_failed", 400),
            "provider_rejected_request"
        );
        let none = Refusal::default().error(422).to_json();
        assert!(
            none.contains("with status 422") && none.contains("\"param\":null"),
            "{none}"
        );
    }
}
