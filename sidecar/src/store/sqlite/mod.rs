//! The embedded store: one SQLite file, one writer, several readers.
//!
//! ```text
//! append ─▶ queue ─▶ writer task ─▶ one transaction for all that waits ─▶ commit ─▶ replies
//! page, contacts, served, size ─▶ read-only pool
//! ```

mod contacts;
mod insert;
mod select;
mod served;
mod writer;

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};
use tokio::time::timeout;

use super::{Appended, ContactPage, ContactQuery, Entry, Page, Query, Served, StoreError};
use writer::Writer;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Connections for reading; SQLite in WAL mode lets them run beside the writer.
const READERS: u32 = 4;

/// How long a statement waits for another process that writes to the same file.
const BUSY: Duration = Duration::from_secs(5);

/// How long queries that run have to finish when the store is closed.
const CLOSE: Duration = Duration::from_secs(5);

/// An open SQLite file. Clones share it.
#[derive(Clone, Debug)]
pub struct Sqlite {
    readers: SqlitePool,
    writer: Writer,
}

impl Sqlite {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = options(url)?;
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(StoreError::during("opening the database"))?;
        MIGRATIONS.run(&pool).await.map_err(StoreError::Migration)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self {
            readers,
            writer: Writer::start(pool),
        })
    }

    pub(super) async fn append(&self, entries: Vec<Entry>) -> Result<Appended, StoreError> {
        self.writer.append(entries).await
    }

    pub(super) async fn page(&self, query: &Query) -> Result<Page, StoreError> {
        select::page(&self.readers, query).await
    }

    pub(super) async fn contacts(&self, query: &ContactQuery) -> Result<ContactPage, StoreError> {
        contacts::page(&self.readers, query).await
    }

    pub(super) async fn served(
        &self,
        from_ms: u64,
        to_ms: u64,
        after: Option<i64>,
    ) -> Result<Served, StoreError> {
        served::count(&self.readers, from_ms, to_ms, after).await
    }

    pub(super) async fn probe(&self) -> Result<(), StoreError> {
        select::probe(&self.readers).await?;
        self.writer.probe().await
    }

    pub(super) async fn size(&self) -> Result<u64, StoreError> {
        select::size(&self.readers).await
    }

    pub(super) async fn close(&self) {
        // The writer last: the last connection to go writes the log back, and readers must not write.
        if timeout(CLOSE, self.readers.close()).await.is_err() {
            tracing::warn!("a query was cut: it did not finish in time");
        }
        self.writer.close().await;
    }
}

/// WAL lets readers run beside the writer. `synchronous = FULL` syncs the log at each commit: the
/// filter forgets a record at the 2xx, so a loss of power must not take it back. The price is one
/// sync a transaction, which all batches that wait share.
fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let place = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    if path.is_empty() || path == ":memory:" || query.contains("mode=memory") {
        return Err(StoreError::NoFile {
            url: url.to_owned(),
        });
    }
    let options: SqliteConnectOptions = url
        .parse()
        .map_err(StoreError::during("reading the connection string"))?;
    Ok(options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_commit_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let options = options(&format!("sqlite://{}/s.db", folder.path().display())).unwrap();
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let level: i64 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(level, 2, "FULL");
    }
}
