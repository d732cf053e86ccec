//! What is wrong with a configuration, and exactly where.

use std::fmt;

/// One fault of a configuration document.
///
/// Shape: `at` is a JSON pointer into the document (RFC 6901), empty for the whole of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {fault}", if at.is_empty() { "/" } else { at })]
pub struct ConfigError {
    /// JSON pointer of the value at fault.
    pub at: String,
    /// What is wrong there.
    pub fault: ConfigFault,
}

/// The kinds of fault a configuration can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFault {
    /// The document is not JSON; the text says where.
    NotJson(String),
    /// A required member is absent.
    Missing,
    /// The member is not one that this object has; perhaps another was meant.
    UnknownMember {
        /// The nearest member that exists, if one is near.
        near: Option<String>,
    },
    /// The value has another JSON type than it must have.
    WrongType {
        /// The type that it must have, in words.
        expected: &'static str,
    },
    /// The value has the right type but is not one of those allowed.
    Invalid {
        /// What is allowed, in words.
        expected: &'static str,
    },
    /// The value names something that the document does not define.
    Undefined {
        /// The kind of thing that is named: `provider`, `model`.
        kind: &'static str,
        /// The name that is not defined.
        name: String,
    },
    /// The same name is defined twice.
    Duplicate,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(text) => write!(f, "not a JSON object: {text}"),
            Self::Missing => f.write_str("is required"),
            Self::UnknownMember { near: Some(near) } => {
                write!(f, "is not a known member; did you mean `{near}`?")
            }
            Self::UnknownMember { near: None } => f.write_str("is not a known member"),
            Self::WrongType { expected } => write!(f, "must be {expected}"),
            Self::Invalid { expected } => write!(f, "must be {expected}"),
            Self::Undefined { kind, name } => write!(f, "names the {kind} `{name}`, not defined"),
            Self::Duplicate => f.write_str("is defined twice"),
        }
    }
}
