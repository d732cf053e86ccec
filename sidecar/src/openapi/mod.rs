//! The OpenAPI 3.1 document of the gateway's port, made from the tables that the gateway runs on.

mod answers;
mod chat;
mod errors;
mod explain;
mod headers;
mod paths;
mod schema;
mod unsupported;

use serde_json::{Map, Value, json};
use sluice_core::config::{AuthMode, Config};
use sluice_core::route::Dialect;

/// The document as JSON; what the configuration decides is in it.
pub(crate) fn document(config: &Config) -> String {
    let mut schemas = Map::new();
    let bodies = [
        ("ChatRequest", chat::request(Dialect::OpenAi, config)),
        ("OrqChatRequest", chat::request(Dialect::Orq, config)),
    ];
    for (name, schema) in bodies
        .into_iter()
        .chain(answers::schemas())
        .chain([("RouteExplanation", explain::schema())])
        .chain(errors::schemas())
    {
        schemas.insert(name.to_owned(), schema);
    }
    let security = match config.auth.mode {
        AuthMode::Open => json!([]),
        AuthMode::Required => json!([{"key": []}]),
    };
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sluice",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "An LLM gateway. Every error has one shape, and all faults of a body are told at once.",
        },
        "servers": [{"url": "/"}],
        "security": security,
        "paths": paths::all(config),
        "components": {
            "schemas": Value::Object(schemas),
            "headers": headers::components(),
            "parameters": headers::parameter_components(config),
            "securitySchemes": {"key": {
                "type": "http",
                "scheme": "bearer",
                "description": "`sk-ollm-<public_id>-<secret>`.",
            }},
        },
    });
    document.to_string()
}
