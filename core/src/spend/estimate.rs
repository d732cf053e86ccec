//! Tokens by length, where nobody counted them (W53).

/// Bytes of JSON text that make a token, roughly, in most models and languages.
const BYTES: usize = 4;

/// Tokens of so many bytes.
#[must_use]
pub fn estimated(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(BYTES)).unwrap_or(u64::MAX)
}
