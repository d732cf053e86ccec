//! The token cap: `max_tokens`, `max_completion_tokens` (W13).

use crate::config::CapField;

/// The token caps of a request.
///
/// Units: completion tokens. Source: W13.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cap {
    /// `max_tokens`.
    pub max_tokens: Option<i32>,
    /// `max_completion_tokens`.
    pub max_completion_tokens: Option<i32>,
}

impl Cap {
    /// The one cap that holds: the smaller of the two.
    #[must_use]
    pub fn least(&self) -> Option<i32> {
        let both = [self.max_tokens, self.max_completion_tokens];
        both.into_iter().flatten().min()
    }

    /// The cap of this name.
    #[must_use]
    pub fn of(&self, field: CapField) -> Option<i32> {
        match field {
            CapField::MaxCompletionTokens => self.max_completion_tokens,
            CapField::MaxTokens => self.max_tokens,
        }
    }

    pub(super) fn set(&mut self, field: CapField, cap: Option<i32>) {
        match field {
            CapField::MaxCompletionTokens => self.max_completion_tokens = cap,
            CapField::MaxTokens => self.max_tokens = cap,
        }
    }
}
