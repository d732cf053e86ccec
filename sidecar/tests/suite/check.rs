use crate::support::{DOCUMENT, run, write};

/// A small Envoy file: the gateway's filter, and two clusters with the provider's.
const ENVOY: &str = r#"
static_resources:
  listeners:
  - name: l
    filter_chains:
    - filters:
      - typed_config:
          http_filters:
          - name: sluice
            typed_config:
              config:
                name: gateway
                root_id: gateway
                vm_config: &vm {vm_id: sluice, runtime: envoy.wasm.runtime.v8}
                configuration: &sluice
                  "@type": type.googleapis.com/google.protobuf.Struct
                  value:
                    providers: {openai: {host: api.openai.com}, near: {host: near.ai}}
                    models:
                      m: {providers: [{provider: openai, price: {input: 1, output: 2}}]}
  clusters:
  - name: openai
    upstream: {config: {name: openai, root_id: provider, vm_config: *vm, configuration: *sluice}}
  - name: other
    upstream: {config: {name: x, root_id: someone_else, configuration: {}}}
"#;

const AT: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config/config";

/// Runs `check` on a text; gives exit code and lines, without the file's name.
fn check(text: &str) -> (Option<i32>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "envoy.yaml", text);
    let path = path.to_str().unwrap();
    let (code, stdout, stderr) = run(["check", path]);
    assert_eq!(stderr, "");
    let prefix = format!("{path}: ");
    let lines = stdout
        .lines()
        .map(|line| line.strip_prefix(&prefix).unwrap().to_owned());
    (code, lines.collect())
}

fn fault(text: &str, expected: &str) {
    let (code, lines) = check(text);
    assert_eq!(code, Some(1), "{lines:?}");
    assert!(
        lines.iter().any(|line| line == expected),
        "{expected}\nnot in\n{lines:#?}"
    );
}

#[test]
fn a_whole_file_is_one_line() {
    let (code, lines) = check(ENVOY);
    assert_eq!(code, Some(0), "{lines:?}");
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    let rest = line.strip_prefix("ok, hash ").unwrap();
    let (hash, rest) = rest.split_once(", ").unwrap();
    assert_eq!((hash.len(), rest), (16, "2 providers, 1 models"));
}

#[test]
fn the_document_by_itself_is_checked_too() {
    let (code, lines) = check(DOCUMENT);
    assert_eq!(code, Some(0));
    assert!(lines[0].ends_with("2 providers, 5 models"), "{lines:?}");
    fault(
        &DOCUMENT.replace("\"host\": \"near.ai\"", ""),
        "/providers/near/host: is required",
    );
}

#[test]
fn a_document_as_json_text_hashes_like_the_struct() {
    let struct_of = |document: &str| {
        format!(
            "f: {{root_id: gateway, configuration: {{'@type': type.googleapis.com/google.protobuf.Struct, value: {document}}}}}"
        )
    };
    let text_of = |document: &str| {
        let text = serde_json::Value::from(document);
        format!(
            "f: {{root_id: gateway, configuration: {{'@type': type.googleapis.com/google.protobuf.StringValue, value: {text}}}}}"
        )
    };
    let ok = check(&struct_of(DOCUMENT));
    assert_eq!(ok.0, Some(0), "{ok:?}");
    assert_eq!(check(&text_of(DOCUMENT)), ok);
    assert_eq!(check(DOCUMENT), ok);
    let broken = check(&text_of("{\"providers\": "));
    assert!(
        broken.1[0].starts_with("/f/configuration/value: is not JSON: "),
        "{broken:?}"
    );
}

#[test]
fn a_fault_of_the_document_has_its_place_in_the_file() {
    let text = ENVOY.replace("provider: openai,", "provider: opnai,");
    let place = format!("{AT}/configuration/value/models/m/providers/0/provider");
    fault(
        &text,
        &format!("{place}: names the provider `opnai`, not defined"),
    );
    let (_, lines) = check(&text);
    assert_eq!(lines.len(), 1, "told once, not for each alias: {lines:#?}");
}

#[test]
fn a_provider_in_use_needs_a_cluster() {
    let text = ENVOY.replace("provider: openai,", "provider: near,");
    let expected = format!(
        "{AT}/configuration/value/providers/near: is used by a model and has no cluster of its name in /static_resources/clusters"
    );
    fault(&text, &expected);
    let dynamic = format!("{text}dynamic_resources: {{cds_config: {{ads: {{}}}}}}\n");
    assert_eq!(
        check(&dynamic).0,
        Some(0),
        "its cluster may come from the control plane"
    );
    let none = ENVOY
        .split("  clusters:")
        .next()
        .unwrap()
        .replace("provider: openai,", "provider: near,");
    assert_eq!(
        check(&none).0,
        Some(0),
        "a file without clusters says nothing of them"
    );
}

#[test]
fn a_provider_filter_has_its_cluster_s_name() {
    let text = ENVOY.replace(
        "{name: openai, root_id: provider",
        "{name: opnai, root_id: provider",
    );
    let expected = "/static_resources/clusters/0/upstream/config/name: must be `openai`, its cluster's name: the filter knows its provider by it";
    fault(&text, expected);
    let text = ENVOY.replace("{name: openai, root_id: provider", "{root_id: provider");
    fault(&text, expected);
}

#[test]
fn all_filters_live_in_one_vm() {
    let why = "both filters of a request must live in one VM";
    let text = ENVOY.replace(
        "vm_config: *vm",
        "vm_config: {vm_id: another, runtime: envoy.wasm.runtime.v8}",
    );
    let at = "/static_resources/clusters/0/upstream/config";
    fault(
        &text,
        &format!("{at}/vm_config: differs from {AT}/vm_config: {why}"),
    );
    let text = ENVOY.replace(
        "configuration: *sluice",
        "configuration: {'@type': type.googleapis.com/google.protobuf.Struct, value: {}}",
    );
    fault(
        &text,
        &format!("{at}/configuration: differs from {AT}/configuration: {why}"),
    );
    let text = ENVOY.replace(", configuration: *sluice", "");
    fault(&text, &format!("{at}/configuration: is required"));
}

#[test]
fn a_configuration_has_a_type_that_envoy_hands_on() {
    let wrong = ENVOY.replace("google.protobuf.Struct", "google.protobuf.BytesValue");
    let expected = format!(
        "{AT}/configuration/@type: must be google.protobuf.Struct or google.protobuf.StringValue"
    );
    fault(&wrong, &expected);
    let none = ENVOY.replace(
        "\"@type\": type.googleapis.com/google.protobuf.Struct",
        "a: b",
    );
    fault(&none, &format!("{AT}/configuration/@type: is required"));
}

#[test]
fn an_envoy_file_without_our_filter_is_a_fault() {
    fault(
        "static_resources: {clusters: []}",
        "/: has no wasm filter with `root_id: gateway`",
    );
}

#[test]
fn what_cannot_be_read_is_a_fault_of_the_file() {
    let (code, lines) = check("a: [");
    assert_eq!((code, lines.len()), (Some(1), 1));
    assert!(lines[0].starts_with("/: is not YAML: "), "{lines:?}");
    let (code, stdout, _) = run(["check", "/nowhere.yaml"]);
    assert_eq!(code, Some(1));
    assert!(
        stdout.starts_with("/nowhere.yaml: /: cannot be read: "),
        "{stdout}"
    );
}

/// The reference, where callers may name their own vLLM, without the lines that `edit` takes away.
fn with_endpoint(edit: impl FnOnce(&mut serde_json::Value)) -> String {
    let text = include_str!("../../../envoy/envoy.yaml");
    let off = "                    # vllm_endpoint:\n                    #   allow: ";
    let on = "                    vllm_endpoint:\n                      allow: ";
    assert_eq!(text.matches(off).count(), 1, "the reference tells how");
    let text = text.replace(off, on);
    let mut file: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    edit(&mut file);
    file.to_string()
}

#[test]
fn w33_a_caller_s_endpoint_needs_its_pieces() {
    let whole = check(&with_endpoint(|_| ()));
    assert_eq!(whole.0, Some(0), "{whole:?}");
    let setting = format!("{AT}/configuration/value/vllm_endpoint");
    let lists = [("clusters", "cluster", 5), ("listeners", "listener", 2)];
    for (list, kind, count) in lists {
        let named = |own: &serde_json::Value| {
            let name = own["name"].as_str().unwrap();
            name.starts_with("vllm_").then(|| name.to_owned())
        };
        let reference: serde_json::Value = serde_json::from_str(&with_endpoint(|_| ())).unwrap();
        let all = reference["static_resources"][list].as_array().unwrap();
        let names: Vec<_> = all.iter().filter_map(named).collect();
        assert_eq!(names.len(), count, "{names:?}");
        for name in names {
            let without = with_endpoint(|file| {
                let all = file["static_resources"][list].as_array_mut().unwrap();
                all.retain(|own| own["name"] != name.as_str());
            });
            let at = format!("/static_resources/{list}");
            fault(
                &without,
                &format!("{setting}: needs the {kind} `{name}`, which is not in {at}"),
            );
        }
    }
    let without = with_endpoint(|file| file["bootstrap_extensions"] = serde_json::json!([]));
    fault(
        &without,
        &format!(
            "{setting}: needs the extension `envoy.bootstrap.internal_listener`, which is not in /bootstrap_extensions"
        ),
    );
}

#[test]
fn w33_a_route_leads_to_a_caller_s_endpoint() {
    for name in ["vllm_endpoint", "vllm_endpoint_tls"] {
        let entry = format!("\"{name}\":{{\"action\"");
        let text = with_endpoint(|_| ());
        assert_eq!(text.matches(&entry).count(), 1);
        let (_, lines) = check(&text.replace(&entry, "\"x\":{\"action\""));
        let expected = format!(
            "/exact_match_map/map: has no `{name}`, which {AT}/configuration/value/vllm_endpoint needs"
        );
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].ends_with(&expected), "{lines:#?}");
    }
}

#[test]
fn w33_pieces_may_come_from_the_control_plane_or_be_of_no_use() {
    let bare = |file: &mut serde_json::Value| {
        for list in ["clusters", "listeners"] {
            let all = file["static_resources"][list].as_array_mut().unwrap();
            all.retain(|own| !own["name"].as_str().unwrap().starts_with("vllm_"));
        }
    };
    let dynamic = with_endpoint(|file| {
        bare(file);
        file["dynamic_resources"] = serde_json::json!({"cds_config": {}, "lds_config": {}});
    });
    assert_eq!(check(&dynamic).0, Some(0));
    let mut off: serde_json::Value =
        serde_saphyr::from_str(include_str!("../../../envoy/envoy.yaml")).unwrap();
    bare(&mut off);
    let off = check(&off.to_string());
    assert_eq!(off.0, Some(0), "{off:?}");
}
