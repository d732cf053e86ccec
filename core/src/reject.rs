//! Why a request is refused before any provider sees it, and how the caller is told.

use crate::config::Tier;
mod endpoint;

pub use endpoint::EndpointFault;

use crate::error::{Code, Detail, ErrorBody};
use crate::json::{Fault, FaultKind, Place};
use crate::reply::Reply;
use crate::wire;

/// The caller's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The body is larger than the limit (W17).
    BodyTooLarge {
        /// The limit, bytes.
        limit: usize,
    },
    /// All that could be tried cools down (W36).
    Cooling {
        /// The model.
        model: String,
        /// Seconds until the first of them may be tried.
        wait: u64,
        /// Whether all of them said that they are asked too much.
        limited: bool,
    },
    /// A `content-encoding` that the gateway does not undo (W17).
    ContentEncoding,
    /// A `content-type` other than JSON (W03).
    ContentType,
    /// A fault of what the body's `model` could name, but of another place that names a model.
    Elsewhere {
        /// That place: `orq.fallbacks[0].model`, or a header.
        param: String,
        /// The fault.
        why: Box<Self>,
    },
    /// The endpoint that the caller names (W33).
    Endpoint(EndpointFault),
    /// The failover header is not a JSON array of names (W30).
    FailoverSequence,
    /// Faults of the body's fields, at least one (W18).
    Fields(Vec<Detail>),
    /// `ollm::function_name::…` names no function (W20).
    FunctionNotFound {
        /// The name as the caller wrote it.
        name: String,
        /// A near one.
        near: Option<String>,
    },
    /// A header that may stand once stands twice (W30).
    HeaderTwice {
        /// Its name.
        header: &'static str,
    },
    /// The key is malformed or not known (W05).
    InvalidKey,
    /// The caller's limit is no time (W32).
    InvalidTimeout,
    /// The body is not JSON (W17).
    InvalidJson(Fault, Place),
    /// A method that the route does not have (W03).
    Method {
        /// The one that it has.
        allow: &'static str,
    },
    /// No key where one is needed (W05).
    MissingKey,
    /// The selector names no model (W20).
    ModelNotFound {
        /// The name as the caller wrote it.
        name: String,
        /// A near one.
        near: Option<String>,
    },
    /// The model is known, but no provider can be tried.
    NoProvider {
        /// The model.
        model: String,
        /// Why each provider was left out.
        reasons: Vec<String>,
    },
    /// There is no such route (W03).
    NotFound,
    /// What could be tried is of a weaker tier than was promised (W24).
    Tier {
        /// The model.
        model: String,
        /// A tier that is not met.
        tier: Tier,
        /// Seconds until what meets it may be tried, where it cools down.
        wait: Option<u64>,
    },
    /// `ollm::variant_name` names no variant of the function, and no provider of the model (W22).
    VariantNotFound {
        /// The name as the caller wrote it.
        name: String,
        /// A near one.
        near: Option<String>,
    },
    /// A header names a provider that is not configured (W30).
    UnknownProvider {
        /// The header.
        header: &'static str,
        /// The name.
        name: String,
    },
}

impl Rejection {
    /// The same fault of another place that names a model.
    #[must_use]
    pub fn at(self, param: impl Into<String>) -> Self {
        Self::Elsewhere {
            param: param.into(),
            why: Box::new(self),
        }
    }

    /// The error as the caller is told of it.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        let status = self.status();
        let body = ErrorBody::new(status, self.code(), self.message());
        let first = match self {
            Self::Fields(details) => details.first(),
            _ => None,
        };
        match self {
            Self::Fields(details) => body
                .param(first.and_then(|first| first.param.clone()))
                .details(details.clone()),
            Self::Elsewhere { param, .. } => body.param(Some(param.clone())),
            Self::FailoverSequence => body.param(Some(wire::FAILOVER_SEQUENCE.to_owned())),
            Self::HeaderTwice { header } | Self::UnknownProvider { header, .. } => {
                body.param(Some((*header).to_owned()))
            }
            Self::Endpoint(EndpointFault::Key) => body.param(Some(wire::VLLM_API_KEY.to_owned())),
            Self::Endpoint(_) => body.param(Some(wire::VLLM_ENDPOINT.to_owned())),
            Self::InvalidTimeout => body.param(Some(wire::TIMEOUT.to_owned())),
            Self::Cooling { .. }
            | Self::FunctionNotFound { .. }
            | Self::ModelNotFound { .. }
            | Self::NoProvider { .. }
            | Self::Tier { .. } => body.param(Some("model".to_owned())),
            Self::VariantNotFound { .. } => body.param(Some("ollm::variant_name".to_owned())),
            _ => body,
        }
    }

    /// The answer to the caller. The one place where a fault becomes wire.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let reply = Reply::error(self.status(), &self.body());
        match self {
            Self::Method { allow } => reply.header("allow", *allow),
            Self::InvalidKey | Self::MissingKey => reply.header("www-authenticate", "Bearer"),
            Self::Cooling { wait, .. }
            | Self::Tier {
                wait: Some(wait), ..
            } => reply.header("retry-after", wait.to_string()),
            _ => reply,
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::InvalidKey | Self::MissingKey => 401,
            Self::Endpoint(EndpointFault::NotListed | EndpointFault::Private) => 403,
            Self::FunctionNotFound { .. }
            | Self::ModelNotFound { .. }
            | Self::NotFound
            | Self::VariantNotFound { .. } => 404,
            Self::Method { .. } => 405,
            Self::BodyTooLarge { .. } => 413,
            Self::ContentEncoding | Self::ContentType => 415,
            Self::Cooling { limited: true, .. } => 429,
            Self::Cooling { .. } | Self::NoProvider { .. } | Self::Tier { .. } => 503,
            Self::Elsewhere { why, .. } => why.status(),
            Self::Endpoint(_)
            | Self::FailoverSequence
            | Self::Fields(_)
            | Self::HeaderTwice { .. }
            | Self::InvalidJson(..)
            | Self::InvalidTimeout
            | Self::UnknownProvider { .. } => 400,
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::BodyTooLarge { .. } => Code::BodyTooLarge,
            Self::ContentEncoding => Code::UnsupportedContentEncoding,
            Self::Cooling { .. } => Code::ProvidersCoolingDown,
            Self::Elsewhere { why, .. } => why.code(),
            Self::HeaderTwice { .. } => Code::DuplicateHeader,
            Self::Tier { .. } => Code::TierUnavailable,
            Self::ContentType => Code::UnsupportedMediaType,
            Self::Endpoint(fault) => fault.code(),
            Self::FailoverSequence => Code::InvalidFailoverSequence,
            Self::Fields(details) => details
                .first()
                .map_or(Code::InvalidValue, |first| first.code),
            Self::FunctionNotFound { .. } => Code::FunctionNotFound,
            Self::InvalidKey => Code::InvalidApiKey,
            Self::InvalidJson(fault, _) => match fault.kind {
                FaultKind::NotUtf8 => Code::InvalidUtf8,
                FaultKind::TooDeep => Code::NestingTooDeep,
                _ => Code::InvalidJson,
            },
            Self::InvalidTimeout => Code::InvalidTimeout,
            Self::Method { .. } => Code::MethodNotAllowed,
            Self::MissingKey => Code::MissingApiKey,
            Self::ModelNotFound { .. } => Code::ModelNotFound,
            Self::NoProvider { .. } => Code::NoProviderAvailable,
            Self::NotFound => Code::NotFound,
            Self::UnknownProvider { .. } => Code::UnknownProvider,
            Self::VariantNotFound { .. } => Code::VariantNotFound,
        }
    }

    fn message(&self) -> String {
        let suggest = |near: &Option<String>| {
            near.as_ref()
                .map_or_else(String::new, |near| format!(" Did you mean `{near}`?"))
        };
        match self {
            Self::BodyTooLarge { limit } => format!("The body is larger than {limit} bytes."),
            Self::ContentEncoding => "The body must not be encoded.".to_owned(),
            Self::Cooling { model, wait, .. } => format!(
                "All providers of `{model}` cool down after failures or rate limits; try again in {wait} s."
            ),
            Self::Elsewhere { why, .. } => why.message(),
            Self::HeaderTwice { header } => format!("{header} is given twice."),
            Self::Tier { model, tier, .. } => format!(
                "No provider can serve `{model}` in the tier `{}` now, and a request is never moved to a weaker one.",
                tier.as_str()
            ),
            Self::ContentType => "The content type must be application/json, in UTF-8.".to_owned(),
            Self::Endpoint(fault) => fault.message(),
            Self::FailoverSequence => {
                format!(
                    "{} must be a JSON array of provider names.",
                    wire::FAILOVER_SEQUENCE
                )
            }
            Self::Fields(details) => details
                .first()
                .map_or_else(String::new, |first| first.message.clone()),
            Self::FunctionNotFound { name, near } => {
                format!("There is no function `{name}`.{}", suggest(near))
            }
            Self::InvalidKey => "The API key is not valid.".to_owned(),
            Self::InvalidJson(fault, place) => {
                format!("The body is not valid JSON: {} at {place}.", fault.kind)
            }
            Self::InvalidTimeout => format!(
                "{} must be a time above 0, once: `30s`, `1.5s`, `500ms`, `1m`, `1h`, or whole \
                 milliseconds.",
                wire::TIMEOUT
            ),
            Self::Method { allow } => format!("This route takes {allow} only."),
            Self::MissingKey => {
                "An API key is needed: send `Authorization: Bearer sk-ollm-…`.".to_owned()
            }
            Self::ModelNotFound { name, near } => {
                format!("There is no model `{name}`.{}", suggest(near))
            }
            Self::NoProvider { model, reasons } => format!(
                "No provider of `{model}` can be tried now: {}.",
                if reasons.is_empty() {
                    "none is left".to_owned()
                } else {
                    reasons.join("; ")
                }
            ),
            Self::NotFound => "There is no such route.".to_owned(),
            Self::UnknownProvider { name, .. } => format!("There is no provider `{name}`."),
            Self::VariantNotFound { name, near } => {
                format!("There is no variant `{name}`.{}", suggest(near))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// One of each kind; the compiler asks for the kinds that are missing.
    fn each() -> Vec<Rejection> {
        let text = String::from;
        let fault = |kind| Rejection::InvalidJson(Fault { at: 0, kind }, Place::of(b"", 0));
        let detail = Detail {
            param: None,
            pointer: String::new(),
            code: Code::MissingField,
            message: text("`model` is required."),
        };
        let all = vec![
            Rejection::BodyTooLarge { limit: 1 },
            Rejection::Cooling {
                model: text("m"),
                wait: 1,
                limited: false,
            },
            Rejection::Cooling {
                model: text("m"),
                wait: 1,
                limited: true,
            },
            Rejection::ContentEncoding,
            Rejection::ContentType,
            Rejection::NotFound.at("orq.fallbacks[0].model"),
            Rejection::Endpoint(EndpointFault::Key),
            Rejection::Endpoint(EndpointFault::Off),
            Rejection::Endpoint(EndpointFault::Private),
            Rejection::Endpoint(EndpointFault::Url("why")),
            Rejection::FailoverSequence,
            Rejection::HeaderTwice {
                header: wire::FORCE_MODEL,
            },
            Rejection::Fields(vec![detail]),
            Rejection::FunctionNotFound {
                name: text("f"),
                near: None,
            },
            Rejection::InvalidKey,
            fault(FaultKind::NotUtf8),
            fault(FaultKind::TooDeep),
            fault(FaultKind::End),
            Rejection::InvalidTimeout,
            Rejection::Method { allow: "GET" },
            Rejection::MissingKey,
            Rejection::ModelNotFound {
                name: text("m"),
                near: None,
            },
            Rejection::NoProvider {
                model: text("m"),
                reasons: Vec::new(),
            },
            Rejection::NotFound,
            Rejection::Tier {
                model: text("m"),
                tier: Tier::Tee,
                wait: None,
            },
            Rejection::UnknownProvider {
                header: wire::FORCE_PROVIDER,
                name: text("p"),
            },
            Rejection::VariantNotFound {
                name: text("v"),
                near: None,
            },
        ];
        for own in &all {
            match own {
                Rejection::BodyTooLarge { .. }
                | Rejection::Cooling { .. }
                | Rejection::ContentEncoding
                | Rejection::ContentType
                | Rejection::Elsewhere { .. }
                | Rejection::Endpoint(_)
                | Rejection::FailoverSequence
                | Rejection::Fields(_)
                | Rejection::FunctionNotFound { .. }
                | Rejection::HeaderTwice { .. }
                | Rejection::InvalidKey
                | Rejection::InvalidJson(..)
                | Rejection::InvalidTimeout
                | Rejection::Method { .. }
                | Rejection::MissingKey
                | Rejection::ModelNotFound { .. }
                | Rejection::NoProvider { .. }
                | Rejection::NotFound
                | Rejection::Tier { .. }
                | Rejection::UnknownProvider { .. }
                | Rejection::VariantNotFound { .. } => {}
            }
        }
        all
    }

    #[test]
    fn w60_the_status_of_a_refusal_is_one_of_its_codes() {
        for own in each() {
            let (status, code) = (own.status(), own.code());
            assert!(code.statuses().contains(&status), "{code} with {status}");
            assert_eq!(own.reply().status, status);
        }
    }
}
