//! The faults of a body, gathered while it is read (W18).

use crate::error::{Code, Detail};
use crate::json::Kind;
use crate::near::quoted;

/// Faults that are told; a hostile body can have millions.
const TOLD: usize = 100;

/// Faults in the order of the body: the first of them, and how many more there are.
#[derive(Debug, Default)]
pub(super) struct Faults {
    told: Vec<Detail>,
    more: usize,
}

impl Faults {
    /// Notes a fault whose words are made only where there is room for them.
    pub(super) fn note(&mut self, tell: impl FnOnce(&mut Self)) {
        if !self.full() {
            tell(self);
        }
    }

    /// Whether no more are told: then one more has been counted, and its words need not be made.
    fn full(&mut self) -> bool {
        let full = self.told.len() >= TOLD;
        self.more += usize::from(full);
        full
    }

    /// Notes a fault at a field, given as JSON pointer.
    pub(super) fn add(&mut self, pointer: &str, code: Code, message: String) {
        if self.full() {
            return;
        }
        let pointer = quoted(pointer);
        let param = (!pointer.is_empty()).then(|| param(pointer));
        self.told.push(Detail {
            param,
            pointer: pointer.to_owned(),
            code,
            message,
        });
    }

    /// Notes that a field is absent.
    pub(super) fn missing(&mut self, pointer: &str) {
        self.add(
            pointer,
            Code::MissingField,
            format!("`{}` is required.", param(quoted(pointer))),
        );
    }

    /// Notes that a field has another type than it must have.
    pub(super) fn wrong_type(&mut self, pointer: &str, expected: &str, found: Kind) {
        self.add_type(pointer, expected, found.as_str());
    }

    /// Notes that a field has another type than it must have, in words.
    pub(super) fn add_type(&mut self, pointer: &str, expected: &str, found: &str) {
        let message = format!(
            "`{}` must be {expected}, not {found}.",
            param(quoted(pointer))
        );
        self.add(pointer, Code::InvalidType, message);
    }

    /// Notes that a value is not one of those allowed.
    pub(super) fn invalid(&mut self, pointer: &str, expected: &str) {
        if pointer.is_empty() {
            return self.add(
                pointer,
                Code::InvalidValue,
                format!("The body must be {expected}."),
            );
        }
        let message = format!("`{}` must be {expected}.", param(quoted(pointer)));
        self.add(pointer, Code::InvalidValue, message);
    }

    /// Forgets those that came after the first so many.
    pub(super) fn forget(&mut self, first: usize) {
        self.told.truncate(first);
        self.more = first.saturating_sub(self.told.len());
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.told.len() + self.more
    }

    pub(super) fn into_details(self) -> Vec<Detail> {
        let mut told = self.told;
        if self.more > 0 {
            let message = format!("There are {} faults more.", self.more);
            let pointer = String::new();
            told.push(Detail {
                param: None,
                pointer,
                code: Code::MoreFaults,
                message,
            });
        }
        told
    }
}

/// `/messages/0/role` → `messages[0].role`, OpenAI's form.
fn param(pointer: &str) -> String {
    let mut out = String::with_capacity(pointer.len());
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        if !out.is_empty() && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push('[');
            out.push_str(&name);
            out.push(']');
            continue;
        }
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(&name);
    }
    out
}

/// One segment of a JSON pointer.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
