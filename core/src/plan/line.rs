//! The models that a request leads to, in order of precedence (W30).

use std::cmp::Ordering;
use std::sync::Arc;

use super::Wish;
use super::reason::By;
use crate::config::{Candidate, Config, Function, Model, Tier};
use crate::luck::Luck;
use crate::reject::Rejection;
use crate::selector::{Target, resolve};
use crate::wire;

/// One model that may be tried.
pub(super) struct Line {
    pub(super) model: Arc<Model>,
    /// The only one of its providers, where one is named.
    pub(super) only: Option<Arc<Candidate>>,
    pub(super) variant: Option<String>,
    pub(super) by: By,
}

/// All models that may be tried.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    /// The tiers that no attempt may lack (W24).
    pub(super) floor: Vec<Tier>,
    /// What was asked and does not hold, because something else goes before it.
    pub(super) notes: Vec<String>,
}

/// A header that forces the model, or else a pin, or else `orq`, or else the selector.
pub(super) fn lines(wish: &Wish<'_>, config: &Config, luck: &mut Luck) -> Result<Lines, Rejection> {
    let routing = wish.routing;
    // A forced model has no use for a pin; what the selector promises holds all the same.
    let variant = wish.variant.filter(|_| wish.asked.model.is_none());
    let named = led(wish.selector, variant, true, wish, config);
    let mut notes = Vec::new();
    let mut ignored = |what: &str, why: &str| notes.push(format!("{what} is not used: {why}"));
    let orq = [
        ("orq.load_balancer", routing.balancer.is_empty()),
        ("orq.fallbacks", routing.fallbacks.is_empty()),
    ];
    let orq = orq.into_iter().filter(|(_, empty)| !empty);
    let mut floor = named.as_ref().map(promised).unwrap_or_default();
    let mut lines = Vec::new();
    if let Some(name) = &wish.asked.model {
        let elsewhere = |rejection: Rejection| rejection.at(wire::FORCE_MODEL);
        let target = led(name, None, true, wish, config).map_err(elsewhere)?;
        expand(target, Some(By::Forced), wish, luck, &mut lines);
        orq.for_each(|(what, _)| ignored(what, "a header forces the model"));
        if wish.variant.is_some() {
            ignored("ollm::variant_name", "a header forces the model");
        }
    } else if wish.variant.is_some() {
        expand(named?, Some(By::Pinned), wish, luck, &mut lines);
        orq.for_each(|(what, _)| ignored(what, "`ollm::variant_name` pins the route"));
    } else {
        let target = named?;
        if routing.balancer.is_empty() {
            expand(target, None, wish, luck, &mut lines);
        } else {
            ignored("model", "`orq.load_balancer` names the models");
            balance(wish, config, luck, &mut lines)?;
        }
        for (i, model) in routing.fallbacks.iter().enumerate() {
            let at = || format!("orq.fallbacks[{i}].model");
            let target = led(model, None, false, wish, config).map_err(|why| why.at(at()))?;
            expand(target, Some(By::Fallback(i)), wish, luck, &mut lines);
        }
    }
    // What the first model promises, the whole plan keeps: its health does not change that.
    if let Some(first) = lines.first() {
        let more = first
            .model
            .tiers
            .iter()
            .filter(|tier| !floor.contains(tier));
        let more: Vec<_> = more.copied().collect();
        floor.extend(more);
    }
    Ok(Lines {
        lines,
        floor,
        notes,
    })
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

/// The models of a target; `by` says what named it, where that is not the selector.
fn expand(target: Target, by: Option<By>, wish: &Wish<'_>, luck: &mut Luck, lines: &mut Vec<Line>) {
    match target {
        Target::Model(model) => lines.push(Line {
            model,
            only: None,
            variant: None,
            by: by.unwrap_or(By::Model),
        }),
        Target::Provider {
            model,
            candidate,
            pinned,
        } => {
            // A forcing header goes before a pin, the failover header only before the provider that
            // the selector names (W30).
            let bound = !pinned && by.is_none_or(By::is_bound_by_sequence);
            let free = wish.asked.provider.is_some() || bound && wish.asked.sequence.is_some();
            lines.push(Line {
                model,
                only: Some(candidate).filter(|_| !free),
                variant: None,
                by: by.unwrap_or(By::Provider),
            });
        }
        Target::Variant(variant) => lines.push(Line {
            model: variant.model,
            only: None,
            variant: Some(variant.name),
            by: by.unwrap_or(By::Pinned),
        }),
        Target::Function(function) => variants(&function, by, luck, lines),
    }
}

/// A function's variants, drawn one by one by their weights.
fn variants(function: &Function, by: Option<By>, luck: &mut Luck, lines: &mut Vec<Line>) {
    let active = function.variants.iter().filter(|own| own.model.active);
    let weighted = active.map(|variant| (variant.weight, variant));
    for (weight, variant) in draw(weighted, luck) {
        lines.push(Line {
            model: Arc::clone(&variant.model),
            only: None,
            variant: Some(variant.name.clone()),
            by: by.unwrap_or(By::Function(weight)),
        });
    }
}

/// The models of `orq.load_balancer`, drawn one by one by their weights.
fn balance(
    wish: &Wish<'_>,
    config: &Config,
    luck: &mut Luck,
    lines: &mut Vec<Line>,
) -> Result<(), Rejection> {
    let mut targets = Vec::new();
    for (i, one) in wish.routing.balancer.iter().enumerate() {
        let at = || format!("orq.load_balancer[{i}].model");
        let target = led(&one.model, None, false, wish, config).map_err(|why| why.at(at()))?;
        targets.push((one.weight, target));
    }
    for (weight, target) in draw(targets.into_iter(), luck) {
        expand(target, Some(By::Balancer(weight)), wish, luck, lines);
    }
    Ok(())
}

/// A draw without replacement in proportion to the weights: the largest of u^(1/w) first.
fn draw<T>(weighted: impl Iterator<Item = (f64, T)>, luck: &mut Luck) -> Vec<(f64, T)> {
    let mut keyed: Vec<_> = weighted
        .map(|(weight, one)| (luck.fraction().ln() / weight, weight, one))
        .collect();
    keyed.sort_by(|(a, ..), (b, ..)| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    keyed
        .into_iter()
        .map(|(_, weight, one)| (weight, one))
        .collect()
}
