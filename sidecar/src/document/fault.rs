//! What is wrong with a file, and where.

use std::fmt;

/// One fault of a file.
///
/// Shape as text: `<JSON pointer>: <fault>`; the whole file is `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer of the value at fault (RFC 6901); empty for the whole file.
    pub at: String,
    /// What is wrong there.
    pub text: String,
}

impl Fault {
    pub(super) fn new(at: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            text: text.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at.is_empty() { "/" } else { &self.at };
        write!(f, "{at}: {}", self.text)
    }
}

/// Appends one segment to a JSON pointer.
pub(super) fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}
