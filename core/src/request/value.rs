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

/// Shows the items of an array one by one, as they stand; none for what is no array.
pub(super) fn items<'a>(raw: &'a str, mut show: impl FnMut(&'a str)) {
    let _ = Cursor::new(raw).array(|cursor, _| {
        let span = cursor.skip()?;
        show(raw.get(span).unwrap_or_default());
        Ok(())
    });
}

/// What can be made of the items of an array; the others are left out.
pub(super) fn list<'a, T>(raw: &'a str, read: impl Fn(&'a str) -> Option<T>) -> Vec<T> {
    let mut list = Vec::new();
    items(raw, |item| list.extend(read(item)));
    list
}

/// How many items an array has; 0 for what is none.
pub(super) fn count(raw: &str) -> usize {
    let mut count = 0;
    items(raw, |_| count += 1);
    count
}

/// Whether an array has this string.
pub(super) fn has(raw: &str, word: &str) -> bool {
    let mut found = false;
    items(raw, |item| {
        found |= text(item).is_some_and(|text| text == word);
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
