//! What is asked of the store, and what it answers.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

use super::{ContactRow, Row};

/// Which records are meant; every given condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Public id of the caller's key.
    pub key: Option<String>,
    /// The catalogue's model.
    pub model: Option<String>,
    /// The provider that served.
    pub provider: Option<String>,
    /// The project (W55).
    pub project: Option<String>,
    /// Id of the contact (W55).
    pub contact: Option<String>,
    /// Id of the thread (W55).
    pub thread: Option<String>,
    /// The episode (W23).
    pub episode: Option<String>,
    /// The route's dialect (W01).
    pub dialect: Option<String>,
    /// Tags that the record must have.
    pub tags: Vec<Pair>,
    /// Metadata that the record must have (W55).
    pub metadata: Vec<Pair>,
    /// Earliest start, Unix milliseconds, inclusive.
    pub from_ms: Option<u64>,
    /// Latest start, Unix milliseconds, exclusive.
    pub to_ms: Option<u64>,
}

/// A tag, or a pair of metadata, that a record must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its name.
    pub name: String,
    /// Its value; `None` takes any.
    pub value: Option<String>,
}

/// A question for one page of records, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which records.
    pub filter: Filter,
    /// The last record of the page before.
    pub after: Option<Cursor>,
    /// Records a page, at least 1.
    pub limit: u32,
}

/// A place in the order of pages: after this record.
///
/// Shape as text: `<started_ms>.<uuid>`. Records that arrive between two pages do not shift it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the record started, Unix milliseconds.
    pub started_ms: i64,
    /// The record's id.
    pub id: Uuid,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.started_ms, self.id)
    }
}

/// A text that is no [`Cursor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (started_ms, id) = text.split_once('.').ok_or(NotACursor)?;
        Ok(Self {
            started_ms: started_ms.parse().map_err(|_| NotACursor)?,
            id: id.parse().map_err(|_| NotACursor)?,
        })
    }
}

/// One page, and the sums over all that the filter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The records, newest first.
    pub rows: Vec<Row>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
    /// Sums over the whole filter, not over the page.
    pub totals: Totals,
}

/// Sums over a filter. What is unknown is left out of its sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Records.
    pub requests: u64,
    /// Tokens of prompts.
    pub prompt_tokens: u128,
    /// Tokens of completions.
    pub completion_tokens: u128,
    /// Nano-USD of the records whose cost is known.
    pub cost_nano_usd: u128,
    /// Records whose cost is unknown.
    pub unpriced: u64,
}

/// A question for one page of contacts, those made last first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactQuery {
    /// Only the one of this id.
    pub id: Option<String>,
    /// [`ContactPage::next`] of the page before.
    pub after: Option<i64>,
    /// Contacts a page, at least 1.
    pub limit: u32,
}

/// One page of contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPage {
    /// The contacts, those made last first.
    pub rows: Vec<ContactRow>,
    /// Where the next page begins; `None` on the last. Of no meaning outside the store.
    pub next: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        let cursor = Cursor {
            started_ms: 1_700_000_000_000,
            id: Uuid::from_u128(7),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in [
            "",
            "1",
            "x.7",
            "1.7",
            "1.",
            ".00000000-0000-0000-0000-000000000007",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
    }
}
