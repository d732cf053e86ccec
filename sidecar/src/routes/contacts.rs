//! `GET /v1/contacts`, `GET /v1/contacts/{id}`: whom requests were made for (W55).

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use sluice_core::error::Code;

use super::access::Admin;
use super::params::Params;
use crate::app::App;
use crate::error::ApiError;
use crate::store::{ContactQuery, ContactRow, Totals};

const KNOWN: &str = "id, limit and cursor";

/// A page of contacts.
#[derive(Debug, Serialize)]
pub(crate) struct Contacts {
    object: &'static str,
    data: Vec<Card>,
    has_more: bool,
    next_cursor: Option<String>,
}

/// One contact. Times are Unix seconds, as those of the catalogue are.
#[derive(Debug, Serialize)]
pub(crate) struct Card {
    object: &'static str,
    id: String,
    display_name: Option<String>,
    email: Option<String>,
    logo_url: Option<String>,
    tags: Vec<String>,
    metadata: Vec<Value>,
    created_at: u64,
    seen_at: u64,
    totals: Totals,
}

/// Lists contacts, those made last first.
pub(crate) async fn list(
    State(app): State<App>,
    _: Admin,
    mut params: Params,
) -> Result<Json<Contacts>, ApiError> {
    let cursor = "the `next_cursor` of the page before";
    let query = ContactQuery {
        id: params.one("id")?,
        after: params.parsed("cursor", cursor, |text| text.parse().ok())?,
        limit: params.limit()?,
    };
    params.close(KNOWN)?;
    let page = app.store.contacts(&query).await?;
    Ok(Json(Contacts {
        object: "list",
        data: page.rows.into_iter().map(card).collect(),
        has_more: page.next.is_some(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
    }))
}

/// Shows one contact.
pub(crate) async fn show(
    State(app): State<App>,
    _: Admin,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Card>, ApiError> {
    let Ok(Path(id)) = path else {
        return Err(not_found("?"));
    };
    let query = ContactQuery {
        id: Some(id.clone()),
        after: None,
        limit: 1,
    };
    let mut found = app.store.contacts(&query).await?.rows;
    let row = found.pop().ok_or_else(|| not_found(&id))?;
    Ok(Json(card(row)))
}

fn not_found(id: &str) -> ApiError {
    let message = format!("There is no contact `{id}`. `GET /v1/contacts` lists those there are.");
    ApiError::new(StatusCode::NOT_FOUND, Code::ContactNotFound, message).param("id")
}

fn card(row: ContactRow) -> Card {
    let contact = row.contact;
    Card {
        object: "contact",
        id: contact.id,
        display_name: contact.display_name,
        email: contact.email,
        logo_url: contact.logo_url,
        tags: contact.tags,
        metadata: contact.metadata,
        created_at: row.created_ms / 1_000,
        seen_at: row.seen_ms / 1_000,
        totals: row.totals,
    }
}
