//! What this version checks and does not carry out, as the core itself says it.

use serde_json::{Value, json};
use sluice_core::config::UnknownFields;
use sluice_core::error::Code;
use sluice_core::reject::Rejection;
use sluice_core::request::{Chat, Rules};
use sluice_core::route::Dialect;

use super::schema::set;

/// The keyword that marks it, for programs.
const MARK: &str = "x-sluice-unsupported";

/// Says in the schemas of a body which fields are refused with `unsupported_value`.
pub(super) fn tell(properties: &mut serde_json::Map<String, Value>) {
    if let Some(Value::Object(members)) = properties
        .get_mut("orq")
        .and_then(|orq| orq.get_mut("properties"))
    {
        for (name, schema) in members.iter_mut() {
            if refused("/orq/", name, &json!({"orq": {name: {"asks": true}}})) {
                mark(
                    schema,
                    "Not supported by this version: 400 `unsupported_value`.",
                );
            }
        }
    }
    let name = "ollm::cache_options";
    let on = json!({name: {"enabled": "on"}});
    if let Some(schema) = properties.get_mut(name)
        && refused("/", name, &on)
    {
        let text = "This version takes `enabled: off` alone; all else is 400 `unsupported_value`.";
        mark(schema, text);
    }
}

fn mark(schema: &mut Value, text: &str) {
    let about = schema.get("description").and_then(Value::as_str);
    let text = format!("{} {text}", about.unwrap_or_default());
    set(schema, "description", json!(text.trim_start()));
    set(schema, MARK, json!(true));
}

/// Whether the core refuses a field of this body as not supported.
fn refused(folder: &str, name: &str, body: &Value) -> bool {
    let rules = Rules {
        dialect: Dialect::Orq,
        stop_sequences: 0,
        unknown_fields: UnknownFields::Forward,
        default_model: true,
    };
    let refusal = Chat::parse(body.to_string().as_bytes(), &rules);
    let Err(Rejection::Fields(details)) = refusal else {
        return false;
    };
    details.iter().any(|detail| {
        detail.code == Code::UnsupportedValue && detail.pointer.strip_prefix(folder) == Some(name)
    })
}
