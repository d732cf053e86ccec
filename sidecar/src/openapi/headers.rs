//! The headers that a caller may send (W30, W32, W33) and those that an answer has (W36, W37).

use serde_json::{Map, Value, json};
use sluice_core::config::Config;
use sluice_core::error::Code;
use sluice_core::{timeout, wire};

use super::schema::set;

/// Headers of a chat completion: name in the document, name on the wire, what it says.
const TOLD: [(&str, &str, &str); 5] = [
    ("Provider", wire::PROVIDER, "The provider that answered."),
    ("Model", wire::MODEL, "The model that was sent to it."),
    ("Attempts", wire::ATTEMPTS, "The number of attempts."),
    (
        "Route",
        wire::ROUTE,
        "Each attempt: provider, status, duration.",
    ),
    (
        "ReasoningEffort",
        wire::REASONING_EFFORT,
        "The effort of reasoning that was sent, where one was.",
    ),
];

/// Codes of the errors that come after an attempt, which say of it what an answer says.
const AFTER_ATTEMPTS: [Code; 4] = [
    Code::ProviderRejectedRequest,
    Code::AllAttemptsFailed,
    Code::UpstreamError,
    Code::DeadlineExceeded,
];

/// The components of the headers of answers.
pub(super) fn components() -> Value {
    let mut headers = Map::new();
    let text = json!({"type": "string"});
    for (name, _, about) in TOLD {
        let header = json!({"description": about, "schema": text});
        headers.insert(name.to_owned(), header);
    }
    let id = "The id of the request and of its record.";
    headers.insert(
        "RequestId".to_owned(),
        json!({"description": id, "required": true, "schema": text}),
    );
    let wait = "Seconds until it may be tried again, where that is known.";
    let seconds = json!({"type": "integer", "minimum": 0});
    headers.insert(
        "RetryAfter".to_owned(),
        json!({"description": wait, "schema": seconds}),
    );
    Value::Object(headers)
}

/// The headers that every answer has.
pub(super) fn of_any() -> Value {
    json!({wire::REQUEST_ID: named("headers", "RequestId")})
}

/// The headers of an answer that a provider has given.
pub(super) fn of_attempts() -> Value {
    let mut headers = of_any();
    for (name, header, _) in TOLD {
        set(&mut headers, header, named("headers", name));
    }
    headers
}

/// The headers of an error with this status; `attempts` where providers are tried.
pub(super) fn of_error(status: u16, attempts: bool) -> Value {
    let mut after = AFTER_ATTEMPTS.iter().flat_map(|code| code.statuses());
    let mut headers = if attempts && after.any(|own| *own == status) {
        of_attempts()
    } else {
        of_any()
    };
    if [429, 503].contains(&status) {
        set(&mut headers, "retry-after", named("headers", "RetryAfter"));
    }
    headers
}

/// What a route that plans takes in its head.
pub(super) fn taken(config: &Config) -> Value {
    let parameters = parameters(config).into_iter();
    parameters
        .map(|(name, _)| named("parameters", name))
        .collect()
}

/// The components of the header parameters.
pub(super) fn parameter_components(config: &Config) -> Value {
    let parameters = parameters(config).into_iter();
    let named = parameters.map(|(name, parameter)| (name.to_owned(), parameter));
    Value::Object(named.collect())
}

fn parameters(config: &Config) -> Vec<(&'static str, Value)> {
    let unknown = format!(
        "A name that is not configured is 400 `{}`",
        Code::UnknownProvider
    );
    let none = format!("503 `{}`", Code::NoProviderAvailable);
    let mut parameters = vec![
        (
            "FailoverSequence",
            json!({
                "name": wire::FAILOVER_SEQUENCE,
                "in": "header",
                "description": format!(
                    "The providers that may be tried, in order: their names. What is no such array \
                     is 400 `{}`. {unknown}. Where none of them has the model: {none}.",
                    Code::InvalidFailoverSequence,
                ),
                "content": {wire::JSON: {
                    "schema": {"type": "array", "items": {"type": "string"}},
                    "example": ["openai", "azure"],
                }},
            }),
        ),
        (
            "ForceProvider",
            json!({
                "name": wire::FORCE_PROVIDER,
                "in": "header",
                "description": format!(
                    "The only provider that may be tried. {unknown}. Where it does not have the \
                     model: {none}.",
                ),
                "schema": {"type": "string"},
                "example": "openai",
            }),
        ),
        (
            "ForceModel",
            json!({
                "name": wire::FORCE_MODEL,
                "in": "header",
                "description": format!(
                    "A selector in the place of the body's `model`. One that names nothing is 404 \
                     `{}` or `{}`.",
                    Code::ModelNotFound,
                    Code::FunctionNotFound,
                ),
                "schema": {"type": "string"},
            }),
        ),
        (
            "Timeout",
            json!({
                "name": wire::TIMEOUT,
                "in": "header",
                "description": format!(
                    "The limit of each attempt, up to its first token: with its unit, or whole \
                     milliseconds. All else is 400 `{}`.",
                    Code::InvalidTimeout,
                ),
                "schema": {"type": "string", "pattern": timeout::PATTERN},
                "example": "30s",
            }),
        ),
    ];
    if config.vllm_endpoint.is_some() {
        parameters.extend(endpoint());
    }
    parameters
}

/// The caller's own vLLM (W33), where callers may name one.
fn endpoint() -> [(&'static str, Value); 2] {
    let invalid = Code::InvalidEndpoint;
    [
        (
            "VllmEndpoint",
            json!({
                "name": wire::VLLM_ENDPOINT,
                "in": "header",
                "description": format!(
                    "The base URL of the caller's own vLLM. What is no such URL is 400 \
                     `{invalid}`; a host or an address that is not allowed is 403 `{}`.",
                    Code::EndpointNotAllowed,
                ),
                "schema": {"type": "string", "format": "uri"},
            }),
        ),
        (
            "VllmApiKey",
            json!({
                "name": wire::VLLM_API_KEY,
                "in": "header",
                "description": format!(
                    "The key of the caller's own vLLM; without an endpoint it goes nowhere. What \
                     is not visible ASCII is 400 `{invalid}`.",
                ),
                "schema": {"type": "string", "format": "password"},
            }),
        ),
    ]
}

fn named(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}
