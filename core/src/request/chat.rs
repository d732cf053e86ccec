//! The body of a chat completion.

use super::caps::Cap;
use super::extras::Extras;
use super::faults::{Faults, escape};
use super::{known, messages, rules, stop};
use crate::config::{CapField, UnknownFields};
use crate::error::Code;
use crate::json::{self, Cursor, Fault, Kind, Place, Span};
use crate::near::{nearest, quoted};
use crate::reject::Rejection;

/// Top-level fields that are looked at; no honest request has as many.
const FIELDS: usize = 1000;

/// What the configuration says about bodies.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Items of `stop` (W12).
    pub stop_sequences: usize,
    /// What becomes of unknown fields (W15).
    pub unknown_fields: UnknownFields,
    /// Whether `model` may be absent (W10).
    pub default_model: bool,
}

/// What the gateway knows of a body; the body itself is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chat {
    /// `model` as the caller wrote it; `None` where it is absent and may be.
    pub model: Option<String>,
    /// `stream`.
    pub stream: bool,
    /// `stream_options.include_usage` (W41).
    pub include_usage: bool,
    /// The token caps.
    pub cap: Cap,
    /// The gateway's own fields.
    pub extras: Extras,
    /// Bytes of `messages`: what an estimate of the prompt goes by.
    pub prompt_bytes: usize,
    pub(super) members: Vec<Member>,
    pub(super) open: usize,
    pub(super) usage_span: UsageSpan,
}

/// Where a top-level member stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) role: Role,
    /// The opening quote of its name.
    pub(super) start: usize,
    /// Its value.
    pub(super) value: Span,
}

/// What a top-level member is to the edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Cap(CapField),
    /// It leaves as it came.
    Kept,
    Model,
    /// It never reaches a provider.
    Removed,
    Stream,
    StreamOptions,
}

/// Where `include_usage` can be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum UsageSpan {
    /// There is no `stream_options`.
    #[default]
    Absent,
    /// `stream_options` is null: it stands here.
    Null(Span),
    /// An object without `include_usage`: where its first member begins, and whether it has one.
    Inside(usize, bool),
    /// `include_usage` has a value here.
    Value(Span),
}

impl Chat {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// [`Rejection::InvalidJson`] for what is not JSON, [`Rejection::Fields`] with every fault of
    /// what is. Source: W10 to W18.
    pub fn parse(bytes: &[u8], rules: &Rules) -> Result<Self, Rejection> {
        let refuse = |fault: Fault| Rejection::InvalidJson(fault, Place::of(bytes, fault.at));
        let text = json::text(bytes).map_err(refuse)?;
        let mut reader = Reader::default();
        reader.read(text, rules).map_err(refuse)?;
        let faults = reader.finish(rules);
        if faults.is_empty() {
            Ok(reader.chat)
        } else {
            Err(Rejection::Fields(faults))
        }
    }
}

#[derive(Default)]
struct Reader {
    chat: Chat,
    faults: Faults,
    seen: Vec<&'static str>,
    unknown: Vec<String>,
    stream_options: bool,
    too_many: bool,
}

impl Reader {
    fn read(&mut self, text: &str, rules: &Rules) -> Result<(), Fault> {
        let mut cursor = Cursor::new(text);
        let kind = cursor.kind()?;
        if kind != Kind::Object {
            cursor.skip()?;
            let message = format!("The body must be a JSON object, not {}.", kind.as_str());
            self.faults.add("", Code::InvalidType, message);
            return cursor.end();
        }
        self.chat.open = cursor.at() + 1;
        self.chat.members.reserve(24);
        cursor.object(|cursor, member| {
            if self.chat.members.len() >= FIELDS {
                self.too_many = true;
                return cursor.pass();
            }
            let start = member.key.span.start;
            let name = member.key.decode();
            cursor.kind()?;
            let from = cursor.at();
            let role = self.member(&name, cursor, rules)?;
            self.chat.members.push(Member {
                role,
                start,
                value: from..cursor.at(),
            });
            Ok(())
        })?;
        cursor.end()
    }

    fn member(
        &mut self,
        name: &str,
        cursor: &mut Cursor<'_>,
        rules: &Rules,
    ) -> Result<Role, Fault> {
        self.once(name);
        let faults = &mut self.faults;
        match name {
            "model" => self.model(cursor).map(|()| Role::Model),
            "messages" => {
                let start = cursor.at();
                messages::read(cursor, faults)?;
                self.chat.prompt_bytes = cursor.at() - start;
                Ok(Role::Kept)
            }
            "n" => rules::n(cursor, faults).map(|()| Role::Kept),
            "stop" => stop::read(cursor, rules.stop_sequences, faults).map(|()| Role::Kept),
            "max_tokens" => self.cap(CapField::MaxTokens, cursor),
            "max_completion_tokens" => self.cap(CapField::MaxCompletionTokens, cursor),
            "stream" => self.stream(cursor).map(|()| Role::Stream),
            "stream_options" => self.stream_options(cursor).map(|()| Role::StreamOptions),
            _ if known::is_gateway(name) => {
                if !known::is_known(name) {
                    self.unknown.push(name.to_owned());
                }
                self.chat
                    .extras
                    .read(name, cursor, &mut self.faults)
                    .map(|()| Role::Removed)
            }
            _ if rules::check(name, cursor, faults)? => Ok(Role::Kept),
            _ => {
                cursor.skip()?;
                if known::is_known(name) {
                    return Ok(Role::Kept);
                }
                self.unknown.push(name.to_owned());
                let drop = rules.unknown_fields == UnknownFields::Drop;
                Ok(if drop { Role::Removed } else { Role::Kept })
            }
        }
    }

    /// Notes a field that the gateway acts on and that stands twice (W17).
    fn once(&mut self, name: &str) {
        const ACTED_ON: [&str; 8] = [
            "max_completion_tokens",
            "max_tokens",
            "messages",
            "model",
            "n",
            "stop",
            "stream",
            "stream_options",
        ];
        let mut acted_on = ACTED_ON.iter().chain(&known::GATEWAY);
        let Some(name) = acted_on.find(|acted_on| **acted_on == name) else {
            return;
        };
        if self.seen.contains(name) {
            let message = format!("`{name}` is given twice.");
            self.faults
                .add(&format!("/{name}"), Code::DuplicateField, message);
        } else {
            self.seen.push(name);
        }
    }

    fn model(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        match cursor.kind()? {
            Kind::String => {
                let name = cursor.string()?.decode();
                if name.is_empty() {
                    self.faults.invalid("/model", "the name of a model");
                }
                self.chat.model = Some(name.into_owned());
                Ok(())
            }
            kind => {
                self.faults.wrong_type("/model", "a string", kind);
                self.chat.model = Some(String::new());
                cursor.pass()
            }
        }
    }

    fn cap(&mut self, field: CapField, cursor: &mut Cursor<'_>) -> Result<Role, Fault> {
        self.chat.cap.read(field, cursor, &mut self.faults)?;
        Ok(Role::Cap(field))
    }

    fn stream(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        match cursor.kind()? {
            Kind::Bool => self.chat.stream = cursor.bool()?,
            Kind::Null => cursor.pass()?,
            kind => {
                self.faults.wrong_type("/stream", "true or false", kind);
                cursor.skip()?;
            }
        }
        Ok(())
    }

    fn stream_options(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        match cursor.kind()? {
            Kind::Null => {
                self.chat.usage_span = UsageSpan::Null(cursor.skip()?);
                return Ok(());
            }
            Kind::Object => self.stream_options = true,
            kind => {
                self.faults.wrong_type("/stream_options", "an object", kind);
                return cursor.pass();
            }
        }
        let open = cursor.at() + 1;
        let mut span = UsageSpan::Inside(open, false);
        let Self { chat, faults, .. } = self;
        cursor.object(|cursor, member| {
            if member.key.decode() != "include_usage" {
                if span == UsageSpan::Inside(open, false) {
                    span = UsageSpan::Inside(open, true);
                }
                return cursor.pass();
            }
            let kind = cursor.kind()?;
            let value = cursor.skip()?;
            match kind {
                Kind::Bool => chat.include_usage = value.len() == "true".len(),
                Kind::Null => {}
                _ => faults.wrong_type("/stream_options/include_usage", "true or false", kind),
            }
            span = UsageSpan::Value(value);
            Ok(())
        })?;
        chat.usage_span = span;
        Ok(())
    }

    /// What can be said only when the whole body has been read.
    fn finish(&mut self, rules: &Rules) -> Vec<crate::error::Detail> {
        if self.chat.members.is_empty() && !self.faults.is_empty() {
            return std::mem::take(&mut self.faults).into_details();
        }
        if self.too_many {
            self.faults
                .invalid("", &format!("an object of at most {FIELDS} fields"));
        }
        if self.chat.model.is_none() && !rules.default_model {
            self.faults.missing("/model");
        }
        if !self.seen.contains(&"messages") {
            self.faults.missing("/messages");
        }
        if self.stream_options && !self.chat.stream {
            let message = "`stream_options` is only allowed with `stream: true`.".to_owned();
            self.faults
                .add("/stream_options", Code::InvalidValue, message);
        }
        if self.chat.extras.deny_unknown || rules.unknown_fields == UnknownFields::Reject {
            self.deny_unknown();
        }
        std::mem::take(&mut self.faults).into_details()
    }

    /// Names all unknown fields, sorted, each with the name that was perhaps meant (W15).
    fn deny_unknown(&mut self) {
        self.unknown.sort_unstable();
        self.unknown.dedup();
        for name in &self.unknown {
            let known = known::STANDARD.into_iter().chain(known::GATEWAY);
            let near = nearest(quoted(name), known)
                .map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
            let message = format!("`{}` is not a known field.{near}", quoted(name));
            self.faults
                .add(&format!("/{}", escape(name)), Code::UnknownField, message);
        }
    }
}
