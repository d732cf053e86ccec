//! The sidecar of Sluice: keys, spend, catalogue and health. No token of a model passes it.
//!
//! ```text
//! filter ─▶ POST /internal/records ─▶ ingest: price ─▶ store: commit ─▶ 2xx
//!        ─▶ POST /internal/health  ─▶ fleet: what all Envoys say ─▶ what cools down everywhere
//! operator ─▶ GET /v1/spend, /v1/contacts, /metrics        caller ─▶ GET /v1/models, /status, /health,
//!                                                                 /openapi.json
//! ```
//!
//! Routes stand in [`router()`], their handlers in `routes`, the commands in [`cli`]. What a record,
//! a price and a model are is [`sluice_core`]'s to say; this crate declares no wire type of its own
//! beyond the answers of its routes.

#![forbid(unsafe_code)]

mod app;
pub mod cli;
mod demo;
pub mod document;
pub mod error;
mod fleet;
pub mod ingest;
mod metrics;
mod openapi;
mod probe;
mod router;
mod routes;
mod serve;
mod settings;
pub mod store;
mod tally;
mod token;

pub use app::{Access, App};
pub use fleet::{Figures, Fleet};
pub use metrics::Metrics;
pub use probe::{Look, Probe};
pub use router::router;
pub use serve::serve;
pub use tally::Tally;
pub use token::Token;
