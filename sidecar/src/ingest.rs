//! A batch as it arrives → entries that are priced and ready to be stored.
//!
//! One record that cannot be taken does not keep the others back: the filter would send the same
//! batch for ever. It is counted and logged, without its content.

use sluice_core::config::Config;
use sluice_core::spend::outbox::cut;
use sluice_core::spend::{Batch, Record, price};
use uuid::Uuid;

use crate::store::Entry;

/// A batch that was read: what can be stored, and how much cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// Records with their prices, in the order given.
    pub entries: Vec<Entry>,
    /// Records that are none, or whose id is not a UUID.
    pub refused: u64,
    /// Records that the sender lost before (W53).
    pub dropped: u64,
}

impl Intake {
    /// Reads a batch's JSON and prices its records at the configuration's prices (W50).
    ///
    /// # Errors
    ///
    /// The text is not JSON, or not a batch at all.
    pub fn read(json: &[u8], config: &Config) -> Result<Self, serde_json::Error> {
        let (batch, unreadable) = match serde_json::from_slice(json) {
            Ok(batch) => (batch, 0),
            Err(error) => one_by_one(json, error)?,
        };
        let mut intake = Self {
            refused: unreadable,
            dropped: batch.dropped,
            ..Self::default()
        };
        for record in batch.records {
            match entry(record, config) {
                Ok(entry) => intake.entries.push(entry),
                Err(error) => {
                    intake.refused += 1;
                    tracing::warn!(%error, "record refused: its id is not a UUID");
                }
            }
        }
        Ok(intake)
    }
}

fn entry(record: Record, config: &Config) -> Result<Entry, uuid::Error> {
    let id: Uuid = record.id.parse()?;
    let record = Record {
        id: id.to_string(),
        ..record.tagged()
    };
    Ok(Entry {
        id,
        cost_nano_usd: price(&record, config).nano_usd,
        price_version: config.price_version.clone(),
        record,
    })
}

/// Reads a batch of which a part does not fit: each record by itself, and counts what is none. One
/// that is nested too deep to be read in a batch may be shallow enough for this.
fn one_by_one(json: &[u8], error: serde_json::Error) -> Result<(Batch, u64), serde_json::Error> {
    let Some(cut) = cut(json) else {
        return Err(error);
    };
    let rest: Batch = serde_json::from_slice(&cut.rest)?;
    let mut records = Vec::new();
    let mut unreadable = 0;
    for item in cut.records {
        match serde_json::from_slice(item) {
            Ok(record) => records.push(record),
            Err(error) => {
                unreadable += 1;
                let category = error.classify();
                tracing::warn!(?category, "record refused: it is not of a record's shape");
            }
        }
    }
    Ok((Batch { records, ..rest }, unreadable))
}

#[cfg(test)]
mod tests {
    use sluice_core::json::MAX_DEPTH;

    use super::*;

    const ID: &str = "01890A5D-AC96-774B-BCCE-B302099A8057";

    fn config() -> Config {
        Config::parse(
            br#"{"price_version": "v7", "providers": {"p": {"host": "h"}}, "models": {"m": {"providers":
                [{"provider": "p", "price": {"input": 1, "output": 2}}]}}}"#,
        )
        .unwrap()
    }

    fn read(json: &str) -> Result<Intake, serde_json::Error> {
        Intake::read(json.as_bytes(), &config())
    }

    #[test]
    fn w50_a_record_is_priced_and_its_id_is_spelled_one_way() {
        let json = format!(
            r#"{{"records": [{{"id": "{ID}", "model": "m", "provider": "p",
                "usage": {{"prompt_tokens": 10, "completion_tokens": 1}}}}], "dropped": 3}}"#
        );
        let intake = read(&json).unwrap();
        assert_eq!((intake.refused, intake.dropped), (0, 3));
        let entry = &intake.entries[0];
        assert_eq!(entry.cost_nano_usd, Some(10 * 1_000 + 2_000));
        assert_eq!(entry.price_version, "v7");
        assert_eq!(entry.record.id, ID.to_lowercase());
    }

    #[test]
    fn w51_without_tags_the_user_agent_is_the_tag() {
        let tags = |fields: &str| {
            let json = format!(r#"{{"records": [{{"id": "{ID}"{fields}}}]}}"#);
            let tags = read(&json).unwrap().entries.remove(0).record.tags;
            tags.into_iter().collect::<Vec<_>>()
        };
        let tag = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(tags(""), []);
        assert_eq!(tags(r#", "user_agent": "me/1""#), tag("user_agent", "me/1"));
        let own = r#", "user_agent": "me/1", "tags": {"team": "a"}"#;
        assert_eq!(tags(own), tag("team", "a"));
    }

    #[test]
    fn what_is_no_record_is_counted_and_the_rest_is_taken() {
        let json = format!(
            r#"{{"records": [{{"id": "no uuid"}}, {{"id": 1}}, 7, {{"id": "{ID}"}}], "dropped": 2}}"#
        );
        let intake = read(&json).unwrap();
        assert_eq!(
            (intake.entries.len(), intake.refused, intake.dropped),
            (1, 3, 2)
        );
    }

    #[test]
    fn w55_a_record_that_is_nested_deep_does_not_keep_the_others_back() {
        let of = |depth: usize| {
            let list = "[".repeat(depth) + &"]".repeat(depth);
            let contact = format!(r#"{{"id": "c", "metadata": {list}}}"#);
            format!(
                r#"{{"records": [{{"id": "{ID}", "contact": {contact}}}, {{"id": "{ID}"}}], "dropped": 1}}"#
            )
        };
        // As deep as a body may be, less `{"orq": {"identity": {"metadata": …`.
        let intake = read(&of(MAX_DEPTH - 3)).unwrap();
        assert_eq!((intake.entries.len(), intake.refused), (2, 0));
        let intake = read(&of(10_000)).unwrap();
        assert_eq!(
            (intake.entries.len(), intake.refused, intake.dropped),
            (1, 1, 1)
        );
    }

    #[test]
    fn what_is_no_batch_is_an_error() {
        for json in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"records": 1}"#,
            r#"{"records": [], "dropped": -1}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
