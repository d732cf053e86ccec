//! The models that a request leads to, in order of precedence (W30).

use std::sync::Arc;

use super::reason::{By, Reason};
use super::{Left, Wish};
use crate::auto::{Ranked, rank};
use crate::config::{Candidate, Config, Function, Model, Tier};
use crate::health::Board;
use crate::luck::Luck;
use crate::reject::Rejection;
use crate::selector::{Target, resolve};
use crate::sorted;
use crate::wire;

/// One model that may be tried.
pub(super) struct Line {
    pub(super) model: Arc<Model>,
    /// The only one of its providers, where one is named.
    pub(super) only: Option<Arc<Candidate>>,
    pub(super) variant: Option<String>,
    pub(super) by: By,
    /// Whether the failover header says which providers may be tried.
    pub(super) bound: bool,
}

/// All models that may be tried.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    /// What `auto` leaves out.
    pub(super) left: Vec<Left>,
    /// Whether `auto` has been asked: it says the same each time, and looks at the whole body.
    ranked: bool,
    /// The tiers that no attempt may lack (W24).
    pub(super) floor: Vec<Tier>,
    /// What was asked and does not hold, because something else goes before it.
    pub(super) notes: Vec<String>,
}

/// What lines are made of.
pub(super) struct Source<'a> {
    pub(super) wish: &'a Wish<'a>,
    pub(super) config: &'a Config,
    pub(super) board: &'a Board,
    pub(super) luck: &'a mut Luck,
}

impl Lines {
    /// Those of a header that forces the model, or else of a pin, or else of `orq`, or else of the
    /// selector.
    pub(super) fn new(mut from: Source<'_>) -> Result<Self, Rejection> {
        let (wish, config) = (from.wish, from.config);
        // A forced model has no use for a pin; what the selector promises holds all the same.
        let variant = wish.variant.filter(|_| wish.asked.model.is_none());
        let named = led(wish.selector, variant, true, wish, config);
        let mut lines = Self {
            floor: named.as_ref().map(promised).unwrap_or_default(),
            ..Self::default()
        };
        if let Some(name) = &wish.asked.model {
            let target = led(name, None, true, wish, config);
            let target = target.map_err(|why| why.at(wire::FORCE_MODEL))?;
            lines.expand(target, Some(By::Forced), &mut from);
            lines.ignore_orq(wish, "a header forces the model");
            if wish.variant.is_some() {
                lines.ignore("ollm::variant_name", "a header forces the model");
            }
        } else if wish.variant.is_some() {
            lines.expand(named?, Some(By::Pinned), &mut from);
            lines.ignore_orq(wish, "`ollm::variant_name` pins the route");
        } else {
            let target = named?;
            if wish.routing.balancer.is_empty() {
                lines.expand(target, None, &mut from);
            } else {
                lines.ignore("model", "`orq.load_balancer` names the models");
                lines.balance(&mut from)?;
            }
            for (i, model) in wish.routing.fallbacks.iter().enumerate() {
                let at = || format!("orq.fallbacks[{i}].model");
                let target = led(model, None, false, wish, config).map_err(|why| why.at(at()))?;
                lines.expand(target, Some(By::Fallback(i)), &mut from);
            }
        }
        // What the first model promises, the whole plan keeps: its health does not change that.
        if let Some(first) = lines.lines.first() {
            let more = first.model.tiers.iter();
            let more = more.filter(|tier| !lines.floor.contains(tier)).copied();
            let more: Vec<_> = more.collect();
            lines.floor.extend(more);
        }
        Ok(lines)
    }

    fn ignore(&mut self, what: &str, why: &str) {
        self.notes.push(format!("{what} is not used: {why}"));
    }

    fn ignore_orq(&mut self, wish: &Wish<'_>, why: &str) {
        if !wish.routing.balancer.is_empty() {
            self.ignore("orq.load_balancer", why);
        }
        if !wish.routing.fallbacks.is_empty() {
            self.ignore("orq.fallbacks", why);
        }
    }

    /// The models of a target; `by` says what named it, where that is not the selector.
    fn expand(&mut self, target: Target, by: Option<By>, from: &mut Source<'_>) {
        let bound = by.is_none_or(By::is_bound_by_sequence);
        let asked = from.wish.asked;
        let line = |model, by| Line {
            model,
            only: None,
            variant: None,
            by,
            bound,
        };
        match target {
            Target::Auto => self.auto(by, bound, from),
            Target::Model(model) => self.lines.push(line(model, by.unwrap_or(By::Model))),
            Target::Provider {
                model,
                candidate,
                pinned,
            } => {
                // A forcing header goes before a pin, the failover header only before the provider
                // that the selector names.
                let bound = bound && !pinned && asked.sequence.is_some();
                let free = bound || asked.provider.is_some();
                self.lines.push(Line {
                    only: Some(candidate).filter(|_| !free),
                    bound,
                    ..line(model, by.unwrap_or(By::Provider))
                });
            }
            Target::Variant(variant) => self.lines.push(Line {
                variant: Some(variant.name),
                ..line(variant.model, by.unwrap_or(By::Pinned))
            }),
            Target::Function(function) => {
                for (weight, variant) in draw(variants(&function), from.luck) {
                    self.lines.push(Line {
                        variant: Some(variant.name.clone()),
                        ..line(
                            Arc::clone(&variant.model),
                            by.unwrap_or(By::Function(weight)),
                        )
                    });
                }
            }
        }
    }

    /// The candidates of `auto`, the best first. Those of a model that promises a tier come last:
    /// who needs one names a model that has it, and what began with one may not end without (W24).
    fn auto(&mut self, by: Option<By>, bound: bool, from: &mut Source<'_>) {
        let Source {
            wish,
            config,
            board,
            luck,
        } = from;
        if std::mem::replace(&mut self.ranked, true) {
            return;
        }
        let needs = (wish.needs)();
        let models = config.models.values();
        let Ranked {
            mut order,
            left_out,
        } = rank(models, &needs, board, &config.auto, luck);
        let names = wish.asked.sequence.as_deref().filter(|_| bound);
        sorted::by_key(&mut order, |taken| {
            let name = &taken.candidate.provider.name;
            let mut names = names.unwrap_or_default().iter();
            let place = names.position(|own| own == name).unwrap_or_default();
            let place = u64::try_from(place).unwrap_or(u64::MAX);
            sorted::pair((!taken.model.tiers.is_empty()).into(), place)
        });
        self.lines.extend(order.into_iter().map(|taken| Line {
            model: taken.model,
            only: Some(taken.candidate),
            variant: None,
            by: by.unwrap_or(By::Auto(taken.score)),
            bound,
        }));
        self.left.extend(left_out.into_iter().map(|left| Left {
            model: left.model,
            provider: Arc::clone(&left.candidate.provider),
            reason: Reason::Auto(left.reason),
        }));
    }

    /// The models of `orq.load_balancer`, drawn one by one by their weights.
    fn balance(&mut self, from: &mut Source<'_>) -> Result<(), Rejection> {
        let mut targets = Vec::new();
        for (i, one) in from.wish.routing.balancer.iter().enumerate() {
            let at = || format!("orq.load_balancer[{i}].model");
            let target =
                led(&one.model, None, false, from.wish, from.config).map_err(|why| why.at(at()))?;
            targets.push((one.weight, target));
        }
        for (weight, target) in draw(targets.into_iter(), from.luck) {
            self.expand(target, Some(By::Balancer(weight)), from);
        }
        Ok(())
    }
}

/// What a selector leads to, with the caller's own endpoint in it; `first` is the model that the
/// caller asks for before others (W33).
fn led(
    selector: &str,
    variant: Option<&str>,
    first: bool,
    wish: &Wish<'_>,
    config: &Config,
) -> Result<Target, Rejection> {
    let target = resolve(selector, variant, config);
    match wish.own {
        Some(own) => own.place(selector, target, first, wish.asked.sequence.as_deref()),
        None => target,
    }
}

/// The tiers that a target has whichever way it is gone.
fn promised(target: &Target) -> Vec<Tier> {
    match target {
        Target::Auto => Vec::new(),
        Target::Model(model) | Target::Provider { model, .. } => model.tiers.clone(),
        Target::Variant(variant) => variant.model.tiers.clone(),
        Target::Function(function) => {
            let mut models = function.variants.iter().map(|variant| &variant.model);
            let first = models.next().map(|model| model.tiers.clone());
            models.fold(first.unwrap_or_default(), |mut tiers, model| {
                tiers.retain(|tier| model.tiers.contains(tier));
                tiers
            })
        }
    }
}

/// A function's active variants with their weights.
fn variants(function: &Function) -> impl Iterator<Item = (f64, &crate::config::Variant)> {
    let active = function.variants.iter().filter(|own| own.model.active);
    active.map(|variant| (variant.weight, variant))
}

/// A draw without replacement in proportion to the weights: the largest of u^(1/w) first.
fn draw<T>(weighted: impl Iterator<Item = (f64, T)>, luck: &mut Luck) -> Vec<(f64, T)> {
    let mut keyed: Vec<_> = weighted
        .map(|(weight, one)| (luck.fraction().ln() / weight, weight, one))
        .collect();
    sorted::by_key(&mut keyed, |(drawn, ..)| {
        sorted::larger_first(*drawn).into()
    });
    keyed
        .into_iter()
        .map(|(_, weight, one)| (weight, one))
        .collect()
}
