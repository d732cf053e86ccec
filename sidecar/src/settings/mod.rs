//! What can be set: one struct a concern, each a flag and an environment variable.

mod access;
mod bind;
mod database;
mod document;
mod log;

pub(crate) use access::AccessSettings;
pub(crate) use bind::BindSettings;
pub(crate) use database::DatabaseSettings;
pub(crate) use document::DocumentSettings;
pub(crate) use log::LogSettings;
