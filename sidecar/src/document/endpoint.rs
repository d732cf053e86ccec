//! What an Envoy file needs so that callers can name their own vLLM (W33).

use serde_json::Value;
use sluice_core::endpoint::{PLAIN, RESOLVER, TLS};

use super::{Fault, pointer};

/// The cluster that finds the addresses of names, behind the listener [`RESOLVER`].
const NAMES: &str = "vllm_names";
/// The listener, and the cluster behind it, that give an attempt its TLS.
const VLLM_TLS: &str = "vllm_tls";
/// What both listeners are.
const INTERNAL: &str = "envoy.bootstrap.internal_listener";
/// The filter state that a route's map is asked by.
const KEY: &str = "wasm.sluice.cluster";

/// A list of named parts: where it is, what one is called, what may bring more of them, which are needed.
type Part = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const PARTS: [Part; 3] = [
    (
        "/static_resources/clusters",
        "cluster",
        "/dynamic_resources/cds_config",
        &[PLAIN, TLS, VLLM_TLS, NAMES, RESOLVER],
    ),
    (
        "/static_resources/listeners",
        "listener",
        "/dynamic_resources/lds_config",
        &[RESOLVER, VLLM_TLS],
    ),
    ("/bootstrap_extensions", "extension", "", &[INTERNAL]),
];

/// Every piece that is missing; `at` is the place of the setting that needs them.
pub(super) fn faults(file: &Value, at: &str, faults: &mut Vec<Fault>) {
    if file.get("static_resources").is_none() {
        return;
    }
    for (list, kind, elsewhere, needed) in PARTS {
        let there = file.pointer(list).and_then(Value::as_array);
        // A file without such a list says nothing of it.
        if !elsewhere.is_empty() && (there.is_none() || file.pointer(elsewhere).is_some()) {
            continue;
        }
        let has = |name: &str| there.is_some_and(|all| all.iter().any(|own| own["name"] == name));
        for name in needed.iter().filter(|name| !has(name)) {
            let text = format!("needs the {kind} `{name}`, which is not in {list}");
            faults.push(Fault::new(at, text));
        }
    }
    routes(file, "", at, faults);
}

/// Each map that leads a request to the cluster of its next attempt must lead to these two as well.
fn routes(value: &Value, place: &str, at: &str, faults: &mut Vec<Fault>) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                routes(item, &pointer(place, &i.to_string()), at, faults);
            }
        }
        Value::Object(members) => {
            let key = value.pointer("/input/typed_config/key");
            let map = value.pointer("/exact_match_map/map");
            if let Some(map) = map.filter(|_| key.is_some_and(|key| key == KEY)) {
                let leads = |name: &&&str| map.get(**name).is_some();
                for name in [PLAIN, TLS].iter().filter(|name| !leads(name)) {
                    let text = format!("has no `{name}`, which {at} needs");
                    faults.push(Fault::new(format!("{place}/exact_match_map/map"), text));
                }
                return;
            }
            for (name, member) in members {
                routes(member, &pointer(place, name), at, faults);
            }
        }
        _ => {}
    }
}
