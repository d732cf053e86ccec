//! The reference configuration, edited by structure: ports, module, endpoints, the gateway's part.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::place;
use crate::provider::Protocol;

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const RESOLVER: &str =
    "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig";
const HTTP: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// Envoy's configuration with one gateway's configuration in it.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    document: Value,
    gateway: Value,
}

/// Where a provider's cluster is led to.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The endpoint.
    pub addr: SocketAddr,
    /// How Envoy speaks to it.
    pub protocol: Protocol,
    /// Whom it trusts, with TLS. The reference's SNI and SAN check stay.
    pub authority: Option<PathBuf>,
}

impl Bootstrap {
    /// The reference: YAML with its aliases resolved.
    #[must_use]
    pub fn reference() -> Self {
        Self::read(&place::reference())
    }

    /// Any configuration with the gateway in it.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let mut document: Value = serde_saphyr::from_str(&text).expect("the YAML is valid");
        let mut blocks = Vec::new();
        wasm_blocks(&mut document, &mut |config| {
            blocks.push(config["configuration"]["value"].clone());
        });
        assert!(blocks.len() > 1, "a gateway filter and provider filters");
        let gateway = blocks.remove(0);
        assert!(
            blocks.iter().all(|block| *block == gateway),
            "one configuration everywhere"
        );
        Self { document, gateway }
    }

    /// The gateway's own configuration; a change reaches every filter.
    pub fn gateway(&mut self) -> &mut Value {
        &mut self.gateway
    }

    /// All of Envoy's configuration but for the gateway's.
    pub fn document(&mut self) -> &mut Value {
        &mut self.document
    }

    /// The gateway's listener.
    pub fn listener(&mut self) -> &mut Value {
        &mut self.document["static_resources"]["listeners"][0]
    }

    /// The listener's connection manager.
    pub fn connection_manager(&mut self) -> &mut Value {
        &mut self.listener()["filter_chains"][0]["filters"][0]["typed_config"]
    }

    /// The names of all clusters.
    #[must_use]
    pub fn clusters(&self) -> Vec<String> {
        let clusters = self.document["static_resources"]["clusters"].as_array();
        let names = clusters.into_iter().flatten().map(|own| &own["name"]);
        names
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    /// A cluster.
    pub fn cluster(&mut self, name: &str) -> &mut Value {
        let clusters = self.document["static_resources"]["clusters"].as_array_mut();
        let mut clusters = clusters.expect("clusters").iter_mut();
        clusters
            .find(|own| own["name"] == name)
            .unwrap_or_else(|| panic!("no cluster {name}"))
    }

    /// Takes clusters and listeners of these names away.
    pub fn remove(&mut self, names: &[&str]) {
        for kind in ["clusters", "listeners"] {
            let all = self.document["static_resources"][kind].as_array_mut();
            all.expect(kind)
                .retain(|own| !names.iter().any(|name| own["name"] == *name));
        }
    }

    /// The HTTP options of a cluster, its filters among them.
    pub fn http_options(&mut self, name: &str) -> &mut Value {
        &mut self.cluster(name)["typed_extension_protocol_options"][HTTP]
    }

    /// Sets the ports of the gateway and of Envoy's administration.
    pub fn ports(&mut self, gateway: SocketAddr, admin: SocketAddr) {
        self.listener()["address"] = address(gateway);
        self.document["admin"]["address"] = address(admin);
    }

    /// Sets the module.
    pub fn module(&mut self, path: &Path) {
        wasm_blocks(&mut self.document, &mut |config| {
            config["vm_config"]["code"] = json!({"local": {"filename": path}});
        });
    }

    /// Lets more of Envoy's environment into the VM.
    pub fn environment(&mut self, names: &[&str]) {
        wasm_blocks(&mut self.document, &mut |config| {
            let keys = &mut config["vm_config"]["environment_variables"]["host_env_keys"];
            let keys = keys.as_array_mut().expect("host_env_keys");
            for name in names.iter().map(|&name| json!(name)) {
                if !keys.contains(&name) {
                    keys.push(name);
                }
            }
        });
    }

    /// Leads a cluster to an address.
    pub fn lead(&mut self, name: &str, upstream: &Upstream) {
        let cluster = self.cluster(name);
        cluster["type"] = json!("STATIC");
        cluster["load_assignment"]["endpoints"][0] = json!({
            "lb_endpoints": [{"endpoint": {"address": address(upstream.addr)}}],
        });
        let members = cluster.as_object_mut().expect("a cluster is an object");
        match &upstream.authority {
            Some(file) => {
                let context =
                    &mut cluster["transport_socket"]["typed_config"]["common_tls_context"];
                assert!(context.is_object(), "the cluster {name} has TLS");
                context["validation_context"]["trusted_ca"] = json!({ "filename": file });
            }
            None => {
                members.remove("transport_socket");
            }
        }
        if !cluster["typed_extension_protocol_options"].is_object() {
            return;
        }
        let options = self.http_options(name);
        let members = options.as_object_mut().expect("options are an object");
        for choice in ["auto_config", "explicit_http_config"] {
            members.remove(choice);
        }
        match upstream.protocol {
            Protocol::H2c => {
                options["explicit_http_config"] = json!({"http2_protocol_options": {}});
            }
            Protocol::Http1 => {
                options["explicit_http_config"] = json!({"http_protocol_options": {}});
            }
            Protocol::TlsH2 | Protocol::TlsHttp1 => options["auto_config"] = json!({}),
        }
    }

    /// Takes the address away from the name of a cluster's first endpoint: there is no resolver.
    pub fn unresolve(&mut self, name: &str) {
        let cluster = self.cluster(name);
        cluster["type"] = json!("STRICT_DNS");
        cluster["typed_dns_resolver_config"] = json!({
            "name": "envoy.network.dns_resolver.cares",
            "typed_config": {
                "@type": RESOLVER,
                "resolvers": [address(([127, 0, 0, 1], 9).into())],
            },
        });
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"] =
            json!({"socket_address": {"address": "nowhere.invalid", "port_value": 443}});
    }

    /// The whole, with the gateway's configuration in every filter.
    #[must_use]
    pub fn whole(&self) -> Value {
        let mut document = self.document.clone();
        wasm_blocks(&mut document, &mut |config| {
            config["configuration"]["value"] = self.gateway.clone();
        });
        document
    }

    /// Writes it; JSON is YAML too.
    pub fn write(&self, path: &Path) {
        write(path, &self.whole());
    }

    /// Writes it with the listener in a file of its own, which Envoy watches.
    pub fn write_with_listener(&self, path: &Path, listener_file: &Path) {
        let mut whole = self.whole();
        let listeners = &mut whole["static_resources"]["listeners"];
        let mut listener = std::mem::replace(listeners, json!([]))[0].take();
        listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
        write(listener_file, &json!({"resources": [listener]}));
        whole["node"] = json!({"id": "tests", "cluster": "tests"});
        whole["dynamic_resources"]["lds_config"] = json!({
            "path_config_source": {"path": listener_file}, "resource_api_version": "V3",
        });
        write(path, &whole);
    }
}

fn write(path: &Path, value: &Value) {
    let text = serde_json::to_vec_pretty(value).expect("JSON");
    fs::write(path, text).expect("a file in the test's directory");
}

/// A socket's address in Envoy's words.
#[must_use]
pub fn address(addr: SocketAddr) -> Value {
    json!({"socket_address": {"address": addr.ip(), "port_value": addr.port()}})
}

/// Calls `edit` with the plugin configuration of every Wasm filter, wherever it stands.
fn wasm_blocks(value: &mut Value, edit: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => {
            for item in items {
                wasm_blocks(item, edit);
            }
        }
        Value::Object(members) => {
            if members.get("@type").is_some_and(|name| name == WASM) {
                edit(&mut members["config"]);
            }
            for member in members.values_mut() {
                wasm_blocks(member, edit);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_the_gateway_reaches_every_filter() {
        let mut bootstrap = Bootstrap::reference();
        bootstrap.gateway()["price_version"] = json!("x");
        let mut seen = 0;
        wasm_blocks(&mut bootstrap.whole(), &mut |config| {
            assert_eq!(config["configuration"]["value"]["price_version"], "x");
            seen += 1;
        });
        let without = ["sidecar", "vllm_names", "vllm_resolver", "vllm_tls"].len();
        let providers = bootstrap.clusters().len() - without;
        assert_eq!(seen, 1 + providers, "the gateway's and each provider's");
    }
}
