//! One pass over a body, and what can be said when it has been read.

use super::chat::{Chat, Member, Role, Rules};
use super::check::Check;
use super::faults::{Faults, escape};
use super::fields;
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

/// Fields of the provider's that the gateway acts on, or that others depend on.
const NOTED: [&str; 15] = [
    "audio",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "n",
    "reasoning_effort",
    "stop",
    "stream",
    "stream_options",
    "thinking",
    "top_logprobs",
];

/// A body that is being read.
pub(super) struct Reader<'a> {
    text: &'a str,
    rules: &'a Rules,
    chat: Chat,
    faults: Faults,
    /// The noted fields and where their values stand; those that are null too.
    noted: Vec<(&'static str, Span)>,
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
            chat: Chat::default(),
            faults: Faults::default(),
            noted: Vec::with_capacity(8),
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
            cursor.kind()?;
            let from = cursor.at();
            let role = self.member(&member.key.decode(), cursor)?;
            self.chat.members.push(Member {
                role,
                start,
                value: from..cursor.at(),
            });
            Ok(())
        })?;
        Ok(())
    }

    fn member(&mut self, name: &str, cursor: &mut Cursor<'a>) -> Result<Role, Fault> {
        let gateway = fields::is_gateway(name);
        let Some(field) = fields::find(name, self.rules.dialect) else {
            cursor.pass()?;
            self.unknown.push(name.to_owned());
            let drop = gateway || self.rules.unknown_fields == UnknownFields::Drop;
            return Ok(if drop { Role::Removed } else { Role::Kept });
        };
        let name = field.name;
        let noted = gateway || NOTED.iter().any(|noted| same(noted, name));
        if noted {
            self.once(name);
        }
        let before = self.faults.count();
        let null = cursor.kind()? == Kind::Null;
        let from = cursor.at();
        let mut check = Check::new(&mut self.faults, &mut self.chat.inline);
        check.member(field, cursor, &Path::Member(&Path::Body, name))?;
        let span = from..cursor.at();
        let raw = self.text.get(span.clone()).unwrap_or_default();
        if noted && !null {
            let sound = self.faults.count() == before;
            self.chat.extras.take(name, raw, sound, &mut self.faults);
        }
        if noted {
            self.noted.push((name, span));
        }
        Ok(match name {
            "max_completion_tokens" => Role::Cap(CapField::MaxCompletionTokens),
            "max_tokens" => Role::Cap(CapField::MaxTokens),
            "model" => Role::Model,
            // Resolved here: the provider has no such effort (W23).
            "reasoning_effort" if value::text(raw).as_deref() == Some("auto") => Role::Removed,
            "stream" => Role::Stream,
            "stream_options" => Role::StreamOptions,
            _ if gateway => Role::Removed,
            _ => Role::Kept,
        })
    }

    /// Notes a field that the gateway acts on and that stands twice (W17).
    fn once(&mut self, name: &str) {
        if self.noted.iter().any(|(noted, _)| same(noted, name)) {
            let message = format!("`{name}` is given twice.");
            self.faults
                .add(&format!("/{name}"), Code::DuplicateField, message);
        }
    }

    /// The value of a noted field as it stands; `None` where it is absent or null.
    fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, span) = self.noted.iter().rfind(|(noted, _)| same(noted, name))?;
        self.text.get(span.clone()).filter(|raw| *raw != "null")
    }

    /// What the body says, or all that is wrong with it.
    pub(super) fn finish(mut self) -> Result<Chat, Rejection> {
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
        self.chat.model = self.raw("model").and_then(value::text);
        self.chat.stream = self.raw("stream") == Some("true");
        self.chat.prompt_bytes = self.raw("messages").map_or(0, str::len);
        let effort = self.raw("reasoning_effort").and_then(value::text);
        self.chat.reasoning_effort = effort.filter(|effort| effort != "auto");
        for field in [CapField::MaxCompletionTokens, CapField::MaxTokens] {
            let cap = self.raw(field.as_str()).and_then(value::whole);
            self.chat
                .cap
                .set(field, cap.and_then(|cap| cap.try_into().ok()));
        }
        let options = self
            .noted
            .iter()
            .rfind(|(name, _)| *name == "stream_options");
        self.chat.options = options.map(|(_, span)| {
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
        let noted = |name| self.noted.iter().any(|(noted, _)| same(noted, name));
        let (model, messages) = (noted("model"), noted("messages"));
        if self.raw("model").is_none() && !self.rules.default_model {
            let null = model.then_some(Kind::Null);
            self.absent("/model", "a string", null);
        }
        if !messages {
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
        let unasked = matches!(self.raw("logprobs"), None | Some("false"));
        if self.raw("top_logprobs").is_some() && unasked {
            let message = "`top_logprobs` is only allowed with `logprobs: true`.".to_owned();
            self.faults
                .add("/top_logprobs", Code::InvalidValue, message);
        }
        let audio = self
            .raw("modalities")
            .is_some_and(|raw| value::has(raw, "audio"));
        if audio && self.raw("audio").is_none() {
            self.faults.missing("/audio");
        }
        let budget = self
            .raw("thinking")
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
            .raw("stop")
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
