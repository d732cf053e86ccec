//! What the demo provider reads of a request.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use sluice_core::error::Code;

use crate::error::ApiError;

/// A chat request, as far as the demo provider looks at it.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    pub(super) model: String,
    messages: Vec<Message>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<f64>,
    max_completion_tokens: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

impl ChatRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let request: Self = serde_json::from_slice(body).map_err(|error| {
            let code = if error.is_data() {
                Code::InvalidType
            } else {
                Code::InvalidJson
            };
            let message = format!("The body is not a chat request: {error}.");
            ApiError::new(StatusCode::BAD_REQUEST, code, message)
        })?;
        if request.messages.is_empty() {
            return Err(ApiError::parameter(
                "messages",
                "a list of at least one message",
            ));
        }
        Ok(request)
    }

    pub(super) fn stream(&self) -> bool {
        self.stream.unwrap_or_default()
    }

    pub(super) fn include_usage(&self) -> bool {
        self.stream_options
            .as_ref()
            .is_some_and(|options| options.include_usage)
    }

    /// The smaller of the two token caps.
    pub(super) fn cap(&self) -> Option<usize> {
        let caps = [self.max_tokens, self.max_completion_tokens];
        let least = caps.into_iter().flatten().min_by(f64::total_cmp)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates"
        )]
        Some(least as usize)
    }

    /// Words of all messages.
    pub(super) fn words(&self) -> usize {
        let texts = self.messages.iter().map(|message| text(&message.content));
        texts.map(|text| text.split_whitespace().count()).sum()
    }

    /// The text of the last message of the user.
    pub(super) fn last_user_text(&self) -> String {
        let last = self.messages.iter().rfind(|message| message.role == "user");
        last.map(|message| text(&message.content))
            .unwrap_or_default()
    }
}

/// The text of a content: the string, or the text parts joined.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            texts.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_from_strings_and_parts() {
        let body = br#"{"model": "m", "messages": [{"role": "user", "content": "first"},
            {"role": "user", "content": [{"type": "text", "text": "a b"}, {"type": "image_url"},
            {"type": "text", "text": "c"}]}, {"role": "assistant", "content": null}],
            "max_tokens": 9, "max_completion_tokens": 4}"#;
        let request = ChatRequest::parse(body).unwrap();
        assert_eq!(request.last_user_text(), "a b c");
        assert_eq!(request.words(), 4);
        assert_eq!(request.cap(), Some(4));
        assert!(!request.include_usage());
    }
}
