//! How many requests each key has served.

use sqlx::{Row as _, SqlitePool};

use crate::store::{Served, StoreError};

/// Counts the records that a provider served and that started in `from_ms..to_ms`; with `after` only
/// those that were stored later than it.
pub(super) async fn count(
    pool: &SqlitePool,
    from_ms: u64,
    to_ms: u64,
    after: Option<i64>,
) -> Result<Served, StoreError> {
    let bound = |ms| i64::try_from(ms).unwrap_or(i64::MAX);
    let read = async {
        let mut transaction = pool.begin().await?;
        let last: Option<i64> = sqlx::query_scalar("SELECT MAX(seq) FROM records")
            .fetch_one(&mut *transaction)
            .await?;
        let rows = sqlx::query(statement(after.is_some()))
            .bind(bound(from_ms))
            .bind(bound(to_ms))
            .bind(after.unwrap_or_default())
            .fetch_all(&mut *transaction)
            .await?;
        transaction.rollback().await?;
        let row = |row: &sqlx::sqlite::SqliteRow| {
            let requests: i64 = row.try_get(1)?;
            Ok((row.try_get(0)?, requests.unsigned_abs()))
        };
        Ok(Served {
            requests: rows.iter().map(row).collect::<sqlx::Result<_>>()?,
            last: last.or(after).unwrap_or_default(),
        })
    };
    read.await.map_err(StoreError::during("counting requests"))
}

/// The plus keeps SQLite from the other range: a whole day is found by its times, what came since the
/// last count by its place.
fn statement(later: bool) -> &'static str {
    if later {
        "SELECT provider || ':' || (record ->> '$.request_model') AS key, COUNT(*) FROM records
         WHERE +started_ms >= ? AND +started_ms < ? AND seq > ? AND provider IS NOT NULL
         GROUP BY key HAVING key IS NOT NULL"
    } else {
        "SELECT provider || ':' || (record ->> '$.request_model') AS key, COUNT(*) FROM records
         WHERE started_ms >= ? AND started_ms < ? AND +seq > ? AND +provider IS NOT NULL
         GROUP BY key HAVING key IS NOT NULL"
    }
}
