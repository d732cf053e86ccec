//! The exports that Envoy needs.
//!
//! The SDK exports a function for every callback there is, and Envoy calls each that is exported: an entry into the VM costs
//! more than the filter's own work in most of them. What the filter has something to do in is in `KEPT`; the rest goes,
//! with all code that only it needs. A module that was not trimmed does the same, and costs more.

use walrus::{ExportItem, Module, passes};

use crate::{Result, copies};

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

/// What was changed.
pub struct Trimmed {
    /// How many exports were taken out.
    pub exports: usize,
    /// How many copies are done by the module's own function.
    pub copies: usize,
    /// The module.
    pub module: Vec<u8>,
}

/// Takes out all exports but those, and the code that is not needed any more; `None` where there is nothing to take out.
///
/// # Errors
///
/// A module that is not readable, or lacks one of them.
pub fn trim(module: &[u8]) -> Result<Option<Trimmed>> {
    let mut module = Module::from_buffer(module)?;
    for name in KEPT {
        if !module.exports.iter().any(|export| export.name == name) {
            return Err(format!("the module does not export {name}").into());
        }
    }
    let more = module.exports.iter().filter(|export| {
        !KEPT.contains(&export.name.as_str()) && matches!(export.item, ExportItem::Function(_))
    });
    let more: Vec<_> = more.map(walrus::Export::id).collect();
    if more.is_empty() {
        return Ok(None);
    }
    let copies = copies::replace(&mut module)?;
    more.iter()
        .for_each(|export| module.exports.delete(*export));
    passes::gc::run(&mut module);
    Ok(Some(Trimmed {
        exports: more.len(),
        copies,
        module: module.emit_wasm(),
    }))
}
