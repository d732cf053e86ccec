//! What one JSON document of an answer says: a whole plain answer, or one chunk of a stream.

use super::{content, usage};
use crate::json::{Cursor, Fault, Kind, Span};
use crate::spend::Usage;

/// What one document of an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// It has an `error` that is not null.
    pub error: bool,
    /// Where errors stand that are not null: its own and those of its choices.
    pub errors: Vec<Span>,
    /// Where the first member stands or would stand.
    pub open: usize,
    /// How many members it has.
    pub members: usize,
    /// Where the values of `episode_id` stand.
    pub episodes: Vec<Span>,
    /// How many choices it has; `None` without a `choices` array.
    pub choices: Option<usize>,
    /// A choice says something: content, reasoning, a tool call, a refusal, audio (W34).
    pub said: bool,
    /// A choice has a finish reason.
    pub finished: bool,
    /// A choice says nothing but that it failed: it has an `error`, or `error` as finish reason.
    pub failed: bool,
    /// Bytes of text of all choices.
    pub bytes: usize,
    /// Where the first words of a choice stand, between their quotes.
    pub words: Option<Span>,
    /// Where a string stands that says nothing, between its quotes: OpenAI hides the length of words by it.
    pub padding: Option<Span>,
    /// Its usage.
    pub usage: Option<Usage>,
    /// Where the value of `usage` stands, when it is not null.
    pub usage_span: Option<Span>,
    /// `model`: what the provider says that it used.
    pub model: Option<String>,
    /// `id`, `created` and `model` as they stand, for a chunk that the gateway adds.
    pub envelope: Envelope,
}

/// Where the members stand that every chunk of a stream repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `id`.
    pub id: Option<Span>,
    /// `created`.
    pub created: Option<Span>,
    /// `model`.
    pub model: Option<Span>,
}

impl Facts {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// Where it is not a JSON object.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut facts = Self::default();
        let mut cursor = Cursor::new(text);
        cursor.kind()?;
        facts.open = cursor.at() + 1;
        cursor.object(|cursor, member| facts.member(&member.key.decode(), cursor))?;
        cursor.end()?;
        Ok(facts)
    }

    fn member(&mut self, name: &str, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        self.members += 1;
        match name {
            "error" => {
                self.error |= cursor.kind()? != Kind::Null;
                self.error(cursor)
            }
            "episode_id" => cursor.skip().map(|span| self.episodes.push(span)),
            "choices" if cursor.kind()? == Kind::Array => {
                let mut count = 0;
                cursor.array(|cursor, i| {
                    count = i + 1;
                    self.choice(cursor)
                })?;
                self.choices = Some(count);
                Ok(())
            }
            "usage" => {
                let null = cursor.kind()? == Kind::Null;
                let start = cursor.at();
                self.usage = usage::read(cursor)?;
                self.usage_span = (!null).then_some(start..cursor.at());
                Ok(())
            }
            "model" if cursor.kind()? == Kind::String => {
                let text = cursor.string()?;
                self.model = Some(text.decode().into_owned());
                self.envelope.model = Some(text.span);
                Ok(())
            }
            "obfuscation" if cursor.kind()? == Kind::String => {
                self.padding = Some(cursor.string()?.inside());
                Ok(())
            }
            "id" => cursor.skip().map(|span| self.envelope.id = Some(span)),
            "created" => cursor.skip().map(|span| self.envelope.created = Some(span)),
            _ => cursor.pass(),
        }
    }

    fn error(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let null = cursor.kind()? == Kind::Null;
        let span = cursor.skip()?;
        if !null {
            self.errors.push(span);
        }
        Ok(())
    }

    fn choice(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        if cursor.kind()? != Kind::Object {
            return cursor.pass();
        }
        let (errors, mut said, mut failed) = (self.errors.len(), false, false);
        cursor.object(|cursor, member| {
            match member.key.decode().as_ref() {
                "delta" | "message" => {
                    let content = content::read(cursor)?;
                    said |= content.said;
                    self.bytes += content.bytes;
                    self.words = self.words.take().or(content.words);
                }
                "error" => self.error(cursor)?,
                "finish_reason" if cursor.kind()? == Kind::String => {
                    let reason = cursor.string()?.decode();
                    failed |= reason == "error";
                    self.finished |= !reason.is_empty();
                }
                _ => cursor.pass()?,
            }
            Ok(())
        })?;
        self.said |= said;
        self.failed |= !said && (failed || self.errors.len() > errors);
        Ok(())
    }
}
