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
                    "models": {"type": "array"},
                },
            }),
        ),
    ]
}
