//! The body of a chat completion (W10 to W15), from the core's tables.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sluice_core::config::{Config, UnknownFields};
use sluice_core::request::fields::{GATEWAY, STANDARD, find};
use sluice_core::route::Dialect;

use super::schema::{self, set};
use super::unsupported;

/// Top-level fields that are looked at (W17).
const FIELDS: usize = 1000;

/// The schema of a body on the routes of a dialect, as this configuration has it.
pub(super) fn request(dialect: Dialect, config: &Config) -> Value {
    let defaults = &config.defaults;
    let mut properties = Map::new();
    let mut required = Vec::new();
    for name in names() {
        let Some(field) = find(name, dialect) else {
            continue;
        };
        let must = field.required || (name == "model" && defaults.model.is_none());
        let mut own = if must {
            let mut own = schema::of(&field.shape);
            set(&mut own, "description", json!(field.about));
            own
        } else {
            schema::field(field)
        };
        match name {
            "ollm::tags" => {
                if let Some(names) = own.get_mut("propertyNames") {
                    set(names, "not", json!({"pattern": "^ollm::"}));
                }
            }
            "stop" => at_most(&mut own, defaults.limits.stop_sequences),
            _ => {}
        }
        if must {
            required.push(name);
        }
        properties.insert(name.to_owned(), own);
    }
    unsupported::tell(&mut properties);
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "maxProperties": FIELDS,
        "additionalProperties": defaults.unknown_fields != UnknownFields::Reject,
        "allOf": dependencies(),
    })
}

/// The names of all fields.
pub(super) fn names() -> BTreeSet<&'static str> {
    let fields = STANDARD.iter().chain(GATEWAY);
    fields.map(|field| field.name).collect()
}

/// Limits the items of a schema that is an array, or may be one.
fn at_most(schema: &mut Value, limit: usize) {
    if schema.get("items").is_some() {
        set(schema, "maxItems", json!(limit));
    }
    if let Some(Value::Array(options)) = schema.get_mut("anyOf") {
        for option in options {
            at_most(option, limit);
        }
    }
}

/// What depends on two fields. That `thinking.budget_tokens` is below the token cap stands in its
/// description: JSON Schema cannot say it.
fn dependencies() -> Value {
    let given = |name: &str| {
        let given = json!({"not": {"type": "null"}});
        json!({"required": [name], "properties": {name: given}})
    };
    let is_true = |name: &str| json!({"required": [name], "properties": {name: {"const": true}}});
    let usage = json!({"type": "object", "required": ["include_usage"],
        "properties": {"include_usage": {"const": false}}});
    json!([
        {"if": given("stream_options"), "then": is_true("stream")},
        {"if": given("top_logprobs"), "then": is_true("logprobs")},
        {
            "if": {"required": ["modalities"], "properties": {
                "modalities": {"type": "array", "contains": {"const": "audio"}}}},
            "then": given("audio"),
        },
        {
            "if": is_true("ollm::deny_unknown_fields"),
            "then": {"propertyNames": {"enum": names()}},
        },
        {"not": {
            "required": ["ollm::include_raw_usage", "stream", "stream_options"],
            "properties": {
                "ollm::include_raw_usage": {"const": true},
                "stream": {"const": true},
                "stream_options": usage,
            },
        }},
    ])
}
