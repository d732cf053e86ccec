//! Where records are kept: [`Entry`] in, [`Page`] and [`ContactPage`] out.
//!
//! The engine is chosen by the connection string. A further engine is a variant of [`Store`], a
//! folder beside `sqlite`, and an arm in each method here; nothing outside this module changes.

mod entry;
mod error;
mod query;
mod sqlite;

use std::time::Duration;

pub use entry::{Appended, ContactRow, Entry, Row, Served};
pub use error::StoreError;
pub use query::{ContactPage, ContactQuery, Cursor, Filter, NotACursor, Page, Pair, Query, Totals};

use sqlite::Sqlite;

/// How long a health check may take before the store counts as unavailable.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// A store of one engine. Clones share it.
#[derive(Clone, Debug)]
pub enum Store {
    /// The embedded default: one file beside the sidecar.
    Sqlite(Sqlite),
}

impl Store {
    /// Opens the store that a connection string names, creates it when absent and brings its
    /// schema up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Scheme`] for an engine without a driver, [`StoreError::NoFile`] for a
    /// database in memory, and what the engine says.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "sqlite" => Ok(Self::Sqlite(Sqlite::open(url).await?)),
            other => Err(StoreError::Scheme {
                scheme: other.to_owned(),
            }),
        }
    }

    /// Stores what is not there yet. When it returns, the entries are on the disk.
    ///
    /// # Errors
    ///
    /// What the engine says; then nothing of it was stored, and it may be tried again.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<Appended, StoreError> {
        match self {
            Self::Sqlite(store) => store.append(entries).await,
        }
    }

    /// One page of records and the sums over the whole filter.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn page(&self, query: &Query) -> Result<Page, StoreError> {
        match self {
            Self::Sqlite(store) => store.page(query).await,
        }
    }

    /// One page of contacts, each with the sums over its records.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn contacts(&self, query: &ContactQuery) -> Result<ContactPage, StoreError> {
        match self {
            Self::Sqlite(store) => store.contacts(query).await,
        }
    }

    /// Requests that providers served and that started in `from_ms..to_ms`, Unix milliseconds; with
    /// `after` only those stored behind [`Served::last`] of an earlier count.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn served(
        &self,
        from_ms: u64,
        to_ms: u64,
        after: Option<i64>,
    ) -> Result<Served, StoreError> {
        match self {
            Self::Sqlite(store) => store.served(from_ms, to_ms, after).await,
        }
    }

    /// Reads and writes once, to see that both work.
    ///
    /// # Errors
    ///
    /// What the engine says, or [`StoreError::Timeout`] after two seconds.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let probe = async {
            match self {
                Self::Sqlite(store) => store.probe().await,
            }
        };
        let operation = "the health check";
        tokio::time::timeout(PROBE_LIMIT, probe)
            .await
            .unwrap_or(Err(StoreError::Timeout { operation }))
    }

    /// Bytes of the database.
    ///
    /// # Errors
    ///
    /// What the engine says.
    pub async fn size(&self) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(store) => store.size().await,
        }
    }

    /// The engine's name, as `/health` shows it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
        }
    }

    /// Finishes what waits to be written, then closes. Later calls fail.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
        }
    }
}
