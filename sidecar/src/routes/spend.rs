//! `GET /v1/spend`: the ledger, newest first, page by page, with sums (W50).

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;

use super::access::Admin;
use super::params::Params;
use crate::app::App;
use crate::error::ApiError;
use crate::store::{Filter, Pair, Query, Row, Totals};

const KNOWN: &str = "key, model, provider, project, contact, thread, episode, dialect, tag, \
                     metadata, from, to, limit and cursor";

/// A page of the ledger.
#[derive(Debug, Serialize)]
pub(crate) struct Ledger {
    object: &'static str,
    data: Vec<Row>,
    has_more: bool,
    next_cursor: Option<String>,
    totals: Totals,
}

/// Lists records.
pub(crate) async fn list(
    State(app): State<App>,
    _: Admin,
    params: Params,
) -> Result<Json<Ledger>, ApiError> {
    let page = app.store.page(&query(params)?).await?;
    Ok(Json(Ledger {
        object: "list",
        data: page.rows,
        has_more: page.next.is_some(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
        totals: page.totals,
    }))
}

fn query(mut params: Params) -> Result<Query, ApiError> {
    let time = "an RFC 3339 time or Unix milliseconds";
    let filter = Filter {
        key: params.one("key")?,
        model: params.one("model")?,
        provider: params.one("provider")?,
        project: params.one("project")?,
        contact: params.one("contact")?,
        thread: params.one("thread")?,
        episode: params.one("episode")?,
        dialect: params.one("dialect")?,
        tags: pairs(&mut params, "tag")?,
        metadata: pairs(&mut params, "metadata")?,
        from_ms: params.parsed("from", time, instant)?,
        to_ms: params.parsed("to", time, instant)?,
    };
    let limit = params.limit()?;
    let cursor = "the `next_cursor` of the page before";
    let after = params.parsed("cursor", cursor, |text| text.parse().ok())?;
    params.close(KNOWN)?;
    Ok(Query {
        filter,
        after,
        limit,
    })
}

fn pairs(params: &mut Params, param: &'static str) -> Result<Vec<Pair>, ApiError> {
    let texts = params.all(param);
    let pairs = texts
        .iter()
        .map(|text| pair(text).ok_or_else(|| ApiError::parameter(param, "`name` or `name:value`")));
    pairs.collect()
}

/// `name:value`, or `name` for any value. A name with a colon in it cannot be asked for alone.
fn pair(text: &str) -> Option<Pair> {
    let (name, value) = match text.split_once(':') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    let name = name.to_owned();
    (!name.is_empty()).then_some(Pair { name, value })
}

fn instant(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        let time: Timestamp = text.parse().ok()?;
        u64::try_from(time.as_millisecond()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_milliseconds_or_rfc_3339() {
        assert_eq!(instant("1700000000000"), Some(1_700_000_000_000));
        assert_eq!(instant("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
        assert_eq!(
            instant("2023-11-14T23:13:20.5+01:00"),
            Some(1_700_000_000_500)
        );
        for text in ["", "yesterday", "2023-11-14", "-5", "1.5"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_tag_has_a_name_and_perhaps_a_value() {
        let of = |name: &str, value: Option<&str>| Pair {
            name: name.into(),
            value: value.map(Into::into),
        };
        assert_eq!(pair("team"), Some(of("team", None)));
        assert_eq!(pair("team:a:b"), Some(of("team", Some("a:b"))));
        assert_eq!(pair("team:"), Some(of("team", Some(""))));
        assert_eq!((pair(":a"), pair("")), (None, None));
    }
}
