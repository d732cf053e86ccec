//! Sluice as an Envoy filter: one module, two root contexts.
//!
//! The **gateway** filter runs once a request, the **provider** filter once an attempt, inside the
//! cluster of the provider. Both live in one VM and share the exchange of the request in its
//! memory. Each callback reads the host, calls `sluice-core`, and does what it says.

#![expect(
    missing_docs,
    reason = "the SDK's macro exports a function without any"
)]

mod exchanges;
mod gateway;
mod health;
mod host;
mod outbox;
mod provider;
mod raw;
mod root;
mod shared;

use proxy_wasm::types::LogLevel;

#[cfg(target_family = "wasm")]
#[global_allocator]
static MEMORY: sluice_memory::Memory = sluice_memory::Memory::new();

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::<root::Root>::default());
}}
