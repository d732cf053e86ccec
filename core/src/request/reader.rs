//! One pass over a body, and what can be said when it has been read.

use super::chat::{Chat, Member, Role, Rules};
use super::check::Check;
use super::faults::{Faults, escape};
use super::fields;
use super::noted::{Noted, Places};
use super::path::Path;
use super::usage::Options;
use super::value;
use crate::config::{CapField, UnknownFields};
use crate::error::Code;
use crate::json::{Cursor, Fault, Kind, Span};
use crate::near::{nearest, quoted};
use crate::reject::Rejection;
use crate::sorted;
use crate::text::same;

/// Top-level fields that are looked at; no honest request has as many.
const FIELDS: usize = 1000;

/// A body that is being read.
pub(super) struct Reader<'a> {
    text: &'a str,
    rules: &'a Rules,
    chat: Box<Chat>,
    faults: Faults,
    noted: Places,
    /// The gateway's own fields that it has.
    gateway: Vec<&'static str>,
    unknown: Vec<String>,
    too_many: bool,
    object: bool,
}

impl<'a> Reader<'a> {
    /// Reads a body to its end.
    ///
    /// # Errors
    ///
    /// The fault that makes it not JSON.
    pub(super) fn read(text: &'a str, rules: &'a Rules) -> Result<Self, Fault> {
        let mut reader = Self {
            text,
            rules,
            chat: Box::default(),
            faults: Faults::default(),
            noted: Places::default(),
            gateway: Vec::new(),
            unknown: Vec::new(),
            too_many: false,
            object: true,
        };
        let mut cursor = Cursor::new(text);
        let kind = cursor.kind()?;
        if kind == Kind::Object {
            reader.members(&mut cursor)?;
        } else {
            cursor.pass()?;
            reader.object = false;
            let message = format!("The body must be a JSON object, not {}.", kind.as_str());
            reader.faults.add("", Code::InvalidType, message);
        }
        cursor.end()?;
        Ok(reader)
    }

    fn members(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.chat.open = cursor.at() + 1;
        self.chat.members.reserve(24);
        cursor.object(|cursor, member| {
            if self.chat.members.len() >= FIELDS {
                self.too_many = true;
                return cursor.pass();
            }
            let start = member.key.span.start;
            let kind = cursor.kind()?;
            let from = cursor.at();
            let role = self.member(&member.key.decode(), kind, cursor)?;
            self.chat.members.push(Member {
                role,
                start,
                value: from..cursor.at(),
            });
            Ok(())
        })?;
        Ok(())
    }

    fn member(&mut self, name: &str, kind: Kind, cursor: &mut Cursor<'a>) -> Result<Role, Fault> {
        let gateway = fields::is_gateway(name);
        let Some(field) = fields::find(name, self.rules.dialect) else {
            cursor.pass()?;
            self.unknown.push(name.to_owned());
            let drop = gateway || self.rules.unknown_fields == UnknownFields::Drop;
            return Ok(if drop { Role::Removed } else { Role::Kept });
        };
        let name = field.name;
        let noted = field.noted;
        let twice = match noted {
            Some(noted) => self.noted.has(noted),
            None => gateway && self.gateway.iter().any(|own| same(own, name)),
        };
        if twice {
            let message = format!("`{name}` is given twice.");
            let at = format!("/{name}");
            self.faults.add(&at, Code::DuplicateField, message);
        }
        let before = self.faults.count();
        let from = cursor.at();
        let mut check = Check::new(&mut self.faults, &mut self.chat.inline);
        check.member(field, kind, cursor, &Path::Member(&Path::Body, name))?;
        let span = from..cursor.at();
        let raw = self.text.get(span.clone()).unwrap_or_default();
        if kind != Kind::Null && (gateway || noted == Some(Noted::Metadata)) {
            let sound = self.faults.count() == before;
            self.chat.extras.take(name, raw, sound, &mut self.faults);
        }
        if let Some(noted) = noted {
            self.noted.push(noted, span);
        } else if gateway {
            self.gateway.push(name);
        }
        Ok(match noted {
            Some(Noted::MaxCompletionTokens) => Role::Cap(CapField::MaxCompletionTokens),
            Some(Noted::MaxTokens) => Role::Cap(CapField::MaxTokens),
            Some(Noted::Model) => Role::Model,
            // Resolved here: the provider has no such effort (W23).
            Some(Noted::ReasoningEffort) if value::text(raw).as_deref() == Some("auto") => {
                Role::Removed
            }
            Some(Noted::Stream) => Role::Stream,
            Some(Noted::StreamOptions) => Role::StreamOptions,
            None if gateway => Role::Removed,
            _ => Role::Kept,
        })
    }

    /// The value of a noted field as it stands; `None` where it is absent or null.
    #[inline]
    fn raw(&self, noted: Noted) -> Option<&'a str> {
        self.noted.get(noted).and_then(|span| self.given(span))
    }

    fn given(&self, span: &Span) -> Option<&'a str> {
        self.text.get(span.clone()).filter(|raw| *raw != "null")
    }

    /// What the body says, or all that is wrong with it.
    pub(super) fn finish(mut self) -> Result<Box<Chat>, Rejection> {
        if self.object {
            self.facts();
            self.depend();
            if self.too_many {
                self.faults
                    .invalid("", &format!("an object of at most {FIELDS} fields"));
            }
            let reject = self.rules.unknown_fields == UnknownFields::Reject;
            if reject || self.chat.extras.deny_unknown {
                self.deny_unknown();
            }
        }
        if self.faults.count() == 0 {
            Ok(self.chat)
        } else {
            Err(Rejection::Fields(self.faults.into_details()))
        }
    }

    /// Takes over what the gateway acts on.
    fn facts(&mut self) {
        self.chat.model = self.raw(Noted::Model).and_then(value::text);
        self.chat.stream = self.raw(Noted::Stream) == Some("true");
        self.chat.prompt_bytes = self.raw(Noted::Messages).map_or(0, str::len);
        let effort = self.raw(Noted::ReasoningEffort).and_then(value::text);
        self.chat.reasoning_effort = effort.filter(|effort| effort != "auto");
        for (field, noted) in [
            (CapField::MaxCompletionTokens, Noted::MaxCompletionTokens),
            (CapField::MaxTokens, Noted::MaxTokens),
        ] {
            let cap = self.raw(noted).and_then(value::whole);
            self.chat
                .cap
                .set(field, cap.and_then(|cap| cap.try_into().ok()));
        }
        let options = self.noted.get(Noted::StreamOptions);
        self.chat.options = options.map(|span| {
            let raw = self.text.get(span.clone()).unwrap_or_default();
            let inline = self.chat.inline.iter().find(|(at, _)| at == span);
            Options::read(raw, span.clone(), inline.map(|(_, text)| text.as_str()))
        });
        let asked = self.chat.options.as_ref().and_then(Options::include_usage);
        // Raw usage comes with usage (W42).
        self.chat.include_usage = asked.unwrap_or(self.chat.extras.include_raw_usage);
    }

    /// What depends on two fields, and what must be there.
    fn depend(&mut self) {
        if self.raw(Noted::Model).is_none() && !self.rules.default_model {
            let null = self.noted.has(Noted::Model).then_some(Kind::Null);
            self.absent("/model", "a string", null);
        }
        if !self.noted.has(Noted::Messages) {
            self.faults.missing("/messages");
        }
        let options = self.chat.options.as_ref();
        if options.is_some_and(Options::is_given) && !self.chat.stream {
            let message = "`stream_options` is only allowed with `stream: true`.".to_owned();
            self.faults
                .add("/stream_options", Code::InvalidValue, message);
        }
        let asked = options.and_then(Options::include_usage);
        if options.is_some_and(|options| options.twice) {
            let message = "`include_usage` is given twice.".to_owned();
            let at = "/stream_options/include_usage";
            self.faults.add(at, Code::DuplicateField, message);
        }
        if self.chat.extras.include_raw_usage && self.chat.stream && asked == Some(false) {
            let message = "`ollm::include_raw_usage` needs `stream_options.include_usage` to be \
                           true, or absent, in a stream.";
            let at = "/ollm::include_raw_usage";
            self.faults.add(at, Code::InvalidValue, message.to_owned());
        }
        let unasked = matches!(self.raw(Noted::Logprobs), None | Some("false"));
        if self.raw(Noted::TopLogprobs).is_some() && unasked {
            let message = "`top_logprobs` is only allowed with `logprobs: true`.".to_owned();
            self.faults
                .add("/top_logprobs", Code::InvalidValue, message);
        }
        let audio = self
            .raw(Noted::Modalities)
            .is_some_and(|raw| value::has(raw, "audio"));
        if audio && self.raw(Noted::Audio).is_none() {
            self.faults.missing("/audio");
        }
        let budget = self
            .raw(Noted::Thinking)
            .filter(|raw| {
                let kind = value::member(raw, "type").and_then(value::text);
                kind.as_deref() != Some("disabled")
            })
            .and_then(|raw| value::member(raw, "budget_tokens"));
        let budget = budget.and_then(value::whole);
        if let (Some(budget), Some(cap)) = (budget, self.chat.cap.least())
            && cap >= 0
            && budget >= i64::from(cap).max(1024)
        {
            let expected = format!("smaller than the token cap, which is {cap}");
            self.faults.invalid("/thinking/budget_tokens", &expected);
        }
        let limit = self.rules.stop_sequences;
        if self
            .raw(Noted::Stop)
            .is_some_and(|raw| value::count(raw) > limit)
        {
            let expected = format!("an array of at most {limit} strings");
            self.faults.invalid("/stop", &expected);
        }
    }

    fn absent(&mut self, at: &str, expected: &str, null: Option<Kind>) {
        match null {
            None => self.faults.missing(at),
            Some(kind) => self.faults.wrong_type(at, expected, kind),
        }
    }

    /// Names all unknown fields, sorted, each with the name that was perhaps meant (W15).
    fn deny_unknown(&mut self) {
        let unknown = sorted::map(self.unknown.drain(..).map(|name| (name, ())));
        let known = || fields::STANDARD.iter().chain(fields::GATEWAY);
        for name in unknown.keys() {
            let near = nearest(quoted(name), known().map(|field| field.name))
                .map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
            let message = format!("`{}` is not a known field.{near}", quoted(name));
            let at = format!("/{}", escape(name));
            self.faults.add(&at, Code::UnknownField, message);
        }
    }
}
