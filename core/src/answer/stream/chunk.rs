//! What becomes of one chunk of a stream: usage, and what the gateway adds.

use std::borrow::Cow;

use super::Stream;
use super::out::Change;
use crate::answer::echo::{self, Additions};
use crate::answer::events::{self, Event};
use crate::answer::parsed::{Envelope, Facts};
use crate::json::{self, Edit, Span};

impl Stream {
    /// What becomes of a chunk.
    pub(super) fn change(&mut self, bytes: &[u8], event: &Event<'_>, facts: &Facts) -> Change {
        let data = event.data.as_deref().unwrap_or_default();
        let errors = echo::errors(data, facts, &self.private);
        let raw = self.echo.raw_response.then(|| json::edited(data, &errors));
        let mut additions = Additions::new(errors);
        if !self.usage(data, facts, &mut additions) {
            return Change::Drop;
        }
        self.echo.episode(facts, !self.told, &mut additions);
        self.told = true;
        if let Some(raw) = raw {
            additions.member(
                "ollm_raw_chunk",
                &json::quoted(&String::from_utf8_lossy(&raw)),
            );
        }
        let mut edits = additions.into_edits(facts);
        if edits.is_empty() {
            return Change::Keep;
        }
        let (bytes, at) = match event.data_at {
            Some(at) => (Cow::Borrowed(bytes), at),
            None => {
                let (joined, at) = events::rejoined(bytes, data);
                (Cow::Owned(joined), at)
            }
        };
        for edit in &mut edits {
            edit.span = at + edit.span.start..at + edit.span.end;
        }
        Change::Replace(json::edited(&bytes, &edits))
    }

    /// Usage is for the record; the caller gets it in one chunk of its own, if at all (W41).
    /// `false` when the chunk is for the record alone.
    fn usage(&mut self, data: &[u8], facts: &Facts, additions: &mut Additions) -> bool {
        let Some(span) = &facts.usage_span else {
            return true;
        };
        if facts.usage.is_some() {
            self.usage = facts.usage;
            self.raw_usage = spelled(data, Some(span));
            let Envelope { id, created, model } = &facts.envelope;
            self.envelope = [id, created, model].map(|span| spelled(data, span.as_ref()));
        }
        if facts.choices.unwrap_or_default() > 0 {
            additions.edit(Edit::replace(span.clone(), "null"));
            return true;
        }
        if self.asked && self.echo.raw_usage {
            let usage = spelled(data, Some(span)).unwrap_or_default();
            additions.member("ollm_raw_usage", &self.echo.raw(&usage));
        }
        self.usage_sent |= self.asked;
        self.asked
    }

    /// The chunk with usage that the caller asked for and the provider sent in another form.
    pub(super) fn usage_chunk(&mut self) -> Option<Vec<u8>> {
        if !self.asked || self.usage_sent {
            return None;
        }
        let usage = self.raw_usage.as_deref()?;
        self.usage_sent = true;
        let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "null".to_owned());
        let [id, created, model] = self.envelope.each_ref().map(text);
        let mut raw = String::new();
        if self.echo.raw_usage {
            raw = format!("\"ollm_raw_usage\":{},", self.echo.raw(usage));
        }
        Some(
            format!(
                "data: {{{raw}\"id\":{id},\"object\":\"chat.completion.chunk\",\
                 \"created\":{created},\"model\":{model},\"choices\":[],\"usage\":{usage}}}\n\n"
            )
            .into_bytes(),
        )
    }
}

/// A member of a chunk as it stands.
fn spelled(data: &[u8], span: Option<&Span>) -> Option<String> {
    Some(String::from_utf8_lossy(data.get(span?.clone())?).into_owned())
}
