//! A record on its way into the store, and one on its way out.

use serde::Serialize;
use serde_json::{Map, Value};
use sluice_core::spend::{Contact, Record};
use uuid::Uuid;

use super::Totals;

/// A record with its price, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record's id, by which it is stored once (W53).
    pub id: Uuid,
    /// The record; its `id` is spelled as [`Entry::id`] is.
    pub record: Record,
    /// Nano-USD; `None` is unknown, never 0 (W50).
    pub cost_nano_usd: Option<u64>,
    /// Version of the price table.
    pub price_version: String,
}

/// What became of the entries of one append.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Those that were new, in the order given.
    pub stored: Vec<Entry>,
    /// How many were there already.
    pub duplicates: u64,
}

/// Requests by the key that served them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// `provider:model` and its requests.
    pub requests: Vec<(String, u64)>,
    /// The last record of the store when they were counted: the next count may begin behind it.
    pub last: i64,
}

/// A stored record as `/v1/spend` shows it: the record's own members and two more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The record, as it was stored.
    #[serde(flatten)]
    pub record: Map<String, Value>,
    /// Nano-USD; `None` is unknown.
    pub cost_nano_usd: Option<u64>,
    /// Version of the price table that priced it.
    pub price_version: String,
}

/// A contact with what its records gave of it (W55).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactRow {
    /// Its id, and each detail as the newest record with that detail gave it.
    pub contact: Contact,
    /// When its first record started, Unix milliseconds.
    pub created_ms: u64,
    /// When its last record started, Unix milliseconds.
    pub seen_ms: u64,
    /// Sums over its records.
    pub totals: Totals,
}
