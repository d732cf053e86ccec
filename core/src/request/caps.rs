//! The token cap: `max_tokens`, `max_completion_tokens` (W13).

use super::faults::Faults;
use crate::config::CapField;
use crate::json::{Cursor, Fault, Kind};

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

    pub(super) fn read(
        &mut self,
        field: CapField,
        cursor: &mut Cursor<'_>,
        faults: &mut Faults,
    ) -> Result<(), Fault> {
        let pointer = format!("/{}", field.as_str());
        let read = match cursor.kind()? {
            Kind::Null => {
                cursor.skip()?;
                None
            }
            Kind::Number => {
                let number = cursor.number()?.as_i64();
                let cap = number
                    .and_then(|n| i32::try_from(n).ok())
                    .filter(|n| *n >= 0);
                if cap.is_none() {
                    faults.invalid(&pointer, "a whole number from 0 to 2147483647");
                }
                cap
            }
            kind => {
                cursor.skip()?;
                faults.wrong_type(&pointer, "a whole number", kind);
                None
            }
        };
        match field {
            CapField::MaxCompletionTokens => self.max_completion_tokens = read,
            CapField::MaxTokens => self.max_tokens = read,
        }
        Ok(())
    }
}
