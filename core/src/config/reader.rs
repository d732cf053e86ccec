//! Reads a JSON object member by member and notes every fault with its place.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fault::{ConfigError, ConfigFault};
use crate::near::nearest;

/// One object of the document, being read.
///
/// Every accessor notes a fault and gives a harmless value instead of stopping, so that one run
/// reports all that is wrong.
pub(super) struct Reader<'a> {
    at: String,
    members: Option<&'a Map<String, Value>>,
    known: Vec<&'static str>,
    faults: &'a mut Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(at: String, value: &'a Value, faults: &'a mut Vec<ConfigError>) -> Self {
        let members = value.as_object();
        if members.is_none() {
            let fault = ConfigFault::WrongType {
                expected: "an object",
            };
            faults.push(ConfigError {
                at: at.clone(),
                fault,
            });
        }
        Self {
            at,
            members,
            known: Vec::new(),
            faults,
        }
    }

    /// Notes a fault at the member `name`.
    pub(super) fn fault(&mut self, name: &str, fault: ConfigFault) {
        self.faults.push(ConfigError {
            at: pointer(&self.at, name),
            fault,
        });
    }

    /// Notes a fault at item `i` of the list `name`.
    pub(super) fn fault_within(&mut self, name: &str, i: usize, fault: ConfigFault) {
        let at = pointer(&pointer(&self.at, name), &i.to_string());
        self.faults.push(ConfigError { at, fault });
    }

    fn member(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.members?.get(name).filter(|value| !value.is_null())
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.member(name)?;
        let typed = read(value);
        if typed.is_none() {
            self.fault(name, ConfigFault::WrongType { expected });
        }
        typed
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.typed(name, "a non-empty string", |value| {
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        })
    }

    pub(super) fn required_text(&mut self, name: &'static str) -> String {
        if self
            .members
            .is_some_and(|members| !members.contains_key(name))
        {
            self.fault(name, ConfigFault::Missing);
        }
        self.text(name).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "true or false", Value::as_bool)
    }

    /// A whole number of at least `least`. A Struct of protobuf holds only doubles: `4.0` is `4`.
    pub(super) fn whole(&mut self, name: &'static str, least: u64) -> Option<u64> {
        let number = self.typed(name, "a whole number", whole)?;
        if number < least {
            self.fault(name, ConfigFault::Invalid { expected: "larger" });
            return None;
        }
        Some(number)
    }

    /// A number, or a string that holds a decimal one.
    pub(super) fn number(&mut self, name: &'static str) -> Option<f64> {
        self.typed(name, "a number of at least 0", |value| {
            let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
            (number.is_finite() && number >= 0.0).then_some(number)
        })
    }

    /// One of the words of a closed list.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(name)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, choice)| *choice);
        if found.is_none() {
            self.fault(name, ConfigFault::Invalid { expected });
        }
        found
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        self.typed(name, "a list of strings", |value| {
            value
                .as_array()?
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect()
        })
        .unwrap_or_default()
    }

    /// Reads an object of strings with names of the user's choice.
    pub(super) fn texts_by_name(&mut self, name: &'static str) -> BTreeMap<String, String> {
        self.typed(name, "an object of strings", |value| {
            let mut texts = BTreeMap::new();
            for (name, item) in value.as_object()? {
                texts.insert(name.clone(), item.as_str()?.to_owned());
            }
            Some(texts)
        })
        .unwrap_or_default()
    }

    /// Notes that an alias leads nowhere.
    pub(super) fn alias_fault(&mut self, name: &str, selector: &str) {
        let fault = ConfigFault::Undefined {
            kind: "model",
            name: selector.to_owned(),
        };
        let at = pointer(&pointer(&self.at, "aliases"), name);
        self.faults.push(ConfigError { at, fault });
    }

    /// Reads an object inside this one; absent is `None`.
    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Option<T> {
        let value = self.member(name)?;
        let mut inner = Reader::new(pointer(&self.at, name), value, self.faults);
        let read = read(&mut inner);
        inner.close();
        Some(read)
    }

    /// Reads a list of objects; absent is empty.
    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Reader<'_>) -> T,
    ) -> Vec<T> {
        let at = pointer(&self.at, name);
        let list = self.typed(name, "a list of objects", Value::as_array);
        let mut out = Vec::new();
        for (i, value) in list.into_iter().flatten().enumerate() {
            let mut inner = Reader::new(pointer(&at, &i.to_string()), value, self.faults);
            out.push(read(&mut inner));
            inner.close();
        }
        out
    }

    /// Reads an object whose members are objects with names of the user's choice.
    pub(super) fn named<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&str, &mut Reader<'_>) -> T,
    ) -> Vec<(String, T)> {
        let at = pointer(&self.at, name);
        let map = self.typed(name, "an object of objects", Value::as_object);
        let mut out = Vec::new();
        for (key, value) in map.into_iter().flatten() {
            let mut inner = Reader::new(pointer(&at, key), value, self.faults);
            out.push((key.clone(), read(key, &mut inner)));
            inner.close();
        }
        out
    }

    /// Notes every member that nobody asked for. Called when the object is read.
    pub(super) fn close(self) {
        for key in self.members.into_iter().flat_map(Map::keys) {
            if !self.known.contains(&key.as_str()) {
                let near = nearest(key, self.known.iter().copied()).map(str::to_owned);
                let fault = ConfigFault::UnknownMember { near };
                self.faults.push(ConfigError {
                    at: pointer(&self.at, key),
                    fault,
                });
            }
        }
    }
}

/// Appends one segment to a JSON pointer.
fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked before the cast"
)]
fn whole(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
    })
}
