//! Finds the gateway's configuration document: an Envoy file, or the document by itself → [`Config`].
//!
//! The document is written once, in the Envoy file, as the plugin's `configuration`; sidecar and
//! filter read the same one. What is wrong is told with its place in the file.

mod block;
mod endpoint;
mod envoy;
mod fault;
mod yaml;

use std::path::Path;

use serde_json::Value;
use sluice_core::config::Config;

pub use fault::Fault;

use block::{Block, blocks};
use fault::pointer;

/// Members of an Envoy file, none of which the gateway's document has.
const BOOTSTRAP: [&str; 5] = [
    "admin",
    "dynamic_resources",
    "node",
    "resources",
    "static_resources",
];

/// Reads an Envoy file and gives the document that its wasm filters hold.
///
/// # Errors
///
/// The file cannot be read, is not YAML, holds no filter of ours, or the document has faults.
pub fn from_envoy(path: &Path) -> Result<Config, Vec<Fault>> {
    let value = read(path)?;
    let blocks = blocks(&value);
    let block = Block::main(&blocks).ok_or_else(|| vec![no_block()])?;
    from_block(block)
}

/// Reads the document by itself, as YAML or JSON.
///
/// # Errors
///
/// The file cannot be read, is not YAML, or the document has faults.
pub fn from_bare(path: &Path) -> Result<Config, Vec<Fault>> {
    parse(&read(path)?, "")
}

/// Reads either, and also finds what only the Envoy file can tell.
///
/// # Errors
///
/// Every fault, in the order of the file's parts.
pub fn check(path: &Path) -> Result<Config, Vec<Fault>> {
    let value = read(path)?;
    let blocks = blocks(&value);
    let Some(block) = Block::main(&blocks) else {
        let bootstrap = BOOTSTRAP.iter().any(|member| value.get(member).is_some());
        return if bootstrap {
            Err(vec![no_block()])
        } else {
            parse(&value, "")
        };
    };
    let config = from_block(block);
    let mut faults = envoy::faults(&value, &blocks, block, config.as_ref().ok());
    match config {
        Ok(config) if faults.is_empty() => Ok(config),
        Ok(_) => Err(faults),
        Err(mut all) => {
            all.append(&mut faults);
            Err(all)
        }
    }
}

fn from_block(block: &Block<'_>) -> Result<Config, Vec<Fault>> {
    let (at, document) = block.document().map_err(|fault| vec![fault])?;
    parse(&document, &at)
}

fn parse(document: &Value, at: &str) -> Result<Config, Vec<Fault>> {
    Config::parse(document.to_string().as_bytes()).map_err(|errors| {
        let place = |inner: String| format!("{at}{inner}");
        errors
            .into_iter()
            .map(|error| Fault::new(place(error.at), error.fault.to_string()))
            .collect()
    })
}

fn read(path: &Path) -> Result<Value, Vec<Fault>> {
    let bytes = std::fs::read(path)
        .map_err(|error| vec![Fault::new("", format!("cannot be read: {error}"))])?;
    yaml::parse(&bytes).map_err(|fault| vec![fault])
}

fn no_block() -> Fault {
    Fault::new("", "has no wasm filter with `root_id: gateway`")
}
