//! The gateway that the workloads run at.

use std::sync::Arc;

use sluice_core::config::Config;
use sluice_core::gateway::Gateway;
use sluice_core::head::Head;

use super::told;

/// The key of the `authorization` below; its secret is `secret`.
const DOCUMENT: &str = r#"{
    "auth": {"keys": [{"id": "dev", "sha256": "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}]},
    "providers": {
        "openai": {"host": "api.openai.com", "path_prefix": "/v1", "auth": {"scheme": "Bearer", "env": "A"}},
        "azure": {"kind": "azure", "host": "a.openai.azure.com", "api_version": "2024-10-21",
            "auth": {"header": "api-key", "env": "B"}},
        "groq": {"host": "api.groq.com", "path_prefix": "/openai/v1", "auth": {"scheme": "Bearer", "env": "C"}}},
    "models": {
        "gpt-4o": {"providers": [{"provider": "openai"}]},
        "gpt-4o-mini": {"providers": [
            {"provider": "openai", "model": "gpt-4o-mini-2024-07-18", "price": {"input": 0.15, "output": 0.60}},
            {"provider": "azure", "model": "mini"}]},
        "llama": {"providers": [{"provider": "groq", "model": "llama-3.3-70b"}]}},
    "functions": {"draft": {"variants": {
        "a": {"model": "gpt-4o-mini", "weight": 3}, "b": {"model": "llama", "weight": 1}}}},
    "defaults": {"failover_order": ["openai", "azure"]}
}"#;

/// Two providers of the model that the bodies name, and a few more.
pub(super) fn gateway() -> Result<Arc<Gateway>, String> {
    with(DOCUMENT)
}

/// 30 candidates: 10 models at 3 providers each.
pub(super) fn catalogue() -> Result<Arc<Gateway>, String> {
    let each = |count, one: &dyn Fn(usize) -> String| {
        let all: Vec<_> = (0..count).map(one).collect();
        all.join(",")
    };
    let providers = each(3, &|i| format!(r#""p{i}": {{"host": "p{i}.example"}}"#));
    let at = each(3, &|i| format!(r#"{{"provider": "p{i}"}}"#));
    let models = each(10, &|i| {
        format!(
            r#""m{i}": {{"providers": [{at}], "priority": {}, "context_length": 128000,
            "capabilities": ["streaming", "tools", "vision", "json_mode"]}}"#,
            i % 3
        )
    });
    with(&format!(
        r#"{{"providers": {{{providers}}}, "models": {{{models}}}}}"#
    ))
}

fn with(document: &str) -> Result<Arc<Gateway>, String> {
    let config = Config::parse(document.as_bytes()).map_err(told)?;
    let gateway = Gateway::new(config, |_| Some("sk-0123456789abcdef".to_owned()));
    Ok(Arc::new(gateway))
}

/// The head of a request as an SDK sends it, with these headers more.
pub(super) fn request_head(more: &[(&str, &str)]) -> Head {
    let sdk = [
        (":method", "POST"),
        (":path", "/v1/chat/completions"),
        (":authority", "gateway.example"),
        (":scheme", "http"),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "OpenAI/Python 1.99.0"),
        ("x-stainless-lang", "python"),
        ("x-stainless-runtime", "CPython"),
        ("authorization", "Bearer sk-ollm-dev-secret"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "5c0b6e2e-3f6a-4c7e-9d6f-0f3f6f0c2b1a"),
    ];
    head(&[&sdk, more].concat())
}

/// A head of these headers.
pub(super) fn head(headers: &[(&str, &str)]) -> Head {
    Head::new(headers)
}
