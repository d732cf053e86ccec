//! The statements that write.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sluice_core::spend::Record;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::contacts;

use crate::store::{Entry, StoreError};

/// Rows of one statement. SQLite takes 32,766 values a statement; a row has at most 15.
pub(super) const ROWS: usize = 500;

/// Takes the write lock at once: a read that turns into a write fails when another wrote between.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// Places of the entries that were new, in the batch as it was given.
pub(super) type New = BTreeSet<usize>;

/// Writes batches in one transaction, committed when this returns.
pub(super) async fn all(pool: &SqlitePool, batches: &[&[Entry]]) -> Result<Vec<New>, StoreError> {
    let write = async {
        let mut transaction = pool.begin_with(BEGIN).await?;
        let mut results = Vec::with_capacity(batches.len());
        for batch in batches {
            results.push(batch_of(&mut transaction, batch).await?);
        }
        transaction.commit().await?;
        Ok(results)
    };
    write.await.map_err(StoreError::during("storing records"))
}

/// Writes one row and commits it: what a record needs, on a table of its own.
pub(super) async fn probe(pool: &SqlitePool, at_ms: i64) -> Result<(), StoreError> {
    let write = async {
        let mut transaction = pool.begin_with(BEGIN).await?;
        sqlx::query("INSERT INTO probe (id, at_ms) VALUES (1, ?) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms")
            .bind(at_ms)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    };
    write.await.map_err(StoreError::during("the write check"))
}

async fn batch_of(connection: &mut SqliteConnection, batch: &[Entry]) -> sqlx::Result<New> {
    let mut new = New::new();
    for (chunk, start) in batch.chunks(ROWS).zip((0..).step_by(ROWS)) {
        let mut handles = records(connection, chunk).await?;
        let mut stored = Vec::with_capacity(handles.len());
        for (entry, place) in chunk.iter().zip(start..) {
            if let Some(seq) = handles.remove(&entry.id) {
                new.insert(place);
                stored.push((seq, &entry.record));
            }
        }
        pairs(connection, "tags", &stored, |record| &record.tags).await?;
        pairs(connection, "metadata", &stored, |record| &record.metadata).await?;
        contacts::meet(connection, stored.iter().map(|(_, record)| *record)).await?;
    }
    Ok(new)
}

/// Inserts records that are not there yet; gives the handle of each that was inserted.
async fn records(
    connection: &mut SqliteConnection,
    entries: &[Entry],
) -> sqlx::Result<HashMap<Uuid, i64>> {
    let mut texts = Vec::with_capacity(entries.len());
    for entry in entries {
        texts
            .push(serde_json::to_string(&entry.record).map_err(|e| sqlx::Error::Encode(e.into()))?);
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO records (id, started_ms, key_id, model, provider, project, \
         contact, thread, episode, dialect, \
         prompt_tokens, completion_tokens, cost_nano_usd, price_version, record) ",
    );
    query.push_values(entries.iter().zip(texts), |mut row, (entry, text)| {
        let record = &entry.record;
        row.push_bind(entry.id)
            .push_bind(column(record.started_ms))
            .push_bind(record.key_id.clone())
            .push_bind(record.model.clone())
            .push_bind(record.provider.clone())
            .push_bind(record.project.clone())
            .push_bind(named(record.contact.as_ref().map(|contact| &contact.id)))
            .push_bind(named(record.thread.as_ref().map(|thread| &thread.id)))
            .push_bind(record.episode.clone())
            .push_bind(record.dialect.clone())
            .push_bind(record.usage.prompt_tokens.map(column))
            .push_bind(record.usage.completion_tokens.map(column))
            .push_bind(
                entry
                    .cost_nano_usd
                    .and_then(|cost| i64::try_from(cost).ok()),
            )
            .push_bind(entry.price_version.clone())
            .push_bind(text);
    });
    query.push(" ON CONFLICT (id) DO NOTHING RETURNING id, seq");
    let whole = entries.len() == ROWS;
    let rows = query
        .build()
        .persistent(whole)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

/// Inserts one sort of pairs of records that are new into their table.
async fn pairs(
    connection: &mut SqliteConnection,
    table: &'static str,
    records: &[(i64, &Record)],
    of: fn(&Record) -> &BTreeMap<String, String>,
) -> sqlx::Result<()> {
    let all: Vec<_> = records
        .iter()
        .flat_map(|(seq, record)| of(record).iter().map(|pair| (*seq, pair)))
        .collect();
    for chunk in all.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO ");
        query.push(table).push(" (record, name, value) ");
        query.push_values(chunk, |mut row, (seq, (name, value))| {
            row.push_bind(*seq)
                .push_bind((*name).clone())
                .push_bind((*value).clone());
        });
        let whole = chunk.len() == ROWS;
        let query = query.build().persistent(whole);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// An id as a column holds it: an empty one is none.
fn named(id: Option<&String>) -> Option<String> {
    id.filter(|id| !id.is_empty()).cloned()
}

/// A count as a column holds it; what is larger than any real count stays the largest.
pub(super) fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
