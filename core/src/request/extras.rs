//! What the gateway's own fields, and the labels among the others, say.

use std::collections::BTreeMap;

use super::faults::{Faults, escape};
use super::routing::Routing;
use super::value;
use crate::error::Code;
use crate::spend::{Contact, Thread};

/// Bytes of a contact's metadata. It stands in the record, which waits in memory.
const CONTACT_METADATA: usize = 4096;

/// Members of `orq` that this version checks and does not carry out.
const PLANNED: [&str; 4] = ["cache", "inputs", "knowledge_bases", "prompt"];

/// What the gateway's own fields say, and `metadata`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extras {
    /// `ollm::tags` (W51).
    pub tags: BTreeMap<String, String>,
    /// `ollm::dryrun`: nothing is billed or stored (W52).
    pub dryrun: bool,
    /// `ollm::deny_unknown_fields` (W15).
    pub deny_unknown: bool,
    /// `ollm::episode_id` (W23).
    pub episode: Option<String>,
    /// `ollm::include_raw_usage` (W42).
    pub include_raw_usage: bool,
    /// `ollm::include_raw_response` (W42).
    pub include_raw_response: bool,
    /// `ollm::variant_name` (W22).
    pub variant: Option<String>,
    /// `project_id` (W55).
    pub project: Option<String>,
    /// `orq.identity`, or `orq.contact` (W55).
    pub contact: Option<Contact>,
    /// `orq.thread` (W55).
    pub thread: Option<Thread>,
    /// `orq.name` (W55).
    pub name: Option<String>,
    /// `orq.timeout.call_timeout`, milliseconds (W32).
    pub call_timeout: Option<u64>,
    /// `metadata`, which reaches the provider too (W55).
    pub metadata: BTreeMap<String, String>,
    /// What `orq` asks of the route (W30, W31).
    pub routing: Routing,
}

impl Extras {
    /// Takes a field that is not null, as it stands in the body. `sound` says that it has its shape.
    pub(super) fn take(&mut self, name: &str, raw: &str, sound: bool, faults: &mut Faults) {
        match name {
            "metadata" if sound => self.metadata = labels(raw),
            "ollm::cache_options" => cache_options(raw, faults),
            "ollm::deny_unknown_fields" => self.deny_unknown = raw == "true",
            "ollm::dryrun" => self.dryrun = raw == "true",
            "ollm::episode_id" => self.episode = value::text(raw),
            "ollm::include_raw_response" => self.include_raw_response = raw == "true",
            "ollm::include_raw_usage" => self.include_raw_usage = raw == "true",
            "ollm::tags" => self.tags(raw, sound, faults),
            "ollm::variant_name" => self.variant = value::text(raw),
            "orq" => self.orq(raw, sound, faults),
            "project_id" => self.project = value::text(raw),
            _ => {}
        }
    }

    fn tags(&mut self, raw: &str, sound: bool, faults: &mut Faults) {
        value::each(raw, |name, _| {
            if name.starts_with("ollm::") {
                faults.note(|faults| {
                    let message = "The name of a tag must not begin with `ollm::`.".to_owned();
                    let at = format!("/ollm::tags/{}", escape(name));
                    faults.add(&at, Code::ReservedTag, message);
                });
            }
        });
        if sound {
            self.tags = labels(raw);
        }
    }

    fn orq(&mut self, raw: &str, sound: bool, faults: &mut Faults) {
        let mut older = None;
        value::each(raw, |name, raw| match name {
            _ if PLANNED.contains(&name) && asks(raw) => {
                unsupported(&format!("orq/{name}"), faults);
            }
            _ if !sound => {}
            "contact" => older = Some(contact(name, raw, faults)),
            "identity" => self.contact = Some(contact(name, raw, faults)),
            "name" => self.name = value::text(raw).filter(|name| !name.is_empty()),
            "thread" => {
                self.thread = Some(Thread {
                    id: value::member(raw, "id")
                        .and_then(value::text)
                        .unwrap_or_default(),
                    tags: value::member(raw, "tags")
                        .map(|raw| value::list(raw, value::text))
                        .unwrap_or_default(),
                });
            }
            "timeout" => {
                let limit = value::member(raw, "call_timeout").and_then(value::whole);
                self.call_timeout = limit.and_then(|limit| u64::try_from(limit).ok());
            }
            _ => self.routing.take(name, raw),
        });
        self.contact = self.contact.take().or(older);
    }
}

/// Whether a value asks for anything: an empty list or object does not.
fn asks(raw: &str) -> bool {
    let inside = raw.get(1..raw.len().saturating_sub(1));
    !(raw.starts_with(['[', '{']) && inside.is_some_and(|inside| inside.trim().is_empty()))
}

fn contact(name: &str, raw: &str, faults: &mut Faults) -> Contact {
    let mut contact = Contact::default();
    value::each(raw, |member, raw| match member {
        "display_name" => contact.display_name = value::text(raw),
        "email" => contact.email = value::text(raw),
        "id" => contact.id = value::text(raw).unwrap_or_default(),
        "logo_url" => contact.logo_url = value::text(raw),
        "metadata" => {
            let kept = Some(raw).filter(|raw| raw.len() <= CONTACT_METADATA);
            let read = kept.and_then(|raw| serde_json::from_str(raw).ok());
            if read.is_none() {
                let expected = format!(
                    "of at most {CONTACT_METADATA} bytes, and free of halves of surrogate pairs \
                     and of numbers that no double holds"
                );
                faults.invalid(&format!("/orq/{name}/metadata"), &expected);
            }
            contact.metadata = read.unwrap_or_default();
        }
        "tags" => contact.tags = value::list(raw, value::text),
        _ => {}
    });
    contact
}

/// Labels of a record: strings by name, nulls left out.
fn labels(raw: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    value::each(raw, |name, raw| {
        if let Some(text) = value::text(raw) {
            labels.insert(name.to_owned(), text);
        }
    });
    labels
}

/// The cache is not there yet; `off` asks for nothing.
fn cache_options(raw: &str, faults: &mut Faults) {
    let enabled = value::member(raw, "enabled").and_then(value::text);
    let asks = match enabled.as_deref() {
        Some("off") => false,
        Some(_) => true,
        None => value::member(raw, "max_age_s").is_some(),
    };
    if asks {
        unsupported("ollm::cache_options", faults);
    }
}

/// A field that is right and that this version does not carry out: said, not ignored.
fn unsupported(at: &str, faults: &mut Faults) {
    let name = at.replace('/', ".");
    let message = format!("`{name}` is not supported by this version of the gateway.");
    faults.add(&format!("/{at}"), Code::UnsupportedValue, message);
}
