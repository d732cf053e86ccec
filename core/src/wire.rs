//! Names of the wire that more than one module spells.

/// The trace that a request is part of (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// Provider that answered (W37).
pub const PROVIDER: &str = "x-gateway-provider";
/// Model that was sent to it (W37).
pub const MODEL: &str = "x-gateway-model";
/// Number of attempts (W37).
pub const ATTEMPTS: &str = "x-gateway-attempts";
/// Id of the request and of its record, on every answer (W37).
pub const REQUEST_ID: &str = "x-gateway-request-id";
/// Ledger of the attempts (W37).
pub const ROUTE: &str = "x-gateway-route";
/// Effort of reasoning that was sent (W37).
pub const REASONING_EFFORT: &str = "x-gateway-reasoning-effort";
/// The caller's order of providers (W30).
pub const FAILOVER_SEQUENCE: &str = "x-opengateway-failover-sequence";
/// The only provider that may be tried (W30).
pub const FORCE_PROVIDER: &str = "x-gateway-force-provider";
/// A selector in the place of the body's `model` (W30).
pub const FORCE_MODEL: &str = "x-gateway-force-model";
/// The caller's limit of an attempt (W32).
pub const TIMEOUT: &str = "x-opengateway-timeout";
/// The base URL of the caller's own vLLM (W33).
pub const VLLM_ENDPOINT: &str = "x-opengateway-vllm-endpoint";
/// The key of the caller's own vLLM, for that alone (W33).
pub const VLLM_API_KEY: &str = "x-opengateway-vllm-api-key";
/// How often Envoy may retry.
pub const MAX_RETRIES: &str = "x-envoy-max-retries";
/// How long Envoy gives an attempt until its head has left the provider filter.
pub const TRY_TIMEOUT: &str = "x-envoy-upstream-rq-per-try-timeout-ms";
/// Seconds that Envoy waits before the next attempt; from the provider filter to the route alone.
pub const RETRY_IN: &str = "x-sluice-retry-in";
/// How long Envoy gives all attempts together, to the end of the answer.
pub const TOTAL_TIMEOUT: &str = "x-envoy-upstream-rq-timeout-ms";
/// What the names of Envoy's own headers begin with; a caller's are removed (E23).
pub const ENVOY_PREFIX: &str = "x-envoy-";
/// Whom Envoy takes the caller for: no word to Envoy, and no attempt leaves with it.
pub const EXTERNAL_ADDRESS: &str = "x-envoy-external-address";
/// The media type of JSON.
pub const JSON: &str = "application/json";
/// The media type of a stream of events.
pub const EVENT_STREAM: &str = "text/event-stream";
