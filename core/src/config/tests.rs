#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const SMALL: &str = r#"{
    "auth": {"mode": "required", "keys": [{"id": "dev", "sha256":
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]},
    "providers": {
        "openai": {"kind": "openai", "host": "api.openai.com", "path_prefix": "/v1",
            "auth": {"header": "authorization", "scheme": "Bearer", "env": "OPENAI_API_KEY"}},
        "azure": {"kind": "azure", "host": "x.openai.azure.com", "api_version": "2024-10-21"}},
    "models": {"gpt-4o-mini": {"providers": [
        {"provider": "openai", "price": {"input": 0.15, "output": "0.60"}},
        {"provider": "azure", "model": "mini"}], "context_length": 128000.0}},
    "functions": {"f": {"variants": {"a": {"model": "gpt-4o-mini", "weight": 2}}}},
    "defaults": {"failover_order": ["openai", "azure"]}
}"#;

fn faults(document: &str) -> Vec<String> {
    let faults = Config::parse(document.as_bytes()).expect_err("must be refused");
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_document_is_read() {
    let config = Config::parse(SMALL.as_bytes()).unwrap();
    let model = &config.models["gpt-4o-mini"];
    assert_eq!(model.context_length, Some(128_000));
    assert_eq!(model.candidates[1].model, "mini");
    let price = model.candidates[0].price.unwrap();
    assert_eq!(
        (price.input, price.output),
        (Some(150_000_000), Some(600_000_000))
    );
    assert_eq!(model.candidates[1].price, None);
    assert_eq!(config.functions["f"].variants[0].model.name, "gpt-4o-mini");
    assert_eq!(config.auth.keys[0].sha256[0], 0x9f);
    assert_eq!(config.defaults.limits.stop_sequences, 4);
    assert_eq!(config.health, Health::default());
    let keys: Vec<_> = config.keys().into_iter().collect();
    assert_eq!(keys, ["azure:mini", "openai:gpt-4o-mini"]);
}

#[test]
fn every_fault_is_reported_with_its_place() {
    let document = r#"{
        "providers": {"openai": {"kind": "opnai", "hots": "x", "path_prefix": "v1"},
            "azure": {"kind": "azure", "host": "h"}},
        "models": {"m/1": {"providers": [{"provider": "nix"}], "tiers": ["teee"],
            "context_length": 1.5}},
        "functions": {"f": {"variants": {"v": {"model": "nope"}}}},
        "defaults": {"failover_order": ["openai", "gone"], "unknown_fields": "maybe"},
        "auth": {"keys": [{"id": "a-b", "sha256": "zz"}]},
        "health": {"failures": 101, "window_ms": 0, "cooldown_ms": 9, "max_cooldown_ms": 8, "enabeld": true}
    }"#;
    let faults = faults(document);
    for expected in [
        "/auth/keys/0/id: must be letters and digits",
        "/auth/keys/0/sha256: must be the SHA-256 of the key's secret as 64 hexadecimal digits",
        "/providers/openai/kind: must be `openai` or `azure`",
        "/providers/openai/host: is required",
        "/providers/openai/hots: is not a known member; did you mean `host`?",
        "/providers/openai/path_prefix: must be a path that begins with a slash and does not end with one",
        "/providers/azure/api_version: is required",
        "/models/m~11/providers/0/provider: names the provider `nix`, not defined",
        "/models/m~11/tiers/0: must be `tee` or `zdr`",
        "/models/m~11/context_length: must be a whole number",
        "/functions/f/variants/v/model: names the model `nope`, not defined",
        "/defaults/failover_order/1: names the provider `gone`, not defined",
        "/defaults/unknown_fields: must be `forward`, `drop` or `reject`",
        "/health/failures: must be at most 100",
        "/health/window_ms: must be larger",
        "/health/max_cooldown_ms: must be at least `cooldown_ms`",
        "/health/enabeld: is not a known member; did you mean `enabled`?",
    ] {
        assert!(
            faults.iter().any(|fault| fault == expected),
            "{expected}\nnot in {faults:#?}"
        );
    }
}

#[test]
fn what_is_not_an_object_is_refused_whole() {
    assert_eq!(faults("[1]")[0], "/: must be an object");
    assert!(faults("{")[0].starts_with("/: not a JSON object: EOF"));
    assert!(faults("{}").contains(&"/providers: is required".to_owned()));
}

#[test]
fn a_key_may_be_defined_once() {
    let zero = "0".repeat(64);
    let document = format!(
        r#"{{"auth": {{"keys": [{{"id": "a", "sha256": "{zero}"}}, {{"id": "a", "sha256": "{zero}"}}]}}}}"#
    );
    assert!(faults(&document).contains(&"/auth/keys/1: is defined twice".to_owned()));
}

#[test]
fn the_hash_is_of_the_meaning() {
    let one = SMALL.replace("128000.0", "128000");
    let two = SMALL.replace("\"weight\": 2", "\"weight\": 3");
    let hash = |document: &str| Config::parse(document.as_bytes()).unwrap().hash;
    assert_eq!(hash(SMALL), hash(&one));
    assert_ne!(hash(SMALL), hash(&two));
    assert_eq!(hash(SMALL).len(), 16);
}
