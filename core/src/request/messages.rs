//! `messages`: at least one, each an object with a role (W10).

use super::faults::Faults;
use crate::json::{Cursor, Fault, Kind};

const ROLES: [&str; 5] = ["assistant", "developer", "system", "tool", "user"];

pub(super) fn read(cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<(), Fault> {
    let kind = cursor.kind()?;
    if kind != Kind::Array {
        faults.wrong_type("/messages", "an array of messages", kind);
        return cursor.pass();
    }
    let mut count = 0;
    cursor.array(|cursor, i| {
        count = i + 1;
        message(cursor, i, faults)
    })?;
    if count == 0 {
        faults.invalid("/messages", "an array of at least one message");
    }
    Ok(())
}

/// What the content of a message is.
enum Content {
    Absent,
    Null,
    Given,
}

fn message(cursor: &mut Cursor<'_>, i: usize, faults: &mut Faults) -> Result<(), Fault> {
    let at = |field: &str| format!("/messages/{i}{field}");
    let kind = cursor.kind()?;
    if kind != Kind::Object {
        faults.wrong_type(&at(""), "an object", kind);
        return cursor.pass();
    }
    let mut role = None;
    let mut content = Content::Absent;
    cursor.object(|cursor, member| {
        match member.key.decode().as_ref() {
            "role" => role = Some(self::role(cursor, i, faults)?),
            "content" => content = self::content(cursor, i, faults)?,
            _ => cursor.pass()?,
        }
        Ok(())
    })?;
    match (role, content) {
        (None, _) => faults.missing(&at("/role")),
        (Some(Role::Assistant | Role::Unknown), _) | (_, Content::Given) => {}
        (Some(Role::Other), Content::Absent) => faults.missing(&at("/content")),
        (Some(Role::Other), Content::Null) => {
            faults.wrong_type(&at("/content"), "a string or an array of parts", Kind::Null);
        }
    }
    Ok(())
}

enum Role {
    /// May come without content: with tool calls, a refusal or audio.
    Assistant,
    Other,
    /// Not known, which is noted already.
    Unknown,
}

fn role(cursor: &mut Cursor<'_>, i: usize, faults: &mut Faults) -> Result<Role, Fault> {
    let at = || format!("/messages/{i}/role");
    let kind = cursor.kind()?;
    if kind != Kind::String {
        faults.wrong_type(&at(), "a string", kind);
        cursor.skip()?;
        return Ok(Role::Unknown);
    }
    let role = cursor.string()?.decode();
    Ok(match role.as_ref() {
        "assistant" => Role::Assistant,
        role if ROLES.contains(&role) => Role::Other,
        _ => {
            faults.invalid(
                &at(),
                "one of `system`, `developer`, `user`, `assistant` and `tool`",
            );
            Role::Unknown
        }
    })
}

fn content(cursor: &mut Cursor<'_>, i: usize, faults: &mut Faults) -> Result<Content, Fault> {
    let at = format!("/messages/{i}/content");
    match cursor.kind()? {
        Kind::Null => {
            cursor.skip()?;
            return Ok(Content::Null);
        }
        Kind::String => cursor.pass()?,
        Kind::Array => {
            cursor.array(|cursor, j| part(cursor, &at, j, faults))?;
        }
        kind => {
            faults.wrong_type(&at, "a string, null or an array of parts", kind);
            cursor.skip()?;
        }
    }
    Ok(Content::Given)
}

fn part(
    cursor: &mut Cursor<'_>,
    content: &str,
    j: usize,
    faults: &mut Faults,
) -> Result<(), Fault> {
    let at = |field: &str| format!("{content}/{j}{field}");
    let kind = cursor.kind()?;
    if kind != Kind::Object {
        faults.wrong_type(&at(""), "an object", kind);
        return cursor.pass();
    }
    let mut typed = false;
    cursor.object(|cursor, member| {
        if member.key.decode() == "type" {
            typed = true;
            let kind = cursor.kind()?;
            if kind != Kind::String {
                faults.wrong_type(&at("/type"), "a string", kind);
            }
        }
        cursor.pass()
    })?;
    if !typed {
        faults.missing(&at("/type"));
    }
    Ok(())
}
