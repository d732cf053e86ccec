//! The faults of a body, gathered while it is read (W18).

use crate::error::Detail;
use crate::json::Kind;

/// Faults in the order of the body.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Detail>);

impl Faults {
    /// Notes a fault at a field, given as JSON pointer.
    pub(super) fn add(&mut self, pointer: &str, code: &'static str, message: String) {
        let param = (!pointer.is_empty()).then(|| param(pointer));
        self.0.push(Detail {
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
            "missing_field",
            format!("`{}` is required.", param(pointer)),
        );
    }

    /// Notes that a field has another type than it must have.
    pub(super) fn wrong_type(&mut self, pointer: &str, expected: &str, found: Kind) {
        let message = format!(
            "`{}` must be {expected}, not {}.",
            param(pointer),
            found.as_str()
        );
        self.add(pointer, "invalid_type", message);
    }

    /// Notes that a value is not one of those allowed.
    pub(super) fn invalid(&mut self, pointer: &str, expected: &str) {
        let message = format!("`{}` must be {expected}.", param(pointer));
        self.add(pointer, "invalid_value", message);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_details(self) -> Vec<Detail> {
        self.0
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
