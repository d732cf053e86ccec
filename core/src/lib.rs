//! The thinking of Sluice: bytes and a clock in, values and effects out.

#![forbid(unsafe_code)]

pub mod address;
pub mod answer;
pub mod auth;
pub mod auto;
pub mod config;
pub mod dialect;
pub mod endpoint;
pub mod error;
pub mod exchange;
pub mod explain;
pub mod gateway;
pub mod head;
pub mod headers;
pub mod health;
pub mod id;
pub mod json;
pub mod luck;
mod near;
pub mod plan;
pub mod reject;
pub mod reply;
pub mod request;
pub mod route;
pub mod scrub;
pub mod selector;
pub mod sorted;
pub mod spend;
mod text;
pub mod timeout;
pub mod wire;
