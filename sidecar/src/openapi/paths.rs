//! The routes of the gateway's port (W01, W02).

use serde_json::{Map, Value, json};
use sluice_core::config::Config;
use sluice_core::wire;

use super::errors::responses;
use super::headers;

/// Statuses of errors on a chat route.
const CHAT: [u16; 16] = [
    400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 502, 503, 504,
];

/// Statuses of errors on a route that plans and calls nobody.
const PLAN: [u16; 13] = [
    400, 401, 403, 404, 405, 408, 413, 415, 429, 431, 500, 503, 504,
];

/// Statuses of errors on the other routes.
const READ: [u16; 10] = [400, 401, 403, 404, 405, 408, 429, 431, 503, 504];

/// All of them.
pub(super) fn all(config: &Config) -> Value {
    let taken = headers::taken(config);
    let mut paths = Map::new();
    for (path, id, body) in [
        ("/v1/chat/completions", "chat", "ChatRequest"),
        ("/chat/completions", "opengatewayChat", "ChatRequest"),
        ("/v2/gateway/chat/completions", "orqChat", "OrqChatRequest"),
    ] {
        paths.insert(path.to_owned(), json!({"post": chat(id, body, &taken)}));
    }
    paths.insert(
        "/v1/route:explain".to_owned(),
        json!({"post": explain(&taken)}),
    );
    let flag = |name: &str, tier: &str| {
        json!({
            "name": name,
            "in": "query",
            "description": format!("`false` takes away the models of the tier `{tier}`."),
            "schema": {"type": "boolean"},
        })
    };
    let flags = json!([flag("allow_tee", "tee"), flag("allow_zdr", "zdr")]);
    let id = json!([{
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The model's name; it may have slashes.",
        "schema": {"type": "string", "minLength": 1},
    }]);
    let none = json!([]);
    let open = Some(json!([]));
    for (path, operation) in [
        (
            "/v1/models",
            read("models", "The catalogue", "Models", &flags, None),
        ),
        (
            "/v1/models/{id}",
            read("model", "One model", "Model", &id, None),
        ),
        (
            "/status",
            read(
                "status",
                "Version and configuration",
                "Status",
                &none,
                open.clone(),
            ),
        ),
        (
            "/health",
            health(read(
                "health",
                "Whether the stores work, and how the providers do",
                "Health",
                &none,
                open.clone(),
            )),
        ),
        (
            "/openapi.json",
            read("openapi", "This document", "Document", &none, open),
        ),
    ] {
        paths.insert(path.to_owned(), json!({"get": operation}));
    }
    Value::Object(paths)
}

fn chat(id: &str, body: &str, taken: &Value) -> Value {
    let success = json!({
        "description": "The completion; with `stream: true` as server-sent events.",
        "headers": headers::of_attempts(),
        "content": {
            wire::JSON: {"schema": {"$ref": "#/components/schemas/ChatCompletion"}},
            wire::EVENT_STREAM: {"schema": {"description": "Chunks, then `data: [DONE]`."}},
        },
    });
    let answers = responses(success, &CHAT, true);
    planned(id, "A chat completion", body, taken, &answers)
}

/// It takes what any chat route takes, and the Orq route takes most.
fn explain(taken: &Value) -> Value {
    let success = json!({
        "description": "The plan.",
        "headers": headers::of_any(),
        "content": {wire::JSON: {"schema": {"$ref": "#/components/schemas/RouteExplanation"}}},
    });
    let answers = responses(success, &PLAN, false);
    let summary = "The plan of a chat completion, without a call";
    planned("explain", summary, "OrqChatRequest", taken, &answers)
}

/// A route that takes a chat completion.
fn planned(id: &str, summary: &str, body: &str, taken: &Value, answers: &Value) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{body}")});
    json!({
        "operationId": id,
        "summary": summary,
        "parameters": taken,
        "requestBody": {"required": true, "content": {wire::JSON: {"schema": schema}}},
        "responses": answers,
    })
}

fn read(
    id: &str,
    summary: &str,
    answer: &str,
    parameters: &Value,
    security: Option<Value>,
) -> Value {
    let schema = match answer {
        "Document" => json!({"type": "object"}),
        name => json!({"$ref": format!("#/components/schemas/{name}")}),
    };
    let success = json!({
        "description": format!("{summary}."),
        "headers": headers::of_any(),
        "content": {wire::JSON: {"schema": schema}},
    });
    let mut operation = json!({
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": responses(success, &READ, false),
    });
    if let Some(security) = security {
        super::schema::set(&mut operation, "security", security);
    }
    operation
}

/// Its 503 is the same document, unless the sidecar does not answer at all.
fn health(mut operation: Value) -> Value {
    let schema = "/responses/503/content/application~1json/schema";
    if let Some(schema) = operation.pointer_mut(schema) {
        let health = json!({"$ref": "#/components/schemas/Health"});
        *schema = json!({"anyOf": [health, schema.take()]});
    }
    operation
}
