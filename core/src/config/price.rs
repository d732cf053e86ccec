//! What a token costs.

use super::reader::Reader;

/// Prices of one model at one provider.
///
/// Units: nano-USD a million tokens; the document has USD a million tokens. `None` is unknown,
/// and an unknown price makes an unknown cost, never 0 (W50).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Prompt tokens that no cache served.
    pub input: Option<u64>,
    /// Prompt tokens read from the provider's cache; falls back to `input`.
    pub cached_input: Option<u64>,
    /// Prompt tokens written to the provider's cache; falls back to `input`.
    pub cache_write: Option<u64>,
    /// Completion tokens, reasoning included.
    pub output: Option<u64>,
}

pub(super) fn read(r: &mut Reader<'_>) -> Price {
    let mut price = |name| r.number(name).map(nano);
    Price {
        input: price("input"),
        cached_input: price("cached_input"),
        cache_write: price("cache_write"),
        output: price("output"),
    }
}

/// USD → nano-USD, to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is finite and not negative; a cast saturates"
)]
fn nano(usd: f64) -> u64 {
    (usd * 1e9).round() as u64
}
