//! Every code of an error, with its HTTP statuses and what it means: the source of `docs/errors.md`.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $name:ident = $text:literal, [$($status:literal),*];)+) => {
        /// What went wrong, as one word of the contract (W60).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $meaning])+ $name,)+
        }

        impl Code {
            /// All of them, in the order of `docs/errors.md`.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The HTTP statuses that it comes with.
            #[must_use]
            pub fn statuses(self) -> &'static [u16] {
                match self {
                    $(Self::$name => &[$($status),*],)+
                }
            }

            /// What it means, for a person.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($meaning),+).trim_ascii(),)+
                }
            }
        }
    };
}

codes! {
    /// The body is not JSON (RFC 8259); the message gives line and column.
    InvalidJson = "invalid_json", [400];
    /// The body is not UTF-8.
    InvalidUtf8 = "invalid_utf8", [400];
    /// Objects and arrays stand more than 128 deep in one another.
    NestingTooDeep = "nesting_too_deep", [400];
    /// A required field is absent.
    MissingField = "missing_field", [400];
    /// A value is of another type than the field takes.
    InvalidType = "invalid_type", [400];
    /// A value is of the right type but not one that the field takes.
    InvalidValue = "invalid_value", [400];
    /// A value is right by the contract and this gateway does not carry it out.
    UnsupportedValue = "unsupported_value", [400];
    /// A field is not known, and the request or the configuration refuses those.
    UnknownField = "unknown_field", [400];
    /// A field that the gateway acts on stands twice.
    DuplicateField = "duplicate_field", [400];
    /// The name of a tag begins with `ollm::`.
    ReservedTag = "reserved_tag", [400];
    /// In `details[]` only: there are more faults than are told.
    MoreFaults = "more_faults", [400];
    /// `x-opengateway-failover-sequence` is not a JSON array of provider names.
    InvalidFailoverSequence = "invalid_failover_sequence", [400];
    /// A header that may stand once stands twice.
    DuplicateHeader = "duplicate_header", [400];
    /// `x-opengateway-timeout` is no time above 0, or stands twice.
    InvalidTimeout = "invalid_timeout", [400];
    /// A header names a provider that is not configured.
    UnknownProvider = "unknown_provider", [400];
    /// `x-opengateway-vllm-endpoint` is not a base URL that is taken, or its key is none.
    InvalidEndpoint = "invalid_endpoint", [400];
    /// A query string is not one, or a value in it is broken.
    InvalidQuery = "invalid_query", [400];
    /// A query parameter is not known.
    UnknownParameter = "unknown_parameter", [400];
    /// The body is neither a batch of records nor a report of health.
    InvalidBatch = "invalid_batch", [400];
    /// The body could not be read to its end.
    BodyCut = "body_cut", [400];
    /// From Envoy: the request is not valid HTTP, or its path is not one.
    BadRequest = "bad_request", [400];
    /// There is no API key where one is needed.
    MissingApiKey = "missing_api_key", [401];
    /// The API key is malformed, or not one of the gateway's.
    InvalidApiKey = "invalid_api_key", [401];
    /// The route of the sidecar needs its token.
    InvalidToken = "invalid_token", [401];
    /// The sidecar was started without the token that the route needs.
    AdminDisabled = "admin_disabled", [403];
    /// From Envoy: a rule of its owner's refuses the request, or it asks to upgrade the connection.
    AccessDenied = "access_denied", [401, 403];
    /// The caller's own vLLM is at a host that is not listed, or at an address that must not be reached.
    EndpointNotAllowed = "endpoint_not_allowed", [403];
    /// There is no such route.
    NotFound = "not_found", [404];
    /// The catalogue has no such model.
    ModelNotFound = "model_not_found", [404];
    /// There is no such function.
    FunctionNotFound = "function_not_found", [404];
    /// The ledger has no such contact.
    ContactNotFound = "contact_not_found", [404];
    /// The function has no such variant, or the model no such provider.
    VariantNotFound = "variant_not_found", [404];
    /// The route has another method; the header `allow` names it.
    MethodNotAllowed = "method_not_allowed", [405];
    /// From Envoy: the request did not come to its end in time.
    RequestTimeout = "request_timeout", [408];
    /// The body is larger than the limit.
    BodyTooLarge = "body_too_large", [413];
    /// The content type is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", [415];
    /// The body has a content encoding.
    UnsupportedContentEncoding = "unsupported_content_encoding", [415];
    /// From Envoy: its owner lets no more requests through.
    RateLimited = "rate_limited", [429];
    /// From Envoy: the headers are larger or more than it takes.
    HeadersTooLarge = "headers_too_large", [431];
    /// A provider refused the request itself; status and message are the provider's, and so is
    /// the code where it gave one that is a plain word.
    ProviderRejectedRequest = "provider_rejected_request", [400, 404, 409, 413, 422];
    /// Every attempt failed; `attempts[]` tells how.
    AllAttemptsFailed = "all_attempts_failed", [429, 502, 503, 504];
    /// A provider reported an error in a stream that had begun, or what came back was not a valid
    /// answer.
    UpstreamError = "upstream_error", [502];
    /// In a stream that has begun: the provider ended it before the answer was whole.
    UpstreamTruncated = "upstream_truncated", [502];
    /// The model is known, but none of its providers can be tried.
    NoProviderAvailable = "no_provider_available", [503];
    /// All that could be tried cools down after failures or rate limits (429: after rate limits
    /// alone); `retry-after` tells for how long.
    ProvidersCoolingDown = "providers_cooling_down", [429, 503];
    /// What could be tried is of a weaker tier (`tee`, `zdr`) than the model's.
    TierUnavailable = "tier_unavailable", [503];
    /// From Envoy: what answers this route cannot be reached, or Envoy is overloaded.
    ServiceUnavailable = "service_unavailable", [503];
    /// The store of the sidecar does not answer.
    StoreUnavailable = "store_unavailable", [503];
    /// The whole request took longer than the gateway's limit; `attempts[]` tells of the attempts.
    DeadlineExceeded = "deadline_exceeded", [504];
    /// From Envoy: no answer came in time.
    Timeout = "timeout", [504];
    /// The gateway is not configured correctly: an attempt ran at another provider than planned.
    Misrouted = "misrouted", [500];
    /// Something went wrong inside.
    InternalError = "internal_error", [500];
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
