//! The one shape of every error (W60), for the filter and the sidecar alike.

mod code;

use serde::Serialize;

pub use code::Code;

/// The types of error; each has its HTTP statuses (W60).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ErrorType {
    /// 400, 404, 405, 413, 415, 422: the caller can mend it.
    #[serde(rename = "invalid_request_error")]
    InvalidRequest,
    /// 401: the caller's key.
    #[serde(rename = "authentication_error")]
    Authentication,
    /// 403.
    #[serde(rename = "permission_error")]
    Permission,
    /// 429.
    #[serde(rename = "rate_limit_error")]
    RateLimit,
    /// 504.
    #[serde(rename = "timeout_error")]
    Timeout,
    /// 502: a provider failed.
    #[serde(rename = "provider_error")]
    Provider,
    /// 503.
    #[serde(rename = "service_unavailable")]
    ServiceUnavailable,
    /// 500.
    #[serde(rename = "internal_error")]
    Internal,
}

impl ErrorType {
    /// The type that belongs to an HTTP status.
    #[must_use]
    pub fn of(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            403 => Self::Permission,
            429 => Self::RateLimit,
            400..=499 => Self::InvalidRequest,
            502 => Self::Provider,
            503 => Self::ServiceUnavailable,
            504 => Self::Timeout,
            _ => Self::Internal,
        }
    }
}

/// One fault of a request (W18).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The field in OpenAI's form, `messages[0].role`; `None` for the body as a whole.
    pub param: Option<String>,
    /// The field as a JSON pointer, `/messages/0/role`.
    pub pointer: String,
    /// Its code.
    pub code: Code,
    /// What is wrong, for a person.
    pub message: String,
}

/// What one attempt came to, as `error.attempts[]` tells it (W61).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedAttempt {
    /// The provider's name.
    pub provider: String,
    /// Its HTTP status; `None` when it gave none.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: crate::spend::Outcome,
}

/// The body of an error answer: `{"error": {"message", "type", "code", "param"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    error: Inner,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Inner {
    message: String,
    r#type: ErrorType,
    code: Word,
    param: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<FailedAttempt>,
}

/// What stands as `error.code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Word {
    Own(Code),
    /// A provider's own word, where it refused the request itself.
    Provider(String),
}

impl ErrorBody {
    /// A body for an answer with this status.
    #[must_use]
    pub fn new(status: u16, code: Code, message: impl Into<String>) -> Self {
        Self {
            error: Inner {
                message: message.into(),
                r#type: ErrorType::of(status),
                code: Word::Own(code),
                param: None,
                details: Vec::new(),
                attempts: Vec::new(),
            },
        }
    }

    /// Names the parameter at fault.
    #[must_use]
    pub fn param(mut self, param: Option<String>) -> Self {
        self.error.param = param;
        self
    }

    /// Puts a provider's own word in the place of the code, such as `context_length_exceeded`:
    /// clients act on it (W61). `None` leaves the gateway's.
    #[must_use]
    pub fn provider_code(mut self, word: Option<String>) -> Self {
        if let Some(word) = word {
            self.error.code = Word::Provider(word);
        }
        self
    }

    /// Lists every fault of the request.
    #[must_use]
    pub fn details(mut self, details: Vec<Detail>) -> Self {
        self.error.details = details;
        self
    }

    /// Lists every attempt.
    #[must_use]
    pub fn attempts(mut self, attempts: Vec<FailedAttempt>) -> Self {
        self.error.attempts = attempts;
        self
    }

    /// The body as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What stands in it as `error`, as JSON.
    #[must_use]
    pub fn to_value(&self) -> String {
        serde_json::to_string(&self.error).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w60_the_shape_has_four_members() {
        let body = ErrorBody::new(404, Code::ModelNotFound, "no \"x\"").param(Some("model".into()));
        assert_eq!(
            body.to_json(),
            r#"{"error":{"message":"no \"x\"","type":"invalid_request_error","code":"model_not_found","param":"model"}}"#
        );
        assert!(
            ErrorBody::new(500, Code::InternalError, "m")
                .to_json()
                .contains(r#""param":null"#)
        );
    }

    #[test]
    fn w61_a_providers_word_may_stand_as_the_code() {
        let body = ErrorBody::new(400, Code::ProviderRejectedRequest, "m");
        let of = |word: Option<&str>| body.clone().provider_code(word.map(str::to_owned));
        assert!(
            of(Some("too_long"))
                .to_json()
                .contains(r#""code":"too_long""#)
        );
        assert_eq!(of(None), body);
    }

    #[test]
    fn w60_each_status_has_its_type() {
        let of = |status| serde_json::to_value(ErrorType::of(status)).unwrap();
        for (status, name) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (403, "permission_error"),
            (404, "invalid_request_error"),
            (405, "invalid_request_error"),
            (413, "invalid_request_error"),
            (415, "invalid_request_error"),
            (422, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "internal_error"),
            (502, "provider_error"),
            (503, "service_unavailable"),
            (504, "timeout_error"),
        ] {
            assert_eq!(of(status), name);
        }
    }
}
