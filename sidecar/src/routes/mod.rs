//! The handlers, one file a resource.

pub(crate) mod contacts;
pub(crate) mod health;
pub(crate) mod index;
pub(crate) mod metrics;
pub(crate) mod models;
pub(crate) mod openapi;
pub(crate) mod records;
pub(crate) mod reports;
pub(crate) mod spend;
pub(crate) mod status;

mod access;
mod body;
mod params;
