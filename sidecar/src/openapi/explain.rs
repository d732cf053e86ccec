//! What `POST /v1/route:explain` answers with 200 (W38).

use serde_json::{Value, json};
use sluice_core::config::Tier;

use super::schema::set;

/// The component: exactly what `sluice_core::explain` writes.
pub(super) fn schema() -> Value {
    let text = || json!({"type": "string"});
    let whole = || json!({"type": "integer", "minimum": 0});
    let perhaps = |kind: &str| json!({"type": [kind, "null"], "minimum": 0});
    let tiers = || {
        let words = [Tier::Tee, Tier::Zdr].map(Tier::as_str);
        json!({"type": "array", "items": {"type": "string", "enum": words}})
    };
    let health = object(&json!({
        "state": {"enum": ["ready", "half_open", "probing", "cooling_down"]},
        "success_rate": perhaps("number"),
        "avg_latency_ms": perhaps("number"),
        "headroom": {"type": "number", "description": "Part of its rate limits that is left."},
    }));
    let mut estimate = object(&json!({
        "prompt_tokens": whole(),
        "max_completion_tokens": perhaps("integer"),
        "prompt_cost_nano_usd": perhaps("integer"),
        "max_cost_nano_usd": perhaps("integer"),
    }));
    let about = "By the length of the prompt and the cap of tokens; null where it is not known.";
    set(&mut estimate, "description", json!(about));
    let attempt = object(&json!({
        "provider": text(),
        "model": {"type": "string", "description": "The catalogue's name."},
        "request_model": {"type": "string", "description": "The provider's name."},
        "variant": {"type": ["string", "null"]},
        "tiers": tiers(),
        "reason": text(),
        "health": health,
        "retries": {"type": "integer", "minimum": 0, "description": "Tries after the first."},
        "estimate": estimate,
    }));
    let left_out = object(&json!({
        "provider": text(),
        "model": text(),
        "reason": text(),
        "cooldown_until": {"type": ["integer", "null"], "description": "Unix milliseconds."},
    }));
    let limits = object(&json!({"attempt_ms": whole(), "idle_ms": whole(), "total_ms": whole()}));
    let status = json!({"type": "integer", "minimum": 100, "maximum": 599});
    let mut schema = object(&json!({
        "object": {"const": "route.explanation"},
        "id": text(),
        "selector": text(),
        "stream": {"type": "boolean"},
        "tiers": tiers(),
        "attempts": {"type": "array", "items": attempt},
        "retry_on_codes": {"type": "array", "items": status},
        "left_out": {"type": "array", "items": left_out},
        "notes": {"type": "array", "items": text()},
        "limits": limits,
    }));
    if let Some(properties) = schema.get_mut("properties") {
        let error = json!({
            "$ref": "#/components/schemas/Error/properties/error",
            "description": "What a request would get, where nothing can be tried.",
        });
        set(properties, "error", error);
    }
    schema
}

/// An object with these members, all of them required, and no other.
fn object(properties: &Value) -> Value {
    let names = properties
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys());
    let required: Vec<_> = names.collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
