//! Reads single values that have been checked already.

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

/// The strings of an array; what is none is left out.
pub(super) fn texts(raw: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let _ = Cursor::new(raw).array(|cursor, _| {
        if cursor.kind()? != Kind::String {
            return cursor.pass();
        }
        texts.push(cursor.string()?.decode().into_owned());
        Ok(())
    });
    texts
}

/// Whether an array has this string.
pub(super) fn has(raw: &str, text: &str) -> bool {
    let mut found = false;
    let _ = Cursor::new(raw).array(|cursor, _| {
        if cursor.kind()? != Kind::String {
            return cursor.pass();
        }
        found |= cursor.string()?.decode() == text;
        Ok(())
    });
    found
}

/// Shows the members of an object one by one, as they stand; those that are null are left out.
pub(super) fn each<'a>(raw: &'a str, mut show: impl FnMut(&str, &'a str)) {
    let _ = Cursor::new(raw).object(|cursor, member| {
        let null = cursor.kind()? == Kind::Null;
        let span = cursor.skip()?;
        if !null {
            show(&member.key.decode(), raw.get(span).unwrap_or_default());
        }
        Ok(())
    });
}

/// The value of a member; `None` where it is absent or null.
pub(super) fn member<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    each(raw, |own, value| {
        if own == name {
            found = Some(value);
        }
    });
    found
}
