//! What a request needs of a model, for the choice of `auto` (W21).

use super::chat::Chat;
use super::value;
use crate::config::Capability;
use crate::json::{self, Cursor, Fault, Kind, Span, Text};

/// Characters of a token.
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
    /// The prompt is a quarter of its characters, 4 for each message and 1000 for each image, sound
    /// or file, and a fifth more than that. Characters are those of the messages' `content` and
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
                self.count(raw.chars().count());
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
            self.count(raw.chars().count());
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
                        self.count(calls.chars().count());
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
                        _ => other = true,
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
            said = self.raw(part).chars().count();
        }
        self.count(said);
        Ok(())
    }
}

/// Whether `thinking` asks for it.
fn thinks(raw: &str) -> bool {
    let kind = value::member(raw, "type").and_then(value::text);
    kind.is_some_and(|kind| kind != "disabled")
}

/// Characters of a string, its escapes read, without a copy of it.
fn characters(text: &Text<'_>) -> usize {
    let written = text.raw.chars().count();
    if !text.escaped {
        return written;
    }
    let mut surplus: usize = 0;
    let mut bytes = text.raw.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            continue;
        }
        surplus += match bytes.next() {
            Some(b'u') => {
                // The first half of a surrogate pair counts with the second.
                let half = matches!(bytes.next(), Some(b'd' | b'D'))
                    && matches!(bytes.next(), Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B'));
                5 + usize::from(half)
            }
            _ => 1,
        };
    }
    written.saturating_sub(surplus)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::config::UnknownFields;
    use crate::request::Rules;
    use crate::route::Dialect;

    const HI: &str = r#""messages":[{"role":"user","content":"hi"}]"#;

    fn needs(members: &str) -> Needs {
        let rules = Rules {
            dialect: Dialect::OpenAi,
            stop_sequences: 4,
            unknown_fields: UnknownFields::Forward,
            default_model: true,
        };
        let body = format!("{{{members}}}");
        let chat = Chat::parse(body.as_bytes(), &rules).unwrap_or_else(|why| panic!("{why:?}"));
        Needs::read(&chat, body.as_bytes())
    }

    fn parts(parts: &str) -> Needs {
        needs(&format!(
            r#""messages":[{{"role":"user","content":[{parts}]}}]"#
        ))
    }

    #[test]
    fn w21_what_a_request_needs() {
        use Capability::{Audio, JsonMode, JsonSchema, Streaming, Tools};
        let tool = r#"[{"type":"function","function":{"name":"f"}}]"#;
        let schema = r#"{"type":"json_schema","json_schema":{"name":"s","schema":{}}}"#;
        for (members, expected) in [
            (String::new(), vec![]),
            (
                r#","stream":false,"tools":[],"functions":[]"#.into(),
                vec![],
            ),
            (r#","stream":true"#.into(), vec![Streaming]),
            (format!(r#","tools":{tool}"#), vec![Tools]),
            (format!(r#","t\u006fols":{tool}"#), vec![Tools]),
            (r#","functions":[{"name":"f"}]"#.into(), vec![Tools]),
            (r#","response_format":{"type":"text"}"#.into(), vec![]),
            (r#","response_format":null,"tools":null"#.into(), vec![]),
            (
                r#","response_format":{"type":"json_object"}"#.into(),
                vec![JsonMode],
            ),
            (format!(r#","response_format":{schema}"#), vec![JsonSchema]),
            (
                format!(r#","response_format":" {} ""#, schema.replace('"', "\\\"")),
                vec![JsonSchema],
            ),
            (
                format!(r#","response_format":{schema},"response_format":{{"type":"text"}}"#),
                vec![JsonSchema],
            ),
            (r#","modalities":["text"]"#.into(), vec![]),
            (
                r#","modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"}"#.into(),
                vec![Audio],
            ),
        ] {
            let needs = needs(&format!("{HI}{members}"));
            assert_eq!(needs.capabilities, expected, "{members}");
            assert!(!needs.reasoning, "{members}");
        }
    }

    #[test]
    fn w21_parts_need_eyes_and_ears() {
        use Capability::{Audio, Vision};
        let image = r#"{"image_url":{"url":"data:"},"type":"image_url"}"#;
        let audio = r#"{"type":"input\u005faudio","input_audio":{"data":"","format":"wav"}}"#;
        for (content, expected) in [
            (r#"{"type":"text","text":"image_url"}"#.to_owned(), vec![]),
            (r#"{"type":"other","image_url":1}"#.to_owned(), vec![]),
            (r#"{"type":"file","file":{}}"#.to_owned(), vec![]),
            (image.to_owned(), vec![Vision]),
            (audio.to_owned(), vec![Audio]),
            (format!("{image},{audio},{image}"), vec![Vision, Audio]),
            (
                r#"{"type":"image_url","type":"text","text":"x","image_url":"y"}"#.to_owned(),
                vec![Vision],
            ),
        ] {
            assert_eq!(parts(&content).capabilities, expected, "{content}");
        }
    }

    #[test]
    fn w21_reasoning_is_asked_for_in_two_ways() {
        for (members, expected) in [
            (r#""reasoning_effort":"auto""#, false),
            (r#""reasoning_effort":"none""#, false),
            (r#""reasoning_effort":"minimal""#, false),
            (r#""reasoning_effort":"low""#, true),
            (r#""thinking":{"type":"disabled"}"#, false),
            (r#""thinking":null"#, false),
            (
                r#""thinking":{"type":"enabled","budget_tokens":1024}"#,
                true,
            ),
        ] {
            let needs = needs(&format!("{HI},{members}"));
            assert_eq!(needs.reasoning, expected, "{members}");
            assert!(needs.capabilities.is_empty(), "{members}");
        }
    }

    #[test]
    fn w21_tokens_are_estimated_as_documented() {
        let user = |text: &str| format!(r#""messages":[{{"role":"user","content":"{text}"}}]"#);
        let a_fifth_more = |tokens: u64| tokens + tokens.div_ceil(5);
        let tools = r#"[{"type":"function","function":{"name":"f"}}]"#;
        for (members, expected) in [
            (user(""), a_fifth_more(4)),
            (user("hello"), a_fifth_more(2 + 4)),
            (user(&"x".repeat(4000)), a_fifth_more(1000 + 4)),
            // Characters, not bytes, however they are spelled.
            (user("grüß"), a_fifth_more(1 + 4)),
            (user(r"\u0067r\u00FC\u00df"), a_fifth_more(1 + 4)),
            (user(r"a\n\\\ud83d\ude00"), a_fifth_more(1 + 4)),
            (
                format!(r#"{},"max_tokens":70,"max_completion_tokens":50"#, user("")),
                a_fifth_more(4) + 50,
            ),
            (
                r#""messages":[{"role":"user","content":"1234"},{"role":"assistant","content":null,
                "refusal":"1234"},{"role":"assistant","tool_calls":[]}]"#
                    .to_owned(),
                a_fifth_more(3 + 3 * 4),
            ),
            (
                format!(r#"{},"tools":{tools}"#, user("")),
                a_fifth_more(12 + 4),
            ),
        ] {
            assert_eq!(needs(&members).tokens, expected, "{members}");
        }
        let data = "A".repeat(100_000);
        let image = format!(r#"{{"type":"image_url","image_url":{{"url":"{data}"}}}}"#);
        assert_eq!(parts(&image).tokens, a_fifth_more(1000 + 4));
        let text = format!(r#"{image},{{"type":"text","text":"12345678"}}"#);
        assert_eq!(parts(&text).tokens, a_fifth_more(1000 + 2 + 4));
        let other = r#"{"type":"x","y":[1]}"#;
        assert_eq!(parts(other).tokens, a_fifth_more(5 + 4));
    }

    #[test]
    fn w21_the_answers_cap_is_kept_apart() {
        assert_eq!(needs(HI).answer, None);
        let capped = needs(&format!(r#"{HI},"max_tokens":7"#));
        assert_eq!(capped.answer, Some(7));
    }
}
