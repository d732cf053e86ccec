//! Takes out of the Wasm module what Envoy would call for nothing.
//!
//! The SDK exports a function for every callback there is, and Envoy calls each that is exported: an entry into the VM costs
//! more than the filter's own work in most of them. What the filter has something to do in is in `KEPT`; the rest goes,
//! with all code that only it needs. A module that was not trimmed does the same, and costs more.
//!
//! Usage: `sluice-trim <module.wasm>`, in place; a module that is trimmed already stays as it is.

use std::path::PathBuf;
use std::{env, fs};

use walrus::{ExportItem, Module, passes};

/// The exports that Envoy needs, and the callbacks in which the filter has something to do.
const KEPT: [&str; 15] = [
    "_initialize",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_http_call_response",
    "proxy_on_memory_allocate",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_response_body",
    "proxy_on_response_headers",
    "proxy_on_response_trailers",
    "proxy_on_tick",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = env::args_os().nth(1).map(PathBuf::from);
    let path = path.ok_or("usage: sluice-trim <module.wasm>")?;
    let before = fs::read(&path)?;
    let mut module = Module::from_buffer(&before)?;
    for name in KEPT {
        if !module.exports.iter().any(|export| export.name == name) {
            return Err(format!("{}: it does not export {name}", path.display()).into());
        }
    }
    let more = module.exports.iter().filter(|export| {
        !KEPT.contains(&export.name.as_str()) && matches!(export.item, ExportItem::Function(_))
    });
    let more: Vec<_> = more.map(walrus::Export::id).collect();
    if more.is_empty() {
        return Ok(());
    }
    more.iter()
        .for_each(|export| module.exports.delete(*export));
    passes::gc::run(&mut module);
    let after = module.emit_wasm();
    // Beside it, then in its place: cargo has the same file under another name.
    let beside = path.with_extension("wasm.trimmed");
    fs::write(&beside, &after)?;
    fs::rename(&beside, &path)?;
    println!(
        "{}: {} exports fewer, {} of {} bytes",
        path.display(),
        more.len(),
        after.len(),
        before.len()
    );
    Ok(())
}
