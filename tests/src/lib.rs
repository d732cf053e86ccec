//! The harness: a real Envoy, a real sidecar and scripted providers, wired together by [`Stack`].
//!
//! ```text
//! Caller ──▶ Envoy (reference configuration, structured edits) ──▶ Provider (in this process)
//!              └──records──▶ Sidecar (a process, its own database)
//! ```
//!
//! A test starts its own stack on ports of its own and shares nothing. Logs are printed only when
//! it fails. Environment: [`place`].

pub mod behind;
pub mod bootstrap;
pub mod client;
pub mod dns;
pub mod envoy;
pub mod place;
pub mod port;
pub mod process;
pub mod provider;
pub mod sidecar;
pub mod sse;
pub mod stack;
pub mod until;

pub use behind::Behind;
pub use bootstrap::Bootstrap;
pub use client::Caller;
pub use dns::Dns;
pub use envoy::Envoy;
pub use provider::{Answer, Chat, Cut, Protocol, Provider, Script};
pub use sidecar::Sidecar;
pub use stack::Stack;
pub use until::until;
