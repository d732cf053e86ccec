//! What can go wrong with a store.

use std::sync::Arc;

/// A fault of a store. The text is for the log; callers get [`StoreError::operation`] at most.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store was closed: the sidecar is stopping.
    #[error("the store is closed")]
    Closed,
    /// The connection string names an engine that there is no driver for.
    #[error("no driver for `{scheme}`; a connection string is `sqlite://<path>`")]
    Scheme {
        /// What stands before the colon; never the rest, which may hold a password.
        scheme: String,
    },
    /// The connection string names no file, so that nothing would outlive the process.
    #[error("`{url}` names no file; a connection string is `sqlite://<path>`")]
    NoFile {
        /// The connection string.
        url: String,
    },
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A stored record is not what was written.
    #[error("a stored record is not readable")]
    Unreadable(#[source] serde_json::Error),
    /// The database refused or failed.
    #[error("{operation} failed")]
    Database {
        /// What was tried, in words.
        operation: &'static str,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The transaction that several batches shared failed.
    #[error(transparent)]
    Shared(Arc<Self>),
    /// The database did not answer in time.
    #[error("{operation} took too long")]
    Timeout {
        /// What was tried, in words.
        operation: &'static str,
    },
}

impl StoreError {
    /// Wraps a driver's error with what was tried; for `map_err`.
    pub(super) fn during(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { operation, source }
    }

    /// What failed, in words that hold no internals.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Closed => "the store is closed",
            Self::Scheme { .. } | Self::NoFile { .. } | Self::Migration(_) => "opening",
            Self::Shared(fault) => fault.operation(),
            Self::Unreadable(_) => "reading",
            Self::Database { operation, .. } | Self::Timeout { operation } => operation,
        }
    }
}
