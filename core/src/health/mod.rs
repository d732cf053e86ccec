//! How the providers do: what has come of the last attempts at each, and which of them cool down (W36).
//!
//! ```text
//!  attempt ─▶ Sample ─▶ Ring (one a key) ─▶ a row of failures ─▶ Cooldowns (one for all keys) ─▶ Board ─▶ plan
//!                         │    ▲ VMs share both in the host        ▲     │
//!                         └────│──────── Report ─▶ sidecar ─▶ Fleet┘◀────┘
//! ```
//!
//! A key that cools down is on the list; when its cooldown is over, one request tries it. Its success takes
//! the key off the list, its failure begins the next, longer cooldown.

mod bytes;
mod cooldowns;
pub mod fleet;
mod instant;
mod limits;
mod ring;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use cooldowns::{Change, Cooldowns};
pub use ring::Ring;

/// The longest cooldown that a provider's headers can begin, milliseconds: an hour.
pub const LONGEST_MS: u64 = 3_600_000;

/// What an exchange tells of the providers' health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An attempt is over.
    Over(Sample),
    /// For the list of cooldowns alone: the attempt goes on, or its ring has its failure already.
    Listed(Sample),
    /// A half-open key was claimed, and nothing was learned of it.
    Unclaimed(Claim),
}

/// The claim of the one try of a half-open key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The provider's model ([`crate::config::Candidate::key`]).
    pub key: Arc<str>,
    /// When it was claimed, Unix milliseconds.
    pub at: u64,
}

/// What one attempt tells of the health of a provider's model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The provider's model ([`crate::config::Candidate::key`]).
    pub key: Arc<str>,
    /// Whether it answered.
    pub answered: bool,
    /// Whether it failed because the provider is asked too much: its status was 429.
    pub limited: bool,
    /// Whether no status came: the connection failed, and with it all else that it carried.
    pub unconnected: bool,
    /// When the attempt began, Unix milliseconds: one from before a cooldown does not judge its end.
    pub began: u64,
    /// To its first token, to the end of its plain answer, or to its failure, milliseconds.
    pub latency_ms: u64,
    /// What its headers say of its limits.
    pub limits: Option<Limits>,
}

/// What the headers of an answer say of the provider's rate limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Milliseconds after which it may be asked again (`Retry-After`, or the reset of what is used up).
    pub retry_after_ms: Option<u64>,
    /// What is left of the scarcest limit, in hundredths.
    pub headroom: Option<u8>,
    /// For how long that holds good, milliseconds.
    pub headroom_ms: u64,
}

/// Why a provider's model cools down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It failed again and again.
    Failures,
    /// It said that it is asked too much.
    RateLimited,
}

/// How a provider's model stands for the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is used.
    Ready,
    /// Its cooldown is over: the next request tries it.
    HalfOpen,
    /// Another request is trying it.
    Probing,
    /// It cools down.
    Cooling {
        /// Unix milliseconds.
        until: u64,
        /// Why.
        why: Why,
    },
}

/// What is known of a provider's model, for a score (W21).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Part of the last attempts that answered, 0 to 1; `None` without any.
    pub success_rate: Option<f64>,
    /// Mean latency of those that answered, milliseconds.
    pub latency_ms: Option<f64>,
    /// What is left of its scarcest limit, 0 to 1; 1 where nothing is known.
    pub headroom: f64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            success_rate: None,
            latency_ms: None,
            headroom: 1.0,
        }
    }
}

/// How all providers stand: what a plan is made with.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Those that are not simply ready, by key.
    pub standings: BTreeMap<String, Standing>,
    /// Figures by key; all boards of a moment share them.
    pub figures: Rc<BTreeMap<String, Figures>>,
}

impl Board {
    /// How a provider's model stands.
    #[must_use]
    pub fn standing(&self, key: &str) -> Standing {
        self.standings.get(key).copied().unwrap_or(Standing::Ready)
    }

    /// What is known of it.
    #[must_use]
    pub fn figures(&self, key: &str) -> Figures {
        self.figures.get(key).copied().unwrap_or_default()
    }
}

/// A sample of the key `k` for tests.
#[cfg(test)]
fn sample(answered: bool, began: u64) -> Sample {
    Sample {
        key: "k".into(),
        answered,
        limited: false,
        unconnected: false,
        began,
        latency_ms: 5,
        limits: None,
    }
}
