//! `usage` of an answer or of a chunk.

use crate::json::{Cursor, Fault, Kind};
use crate::spend::Usage;

/// The usage at the end of an answer of which only the end is known; `None` when it is not there.
#[must_use]
pub fn last_usage(end: &[u8]) -> Option<Usage> {
    const NAME: &[u8] = b"\"usage\"";
    let at = memchr::memmem::rfind(end, NAME)?;
    let value = end
        .get(at + NAME.len()..)?
        .trim_ascii_start()
        .strip_prefix(b":")?;
    read(&mut Cursor::new(&String::from_utf8_lossy(value))).ok()?
}

/// Reads a usage object; `None` for null and for one without any count.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Option<Usage>, Fault> {
    if cursor.kind()? != Kind::Object {
        cursor.pass()?;
        return Ok(None);
    }
    let mut usage = Usage::default();
    cursor.object(|cursor, member| {
        match member.key.decode().as_ref() {
            "prompt_tokens" => usage.prompt_tokens = count(cursor)?,
            "completion_tokens" => usage.completion_tokens = count(cursor)?,
            "prompt_tokens_details" => details(cursor, |name, count| match name {
                "audio_tokens" => usage.audio_input_tokens = count,
                "cache_creation_tokens" => usage.cache_write_tokens = count,
                "cached_tokens" => usage.cached_tokens = count,
                _ => {}
            })?,
            "completion_tokens_details" => details(cursor, |name, count| match name {
                "audio_tokens" => usage.audio_output_tokens = count,
                "reasoning_tokens" => usage.reasoning_tokens = count,
                _ => {}
            })?,
            _ => cursor.pass()?,
        }
        Ok(())
    })?;
    Ok((usage != Usage::default()).then_some(usage))
}

fn details(cursor: &mut Cursor<'_>, mut set: impl FnMut(&str, Option<u64>)) -> Result<(), Fault> {
    if cursor.kind()? != Kind::Object {
        return cursor.pass();
    }
    cursor.object(|cursor, member| {
        set(&member.key.decode(), count(cursor)?);
        Ok(())
    })?;
    Ok(())
}

fn count(cursor: &mut Cursor<'_>) -> Result<Option<u64>, Fault> {
    if cursor.kind()? != Kind::Number {
        cursor.pass()?;
        return Ok(None);
    }
    Ok(cursor
        .number()?
        .as_i64()
        .and_then(|count| u64::try_from(count).ok()))
}
