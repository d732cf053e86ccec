//! Reads single values that have been checked already.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::json::{Cursor, Kind};

/// A string.
pub(super) fn text(raw: &str) -> Option<String> {
    let mut cursor = Cursor::new(raw);
    if cursor.kind().ok()? != Kind::String {
        return None;
    }
    Some(cursor.string().ok()?.decode().into_owned())
}

/// A whole number.
pub(super) fn whole(raw: &str) -> Option<i64> {
    let mut cursor = Cursor::new(raw);
    if cursor.kind().ok()? != Kind::Number {
        return None;
    }
    cursor.number().ok()?.as_i64()
}

/// How many items an array has; 0 for what is none.
pub(super) fn count(raw: &str) -> usize {
    let mut items = 0;
    let _ = Cursor::new(raw).array(|cursor, i| {
        items = i + 1;
        cursor.pass()
    });
    items
}

/// The members of an object as they stand, those that are null left out.
pub(super) fn members(raw: &str) -> Vec<(String, &str)> {
    let mut members = Vec::new();
    let _ = Cursor::new(raw).object(|cursor, member| {
        let null = cursor.kind()? == Kind::Null;
        let span = cursor.skip()?;
        if !null {
            let value = raw.get(span).unwrap_or_default();
            members.push((member.key.decode().into_owned(), value));
        }
        Ok(())
    });
    members
}

/// The value of a member; `None` where it is absent or null.
pub(super) fn member<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    let members = members(raw);
    let found = members.into_iter().rfind(|(own, _)| own == name);
    found.map(|(_, value)| value)
}

/// A value of the gateway's own types; `None` for strings with half a surrogate pair.
pub(super) fn read<T: DeserializeOwned>(raw: &str) -> Option<T> {
    let mut value: Value = serde_json::from_str(raw).ok()?;
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    serde_json::from_value(value).ok()
}
