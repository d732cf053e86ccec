//! The ordered attempts of a request (W30).
//!
//! ```text
//!  selector, orq, headers ─▶ lines: models by precedence ─▶ their providers in order ─┐
//!            Plan ◀─ tries of the same provider ◀─ at most 8 ◀─ health ◀─ tiers, keys ┘
//! ```
//!
//! Every candidate is taken or left with a [`Reason`]. Envoy carries the plan out.

mod asked;
mod kept;
mod line;
mod reason;
mod standing;

use std::sync::Arc;

pub use asked::Asked;
pub use kept::Kept;
pub use reason::{By, Reason};
pub use standing::Care;

use crate::config::{Candidate, Config, Model, Provider, Tier};
use crate::endpoint::{self, Own};
use crate::gateway::Gateway;
use crate::health::Claim;
use crate::luck::Luck;
use crate::reject::Rejection;
use crate::request::{Needs, Routing};
use crate::sorted;
use line::{Line, Lines, Source};

/// What a request asks of the route.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    /// `model`, or the configured default.
    pub selector: &'a str,
    /// `ollm::variant_name`.
    pub variant: Option<&'a str>,
    /// What `orq` asks.
    pub routing: &'a Routing,
    /// What the headers ask.
    pub asked: &'a Asked,
    /// What it needs of a model; only `auto` looks.
    pub needs: &'a dyn Fn() -> Needs,
    /// The caller's own endpoint (W33).
    pub own: Option<&'a Own>,
}

/// Ordered attempts, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The attempts, first to last.
    pub attempts: Vec<Planned>,
    /// The statuses on which the same provider is tried again (W31).
    pub on_codes: Vec<u16>,
    /// What is not tried, and why.
    pub left: Vec<Left>,
    /// The tiers that every attempt has (W24).
    pub tiers: Vec<Tier>,
    /// What was asked and does not hold, for a person.
    pub notes: Vec<String>,
    /// The half-open key that it tries out.
    pub claimed: Option<Claim>,
}

/// One attempt that is planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The model of the catalogue.
    pub model: Arc<Model>,
    /// The provider and its name for the model.
    pub candidate: Arc<Candidate>,
    /// The function's variant that led here.
    pub variant: Option<String>,
    /// What named it.
    pub by: By,
    /// Tries more of the same provider, on [`Plan::on_codes`].
    pub tries: u8,
}

/// One candidate that is not tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// The model of the catalogue.
    pub model: Arc<Model>,
    /// The provider.
    pub provider: Arc<Provider>,
    /// Why.
    pub reason: Reason,
}

impl Plan {
    /// Plans the attempts of a request.
    ///
    /// Which models: those of a forcing header, or else of a pin, or else of `orq`, or else of the
    /// selector. Where each is tried: at the provider that a header forces, that is pinned, that the
    /// failover header names, or at all of its own in the configured order. What is weaker by tier
    /// (W24), has no key or is limited by its provider is left; what failed again and again comes
    /// last (W36). At most `limits.attempts` of it all, tries of the same provider included.
    ///
    /// # Errors
    ///
    /// What [`crate::selector::resolve`] refuses; [`Rejection::Tier`], [`Rejection::Cooling`] or
    /// [`Rejection::NoProvider`] when nothing is left. Source: W24, W30, W31, W36.
    pub fn new(
        wish: &Wish<'_>,
        gateway: &Gateway,
        care: &mut Care<'_>,
        luck: &mut Luck,
    ) -> Result<Self, Rejection> {
        let plan = Self::draft(wish, gateway, care, luck)?;
        if plan.attempts.is_empty() {
            return Err(plan.nothing_left(wish, care.now_ms));
        }
        Ok(plan)
    }

    /// The same, and no error where there is nothing to try.
    ///
    /// # Errors
    ///
    /// What [`crate::selector::resolve`] refuses.
    pub fn draft(
        wish: &Wish<'_>,
        gateway: &Gateway,
        care: &mut Care<'_>,
        luck: &mut Luck,
    ) -> Result<Self, Rejection> {
        let config = &gateway.config;
        let Lines {
            lines,
            left,
            floor,
            notes,
            ..
        } = Lines::new(Source {
            wish,
            config,
            board: care.board,
            luck,
        })?;
        let mut plan = Self {
            attempts: Vec::with_capacity(4),
            on_codes: Vec::new(),
            left,
            tiers: floor,
            notes,
            claimed: None,
        };
        for line in lines {
            plan.take(line, wish.asked, gateway);
        }
        standing::order(&mut plan, care);
        plan.bound(config.defaults.limits.attempts, wish.routing);
        Ok(plan)
    }

    /// Leaves what only an explanation needs: the plan lives as long as its answer.
    pub fn forget_reasons(&mut self) {
        self.left = Vec::new();
        self.notes = Vec::new();
    }

    /// The cluster of attempt `i`, counted from 0.
    #[must_use]
    pub fn cluster(&self, i: usize) -> Option<&str> {
        self.attempts
            .get(i)
            .map(|planned| planned.candidate.provider.name.as_str())
    }

    /// How many attempts there may be, tries of the same provider included.
    #[must_use]
    pub fn slots(&self) -> usize {
        let tries = self
            .attempts
            .iter()
            .map(|planned| usize::from(planned.tries));
        self.attempts.len() + tries.sum::<usize>()
    }

    /// Takes the providers of a model that may be tried.
    fn take(&mut self, line: Line, asked: &Asked, gateway: &Gateway) {
        let Line {
            model,
            only,
            variant,
            by,
            bound,
        } = line;
        let sequence = asked.sequence.as_deref();
        if let Some(names) = sequence.filter(|_| bound && only.is_none()) {
            let missing = names.iter().filter(|name| {
                let mut all = model.candidates.iter();
                !all.any(|candidate| candidate.provider.name == **name)
            });
            for provider in missing.filter_map(|name| gateway.config.providers.get(name)) {
                self.leave(&model, provider, Reason::NotThere);
            }
        }
        let ordered = match only {
            Some(candidate) => vec![candidate],
            None => order(&model, sequence, &gateway.config),
        };
        for candidate in ordered {
            let provider = &candidate.provider;
            let named = sequence.is_none_or(|names| names.contains(&provider.name));
            let forced = asked.provider.as_ref();
            let mut tiers = self.tiers.iter();
            let weaker = tiers.find(|tier| !model.tiers.contains(tier));
            let reason = if let Some(tier) = weaker {
                Some(Reason::WeakerTier(*tier))
            } else if forced.is_some_and(|forced| *forced != provider.name) {
                Some(Reason::NotForced)
            } else if forced.is_none() && bound && !named {
                Some(Reason::NotInSequence)
            } else if gateway.missing(provider).is_some() {
                Some(Reason::NoKey)
            } else if self.has(&model, &candidate) {
                Some(Reason::InPlan)
            } else {
                None
            };
            if let Some(reason) = reason {
                self.leave(&model, provider, reason);
                continue;
            }
            self.attempts.push(Planned {
                model: Arc::clone(&model),
                candidate,
                variant: variant.clone(),
                by,
                tries: 0,
            });
        }
    }

    fn has(&self, model: &Arc<Model>, candidate: &Candidate) -> bool {
        self.attempts.iter().any(|planned| {
            planned.candidate.key == candidate.key && planned.model.name == model.name
        })
    }

    fn leave(&mut self, model: &Arc<Model>, provider: &Arc<Provider>, reason: Reason) {
        self.left.push(Left {
            model: Arc::clone(model),
            provider: Arc::clone(provider),
            reason,
        });
    }

    /// Cuts the plan to its length: tries of the same provider first, then what comes last.
    fn bound(&mut self, limit: usize, routing: &Routing) {
        let over = self.attempts.split_off(limit.min(self.attempts.len()));
        for planned in over {
            let provider = Arc::clone(&planned.candidate.provider);
            self.leave(&planned.model, &provider, Reason::TooLong(limit));
        }
        let Some(retry) = &routing.retry else { return };
        let mut free = limit.saturating_sub(self.attempts.len());
        let mut cut = false;
        for planned in &mut self.attempts {
            planned.tries = u8::try_from(free).unwrap_or(u8::MAX).min(retry.count);
            free = free.saturating_sub(planned.tries.into());
            cut |= planned.tries < retry.count;
        }
        self.on_codes.clone_from(&retry.on_codes);
        if cut {
            self.notes.push(format!(
                "orq.retry is cut: a plan has at most {limit} attempts"
            ));
        }
    }

    /// Why there is nothing to try.
    #[must_use]
    pub fn nothing_left(&self, wish: &Wish<'_>, now_ms: u64) -> Rejection {
        // A model by its name, or what leads to several by the caller's word for it.
        let mut left = self.left.iter().map(|left| &left.model.name);
        let first = left.next().filter(|first| left.all(|name| name == *first));
        let model = first.map_or(wish.selector, String::as_str).to_owned();
        let cooling = self.left.iter().filter_map(|left| match left.reason {
            Reason::Cooling { until, why } => Some((until, why)),
            _ => None,
        });
        let soonest = cooling.clone().map(|(until, _)| until).min();
        let wait = soonest.map(|until| until.saturating_sub(now_ms).div_ceil(1000).max(1));
        let weaker = self.left.iter().find_map(|left| match left.reason {
            Reason::WeakerTier(tier) => Some(tier),
            _ => None,
        });
        if let Some(tier) = weaker {
            return Rejection::Tier { model, tier, wait };
        }
        if let Some(wait) = wait {
            let limited = cooling
                .clone()
                .all(|(_, why)| why == crate::health::Why::RateLimited);
            return Rejection::Cooling {
                model,
                wait,
                limited,
            };
        }
        let reasons = self.left.iter().map(|left| {
            let (model, provider) = (&left.model.name, &left.provider.name);
            match first {
                Some(_) => format!("{provider} {}", left.reason),
                None => format!("{model} at {provider} {}", left.reason),
            }
        });
        Rejection::NoProvider {
            model,
            reasons: reasons.take(8).collect(),
        }
    }
}

/// A model's candidates: those of the caller's sequence first and in its order, the others in the
/// configured order, which sorts and adds none; without a sequence its own endpoint is first (W33).
fn order(model: &Model, sequence: Option<&[String]>, config: &Config) -> Vec<Arc<Candidate>> {
    let place = |names: &[String], candidate: &Candidate| {
        let mut names = names.iter();
        let place = names.position(|name| *name == candidate.provider.name);
        place.map_or(u32::MAX, |place| u32::try_from(place).unwrap_or(u32::MAX))
    };
    let mut all = model.candidates.clone();
    sorted::by_key(&mut all, |candidate| {
        let named = place(sequence.unwrap_or_default(), candidate);
        let other = u64::from(!endpoint::is_one(&candidate.provider.name));
        let configured = place(&config.defaults.failover_order, candidate);
        sorted::pair(named.into(), other << 32 | u64::from(configured))
    });
    all
}

#[cfg(test)]
mod tests;
