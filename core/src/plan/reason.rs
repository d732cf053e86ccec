//! Why a provider's model is tried, and why one is not (W30, W38).

use std::fmt;

use crate::auto;
use crate::config::Tier;
use crate::health::Why;
use crate::wire;

/// What named an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    /// `auto`, with its score.
    Auto(f64),
    /// `x-gateway-force-model`.
    Forced,
    /// `ollm::variant_name`.
    Pinned,
    /// `orq.load_balancer`, with its share.
    Balancer(f64),
    /// `orq.fallbacks`, with its place there.
    Fallback(usize),
    /// A function, with the variant's weight.
    Function(f64),
    /// The selector's model.
    Model,
    /// `provider/model`.
    Provider,
}

impl By {
    /// Whether the failover header says where its model may be tried. Models that `orq` names are
    /// tried at all of their own providers.
    pub(super) fn is_bound_by_sequence(self) -> bool {
        !matches!(self, Self::Balancer(_) | Self::Fallback(_))
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto(score) => write!(f, "`auto` has it with a score of {score:.3}"),
            Self::Forced => write!(f, "{} names the model", wire::FORCE_MODEL),
            Self::Pinned => f.write_str("`ollm::variant_name` pins it"),
            Self::Balancer(weight) => {
                write!(f, "`orq.load_balancer` has the model with weight {weight}")
            }
            Self::Fallback(i) => write!(f, "`orq.fallbacks[{i}]` names the model"),
            Self::Function(weight) => write!(f, "a variant of the function, of weight {weight}"),
            Self::Model => f.write_str("a provider of the model"),
            Self::Provider => f.write_str("`provider/model` names it"),
        }
    }
}

/// Why a provider's model is not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `auto` may not take it, or the request needs more than it has.
    Auto(auto::Reason),
    /// It cools down.
    Cooling {
        /// Unix milliseconds.
        until: u64,
        /// Why.
        why: Why,
    },
    /// It is in the plan already.
    InPlan,
    /// Its key is not in the environment.
    NoKey,
    /// The failover header does not name the provider.
    NotInSequence,
    /// `x-gateway-force-provider` names another provider.
    NotForced,
    /// The provider does not have the model.
    NotThere,
    /// The plan is as long as it may be.
    TooLong(usize),
    /// Its model lacks this tier (W24).
    WeakerTier(Tier),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto(reason) => reason.fmt(f),
            Self::Cooling { why, .. } => match why {
                Why::Failures => f.write_str("cools down after failures"),
                Why::RateLimited => f.write_str("cools down after a rate limit"),
            },
            Self::InPlan => f.write_str("is in the plan already"),
            Self::NoKey => f.write_str("has no key"),
            Self::NotInSequence => write!(f, "is not in {}", wire::FAILOVER_SEQUENCE),
            Self::NotForced => write!(f, "is not the one of {}", wire::FORCE_PROVIDER),
            Self::NotThere => f.write_str("does not have the model"),
            Self::TooLong(limit) => {
                write!(f, "comes after the {limit} attempts that a plan may have")
            }
            Self::WeakerTier(tier) => write!(f, "has a model without the tier `{}`", tier.as_str()),
        }
    }
}
