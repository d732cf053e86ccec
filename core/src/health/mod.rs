//! How the providers do: what has come of the last attempts at each, and which of them rest (W36).

use std::collections::BTreeMap;

/// What one attempt tells of the health of a provider's model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The provider's model ([`crate::config::Candidate::key`]).
    pub key: String,
    /// Whether it answered.
    pub answered: bool,
    /// To its first token, or to the end of its plain answer, milliseconds.
    pub latency_ms: u64,
    /// What its headers say of its limits.
    pub limits: Option<Limits>,
}

/// What the headers of an answer say of the provider's rate limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Milliseconds after which it may be asked again (`Retry-After`, or the reset of what is used up).
    pub rest_ms: Option<u64>,
    /// What is left of the scarcest limit, in hundredths.
    pub headroom: Option<u8>,
}

/// Why a provider's model rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Its rest is over: the next request tries it.
    Due,
    /// Another request is trying it.
    Probed,
    /// It rests.
    Resting {
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
    /// Figures by key.
    pub figures: BTreeMap<String, Figures>,
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
