//! What a request needs of a model, for the choice of `auto` (W21).

use super::chat::Chat;
use super::value;
use crate::config::Capability;
use crate::json::{self, Cursor, Fault, Kind, Span, Text};

/// Quarters of a token.
const CHARACTERS: u64 = 4;

/// Tokens of a message beside what it says.
const MESSAGE: u64 = 4;

/// Tokens of an image, a sound or a file, whatever its size.
const MEDIUM: u64 = 1000;

/// What a request needs of a model. Source: W21.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// What the model must be able to do, each once; never [`Capability::Reasoning`].
    pub capabilities: Vec<Capability>,
    /// Whether the model had better think: a fit, not a need.
    pub reasoning: bool,
    /// Tokens of prompt and answer together, by estimate.
    ///
    /// The prompt is a quarter of its characters of ASCII and all of its others, 4 for each message
    /// and 1000 for each image, sound or file, and a fifth more than that. Characters are those of the messages' `content` and
    /// `refusal`, and of the JSON of `tool_calls`, `tools`, `functions` and `response_format`. The
    /// answer is the token cap; without one it is nothing.
    pub tokens: u64,
    /// Tokens of the answer: the token cap.
    pub answer: Option<u64>,
}

impl Needs {
    /// Reads them from a body that has been parsed.
    ///
    /// One pass, nothing copied but strings that hold JSON (S1). A field that is given twice counts
    /// twice: a need is rather seen than missed.
    #[must_use]
    pub fn read(chat: &Chat, body: &[u8]) -> Self {
        let text = json::text(body).unwrap_or_default();
        let mut reader = Reader {
            text,
            ..Reader::default()
        };
        if chat.stream {
            reader.need(Capability::Streaming);
        }
        reader.reasoning = chat
            .reasoning_effort
            .as_deref()
            .is_some_and(|effort| !["minimal", "none"].contains(&effort));
        // It has been parsed before, so there is no fault to tell.
        let _read = Cursor::new(text).object(|cursor, member| match &*member.key.decode() {
            "messages" => reader.messages(cursor),
            name => reader.member(name, cursor),
        });
        let answer = chat.cap.least().and_then(|cap| u64::try_from(cap).ok());
        let prompt = reader.characters.div_ceil(CHARACTERS)
            + MESSAGE.saturating_mul(reader.messages)
            + MEDIUM.saturating_mul(reader.media);
        let prompt = prompt.saturating_add(prompt.div_ceil(5));
        Self {
            capabilities: reader.capabilities,
            reasoning: reader.reasoning,
            tokens: prompt.saturating_add(answer.unwrap_or_default()),
            answer,
        }
    }
}

#[derive(Default)]
struct Reader<'a> {
    text: &'a str,
    capabilities: Vec<Capability>,
    reasoning: bool,
    characters: u64,
    messages: u64,
    media: u64,
}

impl<'a> Reader<'a> {
    fn need(&mut self, capability: Capability) {
        if !self.capabilities.contains(&capability) {
            self.capabilities.push(capability);
        }
    }

    fn count(&mut self, characters: usize) {
        let characters = u64::try_from(characters).unwrap_or(u64::MAX);
        self.characters = self.characters.saturating_add(characters);
    }

    /// A value as it is written.
    fn raw(&self, span: Span) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    /// A member of the body other than `messages`.
    fn member(&mut self, name: &str, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let raw = self.raw(cursor.skip()?);
        match name {
            "functions" | "tools" if value::count(raw) > 0 => {
                self.need(Capability::Tools);
                self.count(quarters(raw));
            }
            "modalities" if value::has(raw, "audio") => self.need(Capability::Audio),
            "response_format" => {
                let text = value::text(raw);
                self.format(text.as_deref().unwrap_or(raw));
            }
            "thinking" => self.reasoning |= thinks(raw),
            _ => {}
        }
        Ok(())
    }

    /// `response_format`, out of its string where it came in one.
    fn format(&mut self, raw: &str) {
        let mut needed = false;
        value::each(raw, |name, raw| {
            let kind = value::text(raw).filter(|_| name == "type");
            match kind.as_deref() {
                Some("json_object") => self.need(Capability::JsonMode),
                Some("json_schema") => self.need(Capability::JsonSchema),
                _ => return,
            }
            needed = true;
        });
        if needed {
            self.count(quarters(raw));
        }
    }

    fn messages(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        cursor.array(|cursor, _| {
            self.messages = self.messages.saturating_add(1);
            cursor
                .object(|cursor, member| match &*member.key.decode() {
                    "content" | "refusal" => self.said(cursor),
                    "tool_calls" => {
                        let calls = self.raw(cursor.skip()?);
                        self.count(quarters(calls));
                        Ok(())
                    }
                    _ => cursor.pass(),
                })
                .map(|_| ())
        })?;
        Ok(())
    }

    /// A string, or an array of parts.
    fn said(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        match cursor.kind()? {
            Kind::String => {
                let text = cursor.string()?;
                self.count(characters(&text));
                Ok(())
            }
            Kind::Array => {
                cursor.array(|cursor, _| self.part(cursor))?;
                Ok(())
            }
            _ => cursor.pass(),
        }
    }

    /// A part: its text counts, or it is a medium; one of another kind counts as it is written.
    fn part(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let (mut said, mut medium, mut other) = (0, false, false);
        let part = cursor.object(|cursor, member| {
            let name = member.key.decode();
            match (&*name, cursor.kind()?) {
                ("type", Kind::String) => {
                    match &*cursor.string()?.decode() {
                        "file" => medium = true,
                        "image_url" => {
                            medium = true;
                            self.need(Capability::Vision);
                        }
                        "input_audio" => {
                            medium = true;
                            self.need(Capability::Audio);
                        }
                        "refusal" | "text" => {}
                        kind => {
                            other = true;
                            self.other(kind);
                        }
                    }
                    Ok(())
                }
                ("refusal" | "text", Kind::String) => {
                    said += characters(&cursor.string()?);
                    Ok(())
                }
                _ => cursor.pass(),
            }
        })?;
        self.media = self.media.saturating_add(u64::from(medium));
        if other && !medium {
            said = quarters(self.raw(part));
        }
        self.count(said);
        Ok(())
    }
}

impl Reader<'_> {
    /// A kind of part that is a provider's own.
    fn other(&mut self, kind: &str) {
        if kind.contains("image") || kind.contains("video") {
            self.need(Capability::Vision);
        }
        if kind.contains("audio") {
            self.need(Capability::Audio);
        }
    }
}

/// Whether `thinking` asks for it.
fn thinks(raw: &str) -> bool {
    let kind = value::member(raw, "type").and_then(value::text);
    kind.is_some_and(|kind| kind != "disabled")
}

/// Quarters of a token that a text has: one for each character of ASCII, four for each other.
fn quarters(text: &str) -> usize {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let others = text.bytes().filter(|byte| *byte >= 0xC0).count();
    ascii + 4 * others
}

/// Those of a string, its escapes read, without a copy of it.
fn characters(text: &Text<'_>) -> usize {
    let written = quarters(text.raw);
    if !text.escaped {
        return written;
    }
    let (mut surplus, mut others): (usize, usize) = (0, 0);
    let mut bytes = text.raw.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            continue;
        }
        surplus += match bytes.next() {
            Some(b'u') => {
                let digits = [bytes.next(), bytes.next()].map(Option::unwrap_or_default);
                // The first half of a surrogate pair counts with the second.
                let half = matches!(
                    digits,
                    [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B']
                );
                let high = matches!(bytes.next(), Some(digit) if digits == *b"00" && digit < b'8');
                others += usize::from(!half && !high);
                5 + usize::from(half)
            }
            _ => 1,
        };
    }
    written.saturating_sub(surplus) + 3 * others
}

#[cfg(test)]
mod tests;
