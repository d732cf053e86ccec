//! Where a value stands, spelled out only when there is something to say of it.

use super::faults::escape;

/// The way from the body to a value.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    /// The body.
    Body,
    /// A member.
    Member(&'a Self, &'a str),
    /// An item.
    Item(&'a Self, usize),
}

impl Path<'_> {
    /// As a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        match self {
            Self::Body => String::new(),
            Self::Member(above, name) => format!("{}/{}", above.pointer(), escape(name)),
            Self::Item(above, i) => format!("{}/{i}", above.pointer()),
        }
    }
}
