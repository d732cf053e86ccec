//! Whether a message or a delta says anything.

use crate::json::{Cursor, Fault, Kind, Span};

/// What a message or a delta holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// Content, reasoning, a tool call, a refusal or audio (W34).
    pub(super) said: bool,
    /// Bytes of text, as an estimate of tokens goes by them.
    pub(super) bytes: usize,
    /// Where the first text stands, between its quotes.
    pub(super) words: Option<Span>,
}

/// Reads `message` or `delta`.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Content, Fault> {
    let mut content = Content::default();
    if cursor.kind()? != Kind::Object {
        cursor.pass()?;
        return Ok(content);
    }
    cursor.object(|cursor, member| {
        let name = member.key.decode();
        let speaks = matches!(
            name.as_ref(),
            "audio"
                | "content"
                | "function_call"
                | "reasoning"
                | "reasoning_content"
                | "reasoning_details"
                | "redacted_reasoning"
                | "refusal"
                | "tool_calls"
        );
        if !speaks {
            return cursor.pass();
        }
        let bytes = match cursor.kind()? {
            Kind::Null => cursor.pass().map(|()| 0)?,
            Kind::String => {
                let text = cursor.string()?;
                if content.words.is_none() && !text.raw.is_empty() {
                    content.words = Some(text.inside());
                }
                text.raw.len()
            }
            // `[]` and `{}` say nothing.
            _ => cursor.skip()?.len().saturating_sub(2),
        };
        content.said |= bytes > 0;
        content.bytes += bytes;
        Ok(())
    })?;
    Ok(content)
}
