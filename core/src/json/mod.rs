//! JSON read in place: one pass that validates, gives byte ranges and builds no tree.
//!
//! Text → [`Cursor`] → spans of the text. What is not looked into is validated and skipped. The
//! text has been checked to be UTF-8 before ([`text`]); the cursor accepts what RFC 8259 accepts,
//! nested at most [`MAX_DEPTH`] deep.

mod cursor;
mod edit;
mod fault;
mod number;
mod row;
mod scalar;
mod string;
mod writer;

pub use cursor::{Cursor, Kind, Member};
pub use edit::{Edit, apply, apply_to, edited, edited_len};
pub use fault::{Fault, FaultKind, Place};
pub use number::Number;
pub use scalar::{Text, quoted};
pub use string::string_len;
pub use writer::{write_plain, write_text};

use std::ops::Range;

/// Objects and arrays inside one another (W17).
pub const MAX_DEPTH: usize = 128;

/// Bytes of a body.
pub type Span = Range<usize>;

/// The bytes as text.
///
/// # Errors
///
/// [`FaultKind::NotUtf8`] with the place of the first byte that is not UTF-8 (W17).
pub fn text(bytes: &[u8]) -> Result<&str, Fault> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| {
        let at = simdutf8::compat::from_utf8(bytes)
            .err()
            .map_or(0, |error| error.valid_up_to());
        Fault {
            at,
            kind: FaultKind::NotUtf8,
        }
    })
}

#[cfg(test)]
mod tests;
