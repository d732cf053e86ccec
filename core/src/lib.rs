//! The thinking of Sluice: bytes and a clock in, values and effects out.

#![forbid(unsafe_code)]

pub mod config;
pub mod error;
mod near;
pub mod spend;
