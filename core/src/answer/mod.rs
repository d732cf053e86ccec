//! A provider's answer: its bytes → what the caller gets, and what was used.
//!
//! ```text
//!   head ─▶ [gate: nothing leaves] ─ first content ─▶ [open: bytes pass, usage is read] ─▶ end
//!                  └─ error, cut, nonsense ─▶ failed: the next provider is tried
//! ```

mod content;
mod echo;
mod events;
mod parsed;
mod plain;
mod refusal;
mod stream;
mod usage;

pub use echo::Echo;
pub use parsed::Facts;
pub use plain::Plain;
pub use refusal::Refusal;
pub use stream::{Step, Stream};
pub use usage::last_usage;

use crate::spend::Outcome;

/// What leaves instead of the first bytes; what comes after those leaves as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// What leaves.
    pub prefix: Vec<u8>,
    /// How many bytes it stands for.
    pub covered: usize,
}

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An error inside a 200.
    InBandError,
    /// Not an answer of this dialect: HTML, not JSON, cut, without choices.
    Malformed,
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InBandError => Self::InBandError,
            Failure::Malformed => Self::Malformed,
        }
    }
}
