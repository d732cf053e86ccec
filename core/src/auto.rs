//! `auto`: the candidates that can serve a request, the best first (W21).
//!
//! Candidates, needs and health → [`Ranked`]. A filter, then a score, then chance among equals. Which
//! of them rest is not looked at: that is asked of a candidate wherever it comes from.

use std::fmt;
use std::sync::Arc;

use crate::config::{Auto, Candidate, Capability, Model, Part};
use crate::health::{Board, Figures};
use crate::luck::Luck;
use crate::request::Needs;
use crate::sorted;

/// Scores that differ by less are equal.
const EQUAL: f64 = 0.01;

/// Part of the attempts that answered, where none is known.
const SUCCESS: f64 = 0.5;

/// Latency where none is known, milliseconds.
const LATENCY_MS: f64 = 1500.0;

/// What `auto` makes of the catalogue for one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    /// Those that can serve it, in the order in which they are tried.
    pub order: Vec<Taken>,
    /// Those that cannot, or may not.
    pub left_out: Vec<LeftOut>,
}

/// A candidate that can serve the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The model of the catalogue.
    pub model: Arc<Model>,
    /// The provider and its name for the model.
    pub candidate: Arc<Candidate>,
    /// By what it stands where it does; 1 and more is good.
    pub score: f64,
}

/// A candidate that cannot serve the request.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// The model of the catalogue.
    pub model: Arc<Model>,
    /// The provider and its name for the model.
    pub candidate: Arc<Candidate>,
    /// Why.
    pub reason: Reason,
}

/// Why a candidate is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its answers are shorter than is asked.
    Answer {
        /// Tokens of its longest answer.
        has: u64,
        /// Tokens that are asked.
        asked: u64,
    },
    /// Its context is shorter than the request needs, by estimate.
    Context {
        /// Tokens of its context.
        has: u64,
        /// Tokens that are needed.
        needed: u64,
    },
    /// The configuration keeps it out.
    Excluded,
    /// It cannot do what the request needs.
    Lacks(Capability),
    /// One of its rate limits is used up.
    UsedUp,
}

/// Completes "`model` at `provider` …".
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { has, asked } => {
                write!(f, "has answers of {has} tokens, {asked} are asked")
            }
            Self::Context { has, needed } => {
                write!(f, "has a context of {has} tokens, {needed} are needed")
            }
            Self::Excluded => f.write_str("is kept out of `auto`"),
            Self::Lacks(capability) => write!(f, "has no {}", capability.as_str()),
            Self::UsedUp => f.write_str("has used up a rate limit"),
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = &self.candidate.provider.name;
        write!(f, "{} at {provider} {}", self.model.name, self.reason)
    }
}

/// Ranks the candidates of the models that are active.
///
/// A model whose part is `last` comes after all others. Among equals chance decides, and now and
/// then it puts first a candidate that only its record keeps back ([`Auto::explore`]): without that
/// one that has never been tried, or that has failed, would never get a better record.
#[must_use]
pub fn rank<'a>(
    models: impl IntoIterator<Item = &'a Arc<Model>>,
    needs: &Needs,
    board: &Board,
    auto: &Auto,
    luck: &mut Luck,
) -> Ranked {
    let mut ranked = Ranked::default();
    let models = models.into_iter().filter(|model| model.active);
    for (model, candidate) in
        models.flat_map(|model| model.candidates.iter().map(move |c| (model, c)))
    {
        let figures = board.figures(&candidate.key);
        let (model, candidate) = (Arc::clone(model), Arc::clone(candidate));
        match reason(&model, needs, &figures) {
            Some(reason) => ranked.left_out.push(LeftOut {
                model,
                candidate,
                reason,
            }),
            None => ranked.order.push(Taken {
                score: score(&model, &figures, needs, auto),
                model,
                candidate,
            }),
        }
    }
    shuffle(&mut ranked.order, luck);
    if luck.fraction() < auto.explore {
        explore(&mut ranked.order, needs, board, auto, luck);
    }
    ranked
}

/// Why a candidate cannot serve; `None` where it can. What the catalogue does not say of lengths
/// is no reason; a capability that it does not list is.
fn reason(model: &Model, needs: &Needs, figures: &Figures) -> Option<Reason> {
    if model.auto == Part::Exclude {
        return Some(Reason::Excluded);
    }
    let mut needed = needs.capabilities.iter();
    if let Some(lacks) = needed.find(|need| !model.capabilities.contains(need)) {
        return Some(Reason::Lacks(*lacks));
    }
    let needed = needs.tokens;
    if let Some(has) = model.context_length.filter(|has| *has < needed) {
        return Some(Reason::Context { has, needed });
    }
    let asked = needs.answer.unwrap_or_default();
    if let Some(has) = model.max_output_tokens.filter(|has| *has < asked) {
        return Some(Reason::Answer { has, asked });
    }
    (figures.headroom <= 0.0).then_some(Reason::UsedUp)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a ceiling of more milliseconds than a double counts is as good as any"
)]
fn score(model: &Model, figures: &Figures, needs: &Needs, auto: &Auto) -> f64 {
    let weights = &auto.weights;
    let latency = figures.latency_ms.unwrap_or(LATENCY_MS) / auto.latency_ceiling_ms as f64;
    let thinks = model.capabilities.contains(&Capability::Reasoning);
    let fits = f64::from(u8::from(thinks || !needs.reasoning));
    figures.success_rate.unwrap_or(SUCCESS) * weights.success
        + figures.headroom * weights.headroom
        + (1.0 - latency).clamp(0.0, 1.0) * weights.latency
        + fits * weights.reasoning
        + f64::from(model.priority) * weights.priority
}

fn is_last(taken: &Taken) -> bool {
    taken.model.auto == Part::Last
}

/// Sorts by score, and equals by chance. Equals of the best of those that are left are a group.
fn shuffle(order: &mut Vec<Taken>, luck: &mut Luck) {
    sorted::by_key(order, |taken| {
        sorted::pair(is_last(taken).into(), sorted::larger_first(taken.score))
    });
    let mut group = 0_u64;
    let mut best = order.first().map(|first| (is_last(first), first.score));
    let mut keyed = Vec::with_capacity(order.len());
    for taken in order.drain(..) {
        let equal = best
            .is_some_and(|(last, score)| last == is_last(&taken) && score - taken.score < EQUAL);
        if !equal {
            group += 1;
            best = Some((is_last(&taken), taken.score));
        }
        keyed.push((group, luck.bits(), taken));
    }
    sorted::by_key(&mut keyed, |(group, chance, _)| {
        sorted::pair(*group, *chance)
    });
    order.extend(keyed.into_iter().map(|(_, _, taken)| taken));
}

/// Puts first one that with the record of the first would be its equal, and by its own is not.
fn explore(order: &mut [Taken], needs: &Needs, board: &Board, auto: &Auto, luck: &mut Luck) {
    let Some(first) = order.first() else {
        return;
    };
    let record = board.figures(&first.candidate.key);
    let would = |taken: &Taken| {
        let figures = Figures {
            headroom: board.figures(&taken.candidate.key).headroom,
            ..record
        };
        score(&taken.model, &figures, needs, auto)
    };
    let kept_back = order.iter().enumerate().filter(|(_, taken)| {
        is_last(taken) == is_last(first)
            && first.score - taken.score >= EQUAL
            && first.score - would(taken) < EQUAL
    });
    let chosen = kept_back.map(|(i, _)| (luck.bits(), i)).max();
    let moved = chosen.and_then(|(_, i)| order.get_mut(..=i));
    if let Some(moved) = moved {
        moved.rotate_right(1);
    }
}

#[cfg(test)]
mod tests;
