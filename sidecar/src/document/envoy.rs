//! What only the Envoy file can tell: whether clusters, filters and document fit together.

use std::collections::BTreeSet;

use serde_json::Value;
use sluice_core::config::Config;

use super::block::{Block, Root};
use super::{Fault, endpoint, pointer};

const CLUSTERS: &str = "/static_resources/clusters";

/// Every fault between the parts of a file. `config` is the document of `main`, when it has none.
pub(super) fn faults(
    file: &Value,
    blocks: &[Block<'_>],
    main: &Block<'_>,
    config: Option<&Config>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    one_vm(blocks, main, &mut faults);
    names(file, blocks, &mut faults);
    if let (Some(config), Ok((at, _))) = (config, main.document()) {
        clusters(file, config, &pointer(&at, "providers"), &mut faults);
        if config.vllm_endpoint.is_some() {
            endpoint::faults(file, &pointer(&at, "vllm_endpoint"), &mut faults);
        }
    }
    faults
}

/// Both filters of a request must live in one VM, which they do when their blocks are equal.
fn one_vm(blocks: &[Block<'_>], main: &Block<'_>, faults: &mut Vec<Fault>) {
    let document = main.document().ok().map(|(_, document)| normal(&document));
    for block in blocks.iter().filter(|block| block.at != main.at) {
        let own = block.member("vm_config").map(normal);
        if own != main.member("vm_config").map(normal) {
            faults.push(differs(block, main, "vm_config"));
        }
        match block.document() {
            Err(fault) => faults.push(fault),
            Ok((_, own)) => {
                if document
                    .as_ref()
                    .is_some_and(|document| *document != normal(&own))
                {
                    faults.push(differs(block, main, "configuration"));
                }
            }
        }
    }
}

fn differs(block: &Block<'_>, main: &Block<'_>, member: &str) -> Fault {
    let text = format!(
        "differs from {}: both filters of a request must live in one VM",
        pointer(&main.at, member)
    );
    Fault::new(pointer(&block.at, member), text)
}

/// The value with numbers as Envoy holds them: protobuf's Struct has doubles only.
fn normal(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), normal(member)))
            .collect(),
        other => other.clone(),
    }
}

/// A provider filter tells its provider by its plugin's name.
fn names(file: &Value, blocks: &[Block<'_>], faults: &mut Vec<Fault>) {
    for (at, cluster) in each_cluster(file) {
        let within = format!("{at}/");
        let held = blocks.iter().filter(|block| block.at.starts_with(&within));
        for block in held.filter(|block| block.root == Root::Provider) {
            let name = block.member("name").and_then(Value::as_str);
            if name != Some(cluster) {
                let text = format!(
                    "must be `{cluster}`, its cluster's name: the filter knows its provider by it"
                );
                faults.push(Fault::new(pointer(&block.at, "name"), text));
            }
        }
    }
}

/// A provider that a model uses needs a cluster of its name, unless clusters come from elsewhere too.
fn clusters(file: &Value, config: &Config, at: &str, faults: &mut Vec<Fault>) {
    let elsewhere = file.pointer("/dynamic_resources/cds_config").is_some();
    if elsewhere || file.pointer(CLUSTERS).is_none() {
        return;
    }
    let there: BTreeSet<&str> = each_cluster(file).map(|(_, name)| name).collect();
    let candidates = config.models.values().flat_map(|model| &model.candidates);
    let used: BTreeSet<&str> = candidates.map(|c| c.provider.name.as_str()).collect();
    for name in used.difference(&there) {
        let text = format!("is used by a model and has no cluster of its name in {CLUSTERS}");
        faults.push(Fault::new(pointer(at, name), text));
    }
}

/// Place and name of each cluster that has a name.
fn each_cluster(file: &Value) -> impl Iterator<Item = (String, &str)> {
    let clusters = file
        .pointer(CLUSTERS)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    clusters.enumerate().filter_map(|(i, cluster)| {
        let name = cluster.get("name")?.as_str()?;
        Some((pointer(CLUSTERS, &i.to_string()), name))
    })
}
