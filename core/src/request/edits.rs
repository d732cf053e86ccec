//! What changes in a body on its way to a provider; all else leaves as it came (W16).

use super::chat::{Chat, Member, Role};
use super::usage::Options;
use crate::config::CapField;
use crate::json::{Edit, quoted};

/// What a provider takes.
#[derive(Clone, Copy, Debug)]
pub struct Upstream<'a> {
    /// Its name for the model.
    pub model: &'a str,
    /// Its name for the token cap; `None` takes either.
    pub cap_field: Option<CapField>,
}

impl Chat {
    /// The edits that make the caller's body that of an attempt.
    ///
    /// Shape: in order of their spans, not overlapping.
    #[must_use]
    pub fn edits(&self, upstream: &Upstream<'_>) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut kept = false;
        let mut last_end = self.open;
        let mut members = self.members.iter().peekable();
        let cap = self.cap_edit(upstream.cap_field);
        let named = self.members.iter().any(|member| member.role == Role::Model);
        if !named {
            edits.push(self.prepend(upstream.model));
        }
        while let Some(member) = members.next() {
            let removed = match member.role {
                Role::Removed => true,
                Role::Cap(field) => cap.is_some_and(|cap| cap.dropped == Some(field)),
                Role::Kept | Role::Model | Role::Stream | Role::StreamOptions => false,
            };
            if removed {
                let next = members.peek().map_or(member.value.end, |next| next.start);
                // With the comma before it, or, where nothing that stays stands before it, after it.
                let span = if kept {
                    last_end..member.value.end
                } else {
                    member.start..next
                };
                edits.push(Edit::cut(span));
            } else {
                kept = true;
                self.change(member, upstream, cap, &mut edits);
            }
            last_end = member.value.end;
        }
        edits
    }

    fn change(
        &self,
        member: &Member,
        upstream: &Upstream<'_>,
        cap: Option<CapEdit>,
        edits: &mut Vec<Edit>,
    ) {
        match member.role {
            Role::Model if self.model.as_deref() != Some(upstream.model) => {
                edits.push(Edit::replace(member.value.clone(), quoted(upstream.model)));
            }
            Role::Stream if self.stream && self.options.is_none() => {
                let text = ",\"stream_options\":{\"include_usage\":true}";
                edits.push(Edit::insert(member.value.end, text));
            }
            Role::StreamOptions if self.stream => {
                edits.extend(self.options.as_ref().and_then(Options::ask));
            }
            Role::Kept => edits.extend(self.inline(member)),
            Role::Cap(field) => {
                // The cap that holds, under the name that is taken, leaves as it came.
                let stays =
                    |cap: &CapEdit| cap.name == field && self.cap.of(field) == Some(cap.value);
                if let Some(cap) = cap.filter(|cap| !stays(cap)) {
                    let text = format!("\"{}\":{}", cap.name.as_str(), cap.value);
                    edits.push(Edit::replace(member.start..member.value.end, text));
                }
            }
            _ => {}
        }
    }

    /// The strings of a member that leave as the JSON they hold (S1).
    fn inline(&self, member: &Member) -> impl Iterator<Item = Edit> {
        let from = self
            .inline
            .partition_point(|(span, _)| span.start < member.value.start);
        let inside = self.inline.iter().skip(from);
        let inside = inside.take_while(|(span, _)| span.end <= member.value.end);
        inside.map(|(span, text)| Edit::replace(span.clone(), text.clone()))
    }

    /// How the token caps change: `None` when they do not (W13).
    fn cap_edit(&self, taken: Option<CapField>) -> Option<CapEdit> {
        let value = self.cap.least()?;
        let both = self.cap.max_tokens.is_some() && self.cap.max_completion_tokens.is_some();
        let given = |field| self.cap.of(field).is_some();
        if both {
            let name = taken.unwrap_or(CapField::MaxCompletionTokens);
            return Some(CapEdit {
                name,
                value,
                dropped: Some(other(name)),
            });
        }
        let name = taken.filter(|field| !given(*field))?;
        // A null under the name that is taken would stand twice.
        let null = self
            .members
            .iter()
            .any(|member| member.role == Role::Cap(name));
        Some(CapEdit {
            name,
            value,
            dropped: null.then_some(name),
        })
    }

    fn prepend(&self, model: &str) -> Edit {
        let comma = if self.members.is_empty() { "" } else { "," };
        Edit::insert(self.open, format!("\"model\":{}{comma}", quoted(model)))
    }
}

#[derive(Clone, Copy)]
struct CapEdit {
    name: CapField,
    value: i32,
    dropped: Option<CapField>,
}

fn other(field: CapField) -> CapField {
    match field {
        CapField::MaxCompletionTokens => CapField::MaxTokens,
        CapField::MaxTokens => CapField::MaxCompletionTokens,
    }
}
