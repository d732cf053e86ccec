//! What becomes of the Wasm module between the compiler and Envoy.
//!
//! Short copies of memory are done inside of it ([`copies`]), and what Envoy would call for nothing is taken out ([`exports`]). Then
//! V8 is told which way the branches go ([`branches`]), as it was counted under load ([`counting`]).

pub mod branches;
pub mod copies;
pub mod counting;
pub mod exports;
pub mod functions;
pub mod order;

/// What can be wrong with a module or with a file about it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
