//! Errors: the one shape (W60), and the answers that have it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sluice_core::error::{Code, ErrorType};
use sluice_core::wire;

use super::headers;

/// The components: the shape, the codes and the types.
pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let meanings: Vec<_> = Code::ALL.iter().map(|code| code.meaning()).collect();
    let statuses: BTreeSet<u16> = Code::ALL
        .iter()
        .flat_map(|code| code.statuses())
        .copied()
        .collect();
    let mut types = Vec::new();
    for word in statuses.iter().map(|status| json!(ErrorType::of(*status))) {
        if !types.contains(&word) {
            types.push(word);
        }
    }
    let detail = json!({
        "type": "object",
        "required": ["param", "pointer", "code", "message"],
        "properties": {
            "param": {"type": ["string", "null"], "description": "The field, as `messages[0].role`."},
            "pointer": {"type": "string", "description": "The field, as `/messages/0/role`."},
            "code": {"$ref": "#/components/schemas/Code"},
            "message": {"type": "string"},
        },
    });
    let attempt = json!({
        "type": "object",
        "required": ["provider", "status", "outcome"],
        "properties": {
            "provider": {"type": "string"},
            "status": {"type": ["integer", "null"], "description": "Its HTTP status, where it gave one."},
            "outcome": {"type": "string"},
        },
    });
    let word = json!({
        "type": "string",
        "description": "A provider's own word, where it refused the request itself.",
    });
    let error = json!({
        "type": "object",
        "required": ["message", "type", "code", "param"],
        "properties": {
            "message": {"type": "string"},
            "type": {"$ref": "#/components/schemas/ErrorType"},
            "code": {"anyOf": [{"$ref": "#/components/schemas/Code"}, word]},
            "param": {"type": ["string", "null"], "description": "The first field at fault."},
            "details": {"type": "array", "items": {"$ref": "#/components/schemas/Detail"}, "description": "Every fault of the body."},
            "attempts": {"type": "array", "items": {"$ref": "#/components/schemas/FailedAttempt"}, "description": "Every attempt that failed."},
        },
    });
    vec![
        (
            "Error",
            json!({"type": "object", "required": ["error"], "properties": {"error": error}}),
        ),
        ("Detail", detail),
        ("FailedAttempt", attempt),
        (
            "Code",
            json!({"type": "string", "enum": codes, "x-enum-descriptions": meanings}),
        ),
        ("ErrorType", json!({"type": "string", "enum": types})),
    ]
}

/// The answers of an operation: what it gives with 200, and errors with these statuses. `attempts`
/// where providers are tried.
pub(super) fn responses(success: Value, statuses: &[u16], attempts: bool) -> Value {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), success);
    for status in statuses {
        responses.insert(status.to_string(), response(*status, attempts));
    }
    Value::Object(responses)
}

fn response(status: u16, attempts: bool) -> Value {
    let codes = Code::ALL
        .iter()
        .filter(|code| code.statuses().contains(&status));
    let codes: Vec<_> = codes.map(|code| format!("`{code}`")).collect();
    json!({
        "description": format!("The code is one of {}.", codes.join(", ")),
        "headers": headers::of_error(status, attempts),
        "content": {wire::JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    })
}
