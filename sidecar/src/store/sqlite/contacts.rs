//! Contacts: made by the records that name them (W55).

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use sluice_core::spend::{Contact, Record};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, SqlitePool};

use super::insert::{ROWS, column};
use super::select::{Sums, sums};
use crate::store::{ContactPage, ContactQuery, ContactRow, StoreError, Totals};

/// What a record may say of its contact. Beside each such column is one more, `…_ms`: the start of
/// the record that gave it.
const DETAILS: [&str; 5] = ["display_name", "email", "logo_url", "tags", "metadata"];

/// Makes the contacts that records name, or updates them: of each detail that of the newest record
/// that gave it stays. The records are new, and at most [`ROWS`].
pub(super) async fn meet(
    connection: &mut SqliteConnection,
    records: impl Iterator<Item = &Record>,
) -> sqlx::Result<()> {
    let mut given = Vec::new();
    for record in records {
        let named = record
            .contact
            .as_ref()
            .filter(|contact| !contact.id.is_empty());
        if let Some(contact) = named {
            let (tags, metadata) = (text(&contact.tags)?, text(&contact.metadata)?);
            given.push((record.started_ms, contact, tags, metadata));
        }
    }
    if given.is_empty() {
        return Ok(());
    }
    let whole = given.len() == ROWS;
    let mut query = QueryBuilder::<Sqlite>::new("WITH given (id, at_ms");
    for detail in DETAILS {
        query.push(format_args!(", {detail}"));
    }
    query.push(") AS (");
    query.push_values(given, |mut row, (started_ms, contact, tags, metadata)| {
        row.push_bind(contact.id.clone())
            .push_bind(column(started_ms))
            .push_bind(contact.display_name.clone())
            .push_bind(contact.email.clone())
            .push_bind(contact.logo_url.clone())
            .push_bind(tags)
            .push_bind(metadata);
    });
    query.push(") INSERT INTO contacts (id, created_ms, seen_ms");
    for detail in DETAILS {
        query.push(format_args!(", {detail}, {detail}_ms"));
    }
    query.push(") SELECT id, at_ms, at_ms");
    for detail in DETAILS {
        query.push(format_args!(
            ", {detail}, iif({detail} IS NULL, NULL, at_ms)"
        ));
    }
    query.push(
        " FROM given WHERE 1 ON CONFLICT (id) DO UPDATE SET \
         created_ms = min(created_ms, excluded.created_ms), \
         seen_ms = max(seen_ms, excluded.seen_ms)",
    );
    for detail in DETAILS {
        for name in [detail.to_owned(), format!("{detail}_ms")] {
            query.push(format_args!(
                ", {name} = iif(excluded.{detail}_ms >= coalesce({detail}_ms, 0), \
                 excluded.{name}, {name})"
            ));
        }
    }
    query.build().persistent(whole).execute(connection).await?;
    Ok(())
}

/// A list as a column holds it; `None` when nothing was given.
fn text<T: serde::Serialize>(list: &[T]) -> sqlx::Result<Option<String>> {
    if list.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_string(list).map_err(|error| sqlx::Error::Encode(error.into()))?;
    Ok(Some(text))
}

/// One page and the sums of its contacts, both of the same moment.
pub(super) async fn page(
    pool: &SqlitePool,
    query: &ContactQuery,
) -> Result<ContactPage, StoreError> {
    let read = async {
        let mut transaction = pool.begin().await?;
        let page = of_one_moment(&mut transaction, query).await?;
        transaction.rollback().await?;
        Ok(page)
    };
    read.await.map_err(StoreError::during("reading contacts"))
}

async fn of_one_moment(
    connection: &mut SqliteConnection,
    query: &ContactQuery,
) -> sqlx::Result<ContactPage> {
    let mut found = rows(connection, query).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|(seq, _)| *seq).filter(|_| more);
    let mut totals = totals(connection, &found).await?;
    let rows = found.into_iter().map(|(_, row)| ContactRow {
        totals: totals.remove(&row.contact.id).unwrap_or_default(),
        ..row
    });
    let rows = rows.collect();
    Ok(ContactPage { rows, next })
}

async fn rows(
    connection: &mut SqliteConnection,
    query: &ContactQuery,
) -> sqlx::Result<Vec<(i64, ContactRow)>> {
    let mut sql = QueryBuilder::new("SELECT seq, id, created_ms, seen_ms");
    for detail in DETAILS {
        sql.push(format_args!(", {detail}"));
    }
    sql.push(" FROM contacts WHERE 1");
    if let Some(id) = &query.id {
        sql.push(" AND id = ").push_bind(id.clone());
    }
    if let Some(after) = query.after {
        sql.push(" AND seq < ").push_bind(after);
    }
    sql.push(" ORDER BY seq DESC LIMIT ");
    sql.push_bind(i64::from(query.limit) + 1);
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter().map(found).collect()
}

fn found(row: &SqliteRow) -> sqlx::Result<(i64, ContactRow)> {
    let found = ContactRow {
        contact: Contact {
            id: row.try_get("id")?,
            display_name: row.try_get("display_name")?,
            email: row.try_get("email")?,
            logo_url: row.try_get("logo_url")?,
            tags: list(row, "tags")?,
            metadata: list(row, "metadata")?,
        },
        created_ms: row.try_get("created_ms").map(i64::unsigned_abs)?,
        seen_ms: row.try_get("seen_ms").map(i64::unsigned_abs)?,
        totals: Totals::default(),
    };
    Ok((row.try_get("seq")?, found))
}

fn list<T: DeserializeOwned>(row: &SqliteRow, name: &str) -> sqlx::Result<Vec<T>> {
    let text: Option<String> = row.try_get(name)?;
    let list = text.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text));
    list.map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The sums of contacts by their ids.
async fn totals(
    connection: &mut SqliteConnection,
    contacts: &[(i64, ContactRow)],
) -> sqlx::Result<HashMap<String, Totals>> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT ");
    sql.push(Sums)
        .push(", contact FROM records WHERE contact IN (");
    let mut ids = sql.separated(", ");
    for (_, row) in contacts {
        ids.push_bind(row.contact.id.clone());
    }
    sql.push(") GROUP BY contact");
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("contact")?, sums(row)?)))
        .collect()
}
