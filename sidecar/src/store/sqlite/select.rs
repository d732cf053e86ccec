//! The statements that read.

use std::fmt;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, SqlitePool};

use crate::store::{Cursor, Filter, Page, Pair, Query, Row, StoreError, Totals};

/// One page and the totals, both of the same moment.
pub(super) async fn page(pool: &SqlitePool, query: &Query) -> Result<Page, StoreError> {
    let read = async {
        let mut transaction = pool.begin().await?;
        let rows = rows(&mut transaction, query).await?;
        let totals = totals(&mut transaction, &query.filter).await?;
        transaction.rollback().await?;
        Ok((rows, totals))
    };
    let (found, totals) = read.await.map_err(StoreError::during("reading records"))?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    let mut rows = Vec::with_capacity(found.len().min(limit));
    let mut last = None;
    for (text, row, cursor) in found.into_iter().take(limit) {
        let record = serde_json::from_str(&text).map_err(StoreError::Unreadable)?;
        rows.push(Row { record, ..row });
        last = Some(cursor);
    }
    let next = last.filter(|_| more);
    Ok(Page { rows, next, totals })
}

/// Reads something that only an intact schema has.
pub(super) async fn probe(pool: &SqlitePool) -> Result<(), StoreError> {
    sqlx::query("SELECT id FROM records LIMIT 1")
        .fetch_optional(pool)
        .await
        .map_err(StoreError::during("the read check"))?;
    Ok(())
}

pub(super) async fn size(pool: &SqlitePool) -> Result<u64, StoreError> {
    let bytes: i64 = sqlx::query_scalar(
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    )
    .fetch_one(pool)
    .await
    .map_err(StoreError::during("measuring the database"))?;
    Ok(bytes.unsigned_abs())
}

type Found = (String, Row, Cursor);

async fn rows(connection: &mut SqliteConnection, query: &Query) -> sqlx::Result<Vec<Found>> {
    let mut sql = QueryBuilder::new(
        "SELECT record, cost_nano_usd, price_version, started_ms, id FROM records",
    );
    conditions(&mut sql, &query.filter);
    if let Some(after) = query.after {
        sql.push(" AND (started_ms, id) < (")
            .push_bind(after.started_ms);
        sql.push(", ").push_bind(after.id).push(")");
    }
    sql.push(" ORDER BY started_ms DESC, id DESC LIMIT ");
    sql.push_bind(i64::from(query.limit) + 1);
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter().map(found).collect()
}

fn found(row: &SqliteRow) -> sqlx::Result<Found> {
    let cursor = Cursor {
        started_ms: row.try_get(3)?,
        id: row.try_get(4)?,
    };
    let cost: Option<i64> = row.try_get(1)?;
    let priced = Row {
        record: serde_json::Map::new(),
        cost_nano_usd: cost.map(i64::unsigned_abs),
        price_version: row.try_get(2)?,
    };
    Ok((row.try_get(0)?, priced, cursor))
}

async fn totals(connection: &mut SqliteConnection, filter: &Filter) -> sqlx::Result<Totals> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(Sums).push(" FROM records");
    conditions(&mut sql, filter);
    sums(&sql.build().fetch_one(connection).await?)
}

/// The first columns of a statement whose rows [`sums`] reads. SQLite's `SUM` fails where it leaves
/// 63 bits, so each column is summed in two halves.
pub(super) struct Sums;

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("COUNT(*), COUNT(cost_nano_usd)")?;
        for column in ["prompt_tokens", "completion_tokens", "cost_nano_usd"] {
            write!(
                f,
                ", COALESCE(SUM({column} >> 32), 0), COALESCE(SUM({column} & 4294967295), 0)"
            )?;
        }
        Ok(())
    }
}

/// Reads the columns of [`Sums`].
pub(super) fn sums(row: &SqliteRow) -> sqlx::Result<Totals> {
    let count = |place| row.try_get(place).map(i64::unsigned_abs);
    let sum = |place| -> sqlx::Result<u128> {
        Ok((u128::from(count(place)?) << 32) + u128::from(count(place + 1)?))
    };
    let requests = count(0)?;
    Ok(Totals {
        requests,
        prompt_tokens: sum(2)?,
        completion_tokens: sum(4)?,
        cost_nano_usd: sum(6)?,
        unpriced: requests.saturating_sub(count(1)?),
    })
}

fn conditions(sql: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    sql.push(" WHERE 1");
    let texts = [
        ("key_id", &filter.key),
        ("model", &filter.model),
        ("provider", &filter.provider),
        ("project", &filter.project),
        ("contact", &filter.contact),
        ("thread", &filter.thread),
        ("episode", &filter.episode),
        ("dialect", &filter.dialect),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            sql.push(format_args!(" AND {column} = "))
                .push_bind(text.clone());
        }
    }
    for (comparison, ms) in [(">=", filter.from_ms), ("<", filter.to_ms)] {
        if let Some(ms) = ms {
            sql.push(format_args!(" AND started_ms {comparison} "));
            sql.push_bind(i64::try_from(ms).unwrap_or(i64::MAX));
        }
    }
    pairs(sql, "tags", &filter.tags);
    pairs(sql, "metadata", &filter.metadata);
}

fn pairs(sql: &mut QueryBuilder<Sqlite>, table: &'static str, pairs: &[Pair]) {
    for pair in pairs {
        sql.push(format_args!(
            " AND seq IN (SELECT record FROM {table} WHERE name = "
        ));
        sql.push_bind(pair.name.clone());
        if let Some(value) = &pair.value {
            sql.push(" AND value = ").push_bind(value.clone());
        }
        sql.push(")");
    }
}
