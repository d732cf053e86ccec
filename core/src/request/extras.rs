//! The gateway's own fields: they act here and never reach a provider.

use std::collections::BTreeMap;

use super::faults::{Faults, escape};
use crate::error::Code;
use crate::json::{Cursor, Fault, Kind};

/// Tags of one request. They stand in its record, which waits in memory.
const TAGS: usize = 64;
/// Characters of a tag's name.
const TAG_NAME: usize = 128;
/// Characters of a tag's value.
const TAG_VALUE: usize = 512;

/// What the gateway's own fields say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// `project_id` (W55).
    pub project: Option<String>,
}

impl Extras {
    /// Reads one of the gateway's own fields.
    pub(super) fn read(
        &mut self,
        name: &str,
        cursor: &mut Cursor<'_>,
        faults: &mut Faults,
    ) -> Result<(), Fault> {
        match name {
            "ollm::tags" => self.tags(cursor, faults),
            "ollm::dryrun" => flag(name, cursor, faults).map(|flag| self.dryrun = flag),
            "ollm::deny_unknown_fields" => {
                flag(name, cursor, faults).map(|flag| self.deny_unknown = flag)
            }
            "ollm::episode_id" => self.episode(cursor, faults),
            "ollm::include_raw_usage" => {
                flag(name, cursor, faults).map(|flag| self.include_raw_usage = flag)
            }
            "ollm::include_raw_response" => {
                flag(name, cursor, faults).map(|flag| self.include_raw_response = flag)
            }
            "project_id" => self.project(cursor, faults),
            _ => refuse(name, cursor, faults),
        }
    }

    fn tags(&mut self, cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<(), Fault> {
        const AT: &str = "/ollm::tags";
        match cursor.kind()? {
            Kind::Null => return cursor.pass(),
            Kind::Object => {}
            kind => {
                faults.wrong_type(AT, "an object of strings", kind);
                return cursor.pass();
            }
        }
        let tags = &mut self.tags;
        let mut count = 0;
        cursor.object(|cursor, member| {
            count += 1;
            if count > TAGS {
                return cursor.pass();
            }
            let key = member.key.decode().into_owned();
            let at = || format!("{AT}/{}", escape(&key));
            if key.starts_with("ollm::") {
                let message = "The name of a tag must not begin with `ollm::`.".to_owned();
                faults.add(&at(), Code::ReservedTag, message);
            }
            match cursor.kind()? {
                Kind::String => {
                    let value = cursor.string()?.decode().into_owned();
                    if key.chars().count() > TAG_NAME || value.chars().count() > TAG_VALUE {
                        let expected = format!(
                            "a name of at most {TAG_NAME} and a value of at most {TAG_VALUE} characters"
                        );
                        faults.invalid(&at(), &expected);
                    } else {
                        tags.insert(key, value);
                    }
                }
                kind => {
                    faults.wrong_type(&at(), "a string", kind);
                    cursor.skip()?;
                }
            }
            Ok(())
        })?;
        if count > TAGS {
            faults.invalid(AT, &format!("an object of at most {TAGS} tags"));
        }
        Ok(())
    }

    fn episode(&mut self, cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<(), Fault> {
        match cursor.kind()? {
            Kind::Null => cursor.pass(),
            Kind::String => {
                let text = cursor.string()?.decode();
                let plain = |b: u8| b.is_ascii_hexdigit() || b == b'-';
                if text.len() == 36 && text.bytes().all(plain) {
                    self.episode = Some(text.into_owned());
                } else {
                    faults.invalid("/ollm::episode_id", "a UUID");
                }
                Ok(())
            }
            kind => {
                faults.wrong_type("/ollm::episode_id", "a string", kind);
                cursor.pass()
            }
        }
    }

    fn project(&mut self, cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<(), Fault> {
        match cursor.kind()? {
            Kind::Null => cursor.pass(),
            Kind::String => {
                let text = cursor.string()?.decode();
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
                if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
                    self.project = Some(text.into_owned());
                } else {
                    faults.invalid("/project_id", "1 to 64 characters of A-Z a-z 0-9 . _ : -");
                }
                Ok(())
            }
            kind => {
                faults.wrong_type("/project_id", "a string", kind);
                cursor.pass()
            }
        }
    }
}

fn flag(name: &str, cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<bool, Fault> {
    match cursor.kind()? {
        Kind::Bool => cursor.bool(),
        Kind::Null => cursor.skip().map(|_| false),
        kind => {
            faults.wrong_type(&format!("/{name}"), "true or false", kind);
            cursor.skip().map(|_| false)
        }
    }
}

/// A field that is known but that this version does not carry out: said, not ignored. `null` and
/// `false` ask for nothing. A field that is not known at all is for the unknown-field mode.
fn refuse(name: &str, cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<(), Fault> {
    let asks = match cursor.kind()? {
        Kind::Null => cursor.skip().map(|_| false)?,
        Kind::Bool => cursor.bool()?,
        _ => cursor.skip().map(|_| true)?,
    };
    if asks && super::known::is_known(name) {
        let message = format!("`{name}` is not supported by this version of the gateway.");
        faults.add(&format!("/{name}"), Code::UnsupportedValue, message);
    }
    Ok(())
}
