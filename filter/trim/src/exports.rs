//! The exports that Envoy needs.
//!
//! The SDK exports a function for every callback there is, and Envoy calls each that is exported: an entry into the VM costs
//! more than the filter's own work in most of them. What the filter has something to do in is in `KEPT`; the rest goes,
//! with all code that only it needs. A module that was not trimmed does the same, and costs more.

use walrus::{Export, ExportId, ExportItem, Module, passes};

use crate::Result;

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

/// The exports that Envoy does not need; none are left in a module that is trimmed.
///
/// # Errors
///
/// A module that lacks one that it needs.
pub fn needless(module: &Module) -> Result<Vec<ExportId>> {
    for name in KEPT {
        if !module.exports.iter().any(|export| export.name == name) {
            return Err(format!("the module does not export {name}").into());
        }
    }
    let needless = module.exports.iter().filter(|export| {
        !KEPT.contains(&export.name.as_str()) && matches!(export.item, ExportItem::Function(_))
    });
    Ok(needless.map(Export::id).collect())
}

/// Takes them out, and the code that is not needed any more.
pub fn remove(module: &mut Module, needless: &[ExportId]) {
    needless
        .iter()
        .for_each(|export| module.exports.delete(*export));
    passes::gc::run(module);
}
