//! The configuration document: JSON bytes → [`Config`], or every fault with its place.
//!
//! The document is written once, inside the Envoy YAML, as the plugin's `configuration`; the
//! filter gets it from the host as a protobuf Struct or as JSON, and the sidecar reads it from the same file. Field by
//! field it is described in `docs/configuration.md`. Nothing outside this module reads the
//! document; what leaves it is complete and consistent.

mod alias;
mod auth;
mod auto;
mod defaults;
mod endpoint;
mod fault;
mod function;
mod health;
mod model;
mod pb;
mod price;
mod provider;
mod reader;
mod sidecar;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

pub use auth::{Auth, AuthMode, Key};
pub use auto::{AUTO, Auto, Part, Weights};
pub use defaults::{Defaults, Limits, Timeouts, UnknownFields, UnknownRoutes};
pub use endpoint::{AllowedHost, STANDS_FOR, VllmEndpoint};
pub use fault::{ConfigError, ConfigFault};
pub use function::{Function, Variant};
pub use health::Health;
pub use model::{Candidate, Capability, Model, Tier};
pub use price::Price;
pub use provider::{CapField, Credential, Kind, Provider};
pub use sidecar::Sidecar;

use crate::sorted;
use reader::Reader;

/// A checked configuration: every name that it uses is defined in it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may call (W05).
    pub auth: Auth,
    /// How `auto` chooses (W21).
    pub auto: Auto,
    /// Providers by name, which is the name of their Envoy cluster.
    pub providers: BTreeMap<String, Arc<Provider>>,
    /// Models by the name that callers use.
    pub models: BTreeMap<String, Arc<Model>>,
    /// Functions by name.
    pub functions: BTreeMap<String, Arc<Function>>,
    /// Other names for selectors (W20).
    pub aliases: BTreeMap<String, String>,
    /// What applies where a request says nothing.
    pub defaults: Defaults,
    /// When a provider's model rests (W36).
    pub health: Health,
    /// Where records go.
    pub sidecar: Sidecar,
    /// What callers may name as their own vLLM; `None` is nothing (W33).
    pub vllm_endpoint: Option<VllmEndpoint>,
    /// Version of the price table, written into every priced record.
    pub price_version: String,
    /// First 16 hexadecimal digits of the document's SHA-256, as `/status` shows it.
    pub hash: String,
}

impl Config {
    /// Reads a configuration document.
    ///
    /// # Errors
    ///
    /// Every fault of the document, in the order of reading, each with its JSON pointer.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<ConfigError>> {
        let value = document(bytes)?;
        let mut faults = Vec::new();
        let config = read(&value, &mut faults);
        if faults.is_empty() {
            Ok(config)
        } else {
            Err(faults)
        }
    }

    /// The keys of all candidates, each once ([`Candidate::key`]).
    #[must_use]
    pub fn keys(&self) -> BTreeSet<&str> {
        let candidates = self.models.values().flat_map(|model| &model.candidates);
        let mut keys = BTreeSet::new();
        keys.extend(candidates.map(|candidate| &*candidate.key));
        keys
    }
}

/// The document as JSON, whichever way it is spelled. No JSON object begins like a Struct.
fn document(bytes: &[u8]) -> Result<Value, Vec<ConfigError>> {
    let json: Result<Value, _> = serde_json::from_slice(bytes);
    json.or_else(|error| {
        pb::decode(bytes).ok_or_else(|| {
            let fault = ConfigFault::NotJson(error.to_string());
            vec![ConfigError {
                at: String::new(),
                fault,
            }]
        })
    })
}

fn read(value: &Value, faults: &mut Vec<ConfigError>) -> Config {
    let mut reader = Reader::new(String::new(), value, faults);
    let r = &mut reader;
    let auth = r.object("auth", auth::read).unwrap_or_default();
    let auto = r.object("auto", auto::read).unwrap_or_default();
    let providers = r.named("providers", provider::read).into_iter();
    let providers = sorted::map(providers.map(|(name, provider)| (name, Arc::new(provider))));
    if providers.is_empty() {
        r.fault("providers", ConfigFault::Missing);
    }
    let models = sorted::map(r.named("models", |name, r| {
        Arc::new(model::read(name, r, &providers))
    }));
    if models.is_empty() {
        r.fault("models", ConfigFault::Missing);
    }
    let functions = sorted::map(r.named("functions", |name, r| {
        Arc::new(function::read(name, r, &models))
    }));
    let aliases = r.texts_by_name("aliases");
    let lists = (&providers, &models, &functions);
    for (name, selector) in &aliases {
        if !alias::leads(selector, lists) {
            r.alias_fault(name, selector);
        }
    }
    let defaults = r
        .object("defaults", |r| defaults::read(r, &providers, &models))
        .unwrap_or_default();
    let health = r.object("health", health::read).unwrap_or_default();
    let sidecar = r.object("sidecar", sidecar::read).unwrap_or_default();
    let vllm_endpoint = r.object("vllm_endpoint", endpoint::read);
    let price_version = r
        .text("price_version")
        .unwrap_or_else(|| "unversioned".to_owned());
    reader.close();
    let hash = hash(value);
    Config {
        auth,
        auto,
        providers,
        models,
        functions,
        aliases,
        defaults,
        health,
        sidecar,
        vllm_endpoint,
        price_version,
        hash,
    }
}

/// Hash of the document's meaning: members in order of their names, so that Envoy's and the
/// file's spelling of the same document hash alike.
fn hash(value: &Value) -> String {
    let digest = Sha256::digest(normal(value).to_string().as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The value with every number as a double: protobuf's Struct has no other.
fn normal(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), normal(value)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
