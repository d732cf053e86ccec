//! What the routes answer with 200 (W02, W40).

use serde_json::{Value, json};

/// The components.
pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let text = || json!({"type": "string"});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let whole = || json!({"type": ["integer", "null"]});
    let price = || json!({"type": ["number", "null"], "description": "USD a token."});
    let choice = json!({
        "type": "object",
        "properties": {
            "index": {"type": "integer"},
            "message": {"type": "object"},
            "finish_reason": {"type": ["string", "null"]},
            "logprobs": {"type": ["object", "null"]},
        },
    });
    let service = json!({
        "type": "object",
        "required": ["status", "detail", "latency_ms"],
        "properties": {"status": text(), "detail": text(), "latency_ms": {"type": "integer"}},
    });
    vec![
        (
            "ChatCompletion",
            json!({
                "type": "object",
                "description": "What a provider adds is kept.",
                "required": ["choices"],
                "properties": {
                    "id": text(),
                    "object": text(),
                    "created": {"type": "integer"},
                    "model": {"type": "string", "description": "As the provider reported it."},
                    "episode_id": {"type": "string", "format": "uuid"},
                    "choices": {"type": "array", "items": choice},
                    "usage": {"type": ["object", "null"]},
                },
            }),
        ),
        (
            "Model",
            json!({
                "type": "object",
                "required": ["id", "object", "created", "owned_by"],
                "properties": {
                    "id": text(),
                    "object": {"const": "model"},
                    "aliases": texts(),
                    "created": {"type": "integer"},
                    "owned_by": text(),
                    "is_active": {"type": "boolean"},
                    "input_cost_per_token": price(),
                    "output_cost_per_token": price(),
                    "max_input_tokens": whole(),
                    "max_output_tokens": whole(),
                    "input_modalities": texts(),
                    "output_modalities": texts(),
                    "display_name": text(),
                    "model_info": {"type": "object", "properties": {
                        "providers": texts(), "tiers": texts(), "capabilities": texts()}},
                },
            }),
        ),
        (
            "Models",
            json!({
                "type": "object",
                "required": ["object", "data"],
                "properties": {
                    "object": {"const": "list"},
                    "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
                },
            }),
        ),
        (
            "Status",
            json!({
                "type": "object",
                "required": ["status", "version", "config_hash"],
                "properties": {"status": {"const": "ok"}, "version": text(), "config_hash": text()},
            }),
        ),
        (
            "Health",
            json!({
                "type": "object",
                "required": ["status", "services", "models"],
                "properties": {
                    "status": {"enum": ["ok", "unavailable"]},
                    "services": {"type": "object", "additionalProperties": service},
                    "models": {"type": "array", "items": {"$ref": "#/components/schemas/ModelHealth"}},
                },
            }),
        ),
        ("ModelHealth", model_health()),
    ]
}

/// How one model does at one provider (S4).
fn model_health() -> Value {
    let whole = |about: &str| json!({"type": "integer", "minimum": 0, "description": about});
    let known =
        |about: &str| json!({"type": ["integer", "null"], "minimum": 0, "description": about});
    let part = |kind: Value, about: &str| json!({"type": kind, "minimum": 0, "maximum": 1, "description": about});
    let members = [
        (
            "key",
            json!({"type": "string", "description": "Provider and its name for the model, with a colon."}),
        ),
        (
            "attempts",
            whole("How many of the last attempts the figures are made of, at most 100."),
        ),
        (
            "success_rate",
            part(
                json!(["number", "null"]),
                "Part of them that answered; null without any.",
            ),
        ),
        (
            "avg_latency_ms",
            known("To the first token, or to the end of a plain answer."),
        ),
        ("p90_latency_ms", known("Nine of ten took at most so long.")),
        ("p99_latency_ms", known("Ninety-nine of a hundred.")),
        (
            "cooldown_until",
            whole("Until when it cools down, Unix milliseconds; 0 when it does not."),
        ),
        (
            "headroom",
            part(
                json!("number"),
                "What is left of its scarcest limit; 1 where nothing is known.",
            ),
        ),
        (
            "daily_used",
            known("Requests that it has served today (UTC)."),
        ),
        (
            "daily_limit",
            json!({"type": "null", "description": "There are no limits a day."}),
        ),
    ];
    let names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> = members
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "required": names, "properties": properties})
}
