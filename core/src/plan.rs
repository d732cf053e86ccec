//! The ordered attempts of a request (W30).
//!
//! Target, failover header and configuration → [`Plan`]. Envoy carries it out.

mod auto;

use std::cmp::Ordering;
use std::sync::Arc;

use crate::config::{Candidate, Config, Function, Model};
use crate::gateway::{Gateway, Secret};
use crate::json::{Cursor, Kind};
use crate::luck::Luck;
use crate::near::quoted;
use crate::reject::Rejection;
use crate::request::Needs;
use crate::selector::Target;

/// Ordered attempts, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The attempts, first to last.
    pub attempts: Vec<Planned>,
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
}

impl Plan {
    /// Plans the attempts for a target.
    ///
    /// A function's variants come in an order drawn by their weights; those of a weaker tier than
    /// the first are left out (W24). A model's providers come in the order of the caller's
    /// sequence, which names all that may be tried, or else of the configuration's order, which
    /// only sorts. A provider that the selector or `ollm::variant_name` names is the only one
    /// (W22). `auto` takes all candidates that meet the `needs`, which only it asks for, by their
    /// score (W21). A provider whose key is not in the environment is left out.
    ///
    /// # Errors
    ///
    /// [`Rejection::NoProvider`] when nothing is left. Source: W30.
    pub fn new(
        target: &Target,
        sequence: Option<&[String]>,
        gateway: &Gateway,
        needs: impl FnOnce() -> Needs,
        luck: &mut Luck,
    ) -> Result<Self, Rejection> {
        let models = match target {
            Target::Auto => return Self::auto(sequence, gateway, &needs(), luck),
            Target::Model(model) => vec![(Arc::clone(model), None)],
            Target::Provider { model, .. } => vec![(Arc::clone(model), None)],
            Target::Variant(variant) => {
                vec![(Arc::clone(&variant.model), Some(variant.name.clone()))]
            }
            Target::Function(function) => variants(function, luck),
        };
        // The caller's sequence goes before the provider of its selector, not before its pin.
        let only = match target {
            Target::Provider {
                candidate, pinned, ..
            } if *pinned || sequence.is_none() => Some(candidate),
            _ => None,
        };
        let mut attempts = Vec::new();
        let mut reasons = Vec::new();
        for (model, variant) in &models {
            let ordered = match only {
                Some(candidate) => vec![Arc::clone(candidate)],
                None => order(model, sequence, &gateway.config),
            };
            for candidate in ordered {
                let provider = &candidate.provider;
                if let Secret::Missing(_) = gateway.secret(provider) {
                    reasons.push(format!("{} has no key", provider.name));
                    continue;
                }
                let (model, variant) = (Arc::clone(model), variant.clone());
                attempts.push(Planned {
                    model,
                    candidate,
                    variant,
                });
            }
        }
        attempts.truncate(gateway.config.defaults.limits.attempts);
        if attempts.is_empty() {
            let named = sequence.unwrap_or_default().iter();
            reasons
                .extend(named.map(|name| format!("{name} is not a provider of it that is left")));
            let model = models
                .first()
                .map(|(model, _)| model.name.clone())
                .unwrap_or_default();
            return Err(Rejection::NoProvider { model, reasons });
        }
        Ok(Self { attempts })
    }

    /// The cluster of attempt `i`, counted from 0.
    #[must_use]
    pub fn cluster(&self, i: usize) -> Option<&str> {
        self.attempts
            .get(i)
            .map(|planned| planned.candidate.provider.name.as_str())
    }
}

/// Reads the failover header; `None` where it is absent or empty.
///
/// # Errors
///
/// [`Rejection::FailoverSequence`] for what is not a JSON array of names,
/// [`Rejection::UnknownProvider`] for a name that is not configured. Source: W30.
pub fn sequence(header: Option<&str>, config: &Config) -> Result<Option<Vec<String>>, Rejection> {
    let Some(text) = header.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let (names, unknown) = names(text, config).ok_or(Rejection::FailoverSequence)?;
    match unknown {
        Some(name) => Err(Rejection::UnknownProvider { name }),
        None => Ok(Some(names).filter(|names| !names.is_empty())),
    }
}

/// The providers of a JSON array, each once, and the first name that is none; `None` for what is no
/// array of strings.
fn names(text: &str, config: &Config) -> Option<(Vec<String>, Option<String>)> {
    let mut cursor = Cursor::new(text);
    let mut names: Vec<String> = Vec::new();
    let mut unknown = None;
    let mut all_strings = true;
    let read = cursor.array(|cursor, _| {
        if cursor.kind()? != Kind::String {
            all_strings = false;
            return cursor.pass();
        }
        let name = cursor.string()?.decode();
        if !config.providers.contains_key(name.as_ref()) {
            unknown.get_or_insert_with(|| quoted(&name).to_owned());
        } else if !names.iter().any(|own| *own == name) {
            names.push(name.into_owned());
        }
        Ok(())
    });
    let whole = read.and_then(|_| cursor.end()).is_ok();
    (whole && all_strings).then_some((names, unknown))
}

/// A model's candidates in the order in which they are tried.
fn order(model: &Model, sequence: Option<&[String]>, config: &Config) -> Vec<Arc<Candidate>> {
    let all = model.candidates.iter().cloned();
    let Some(sequence) = sequence else {
        let mut all: Vec<_> = all.collect();
        let default = &config.defaults.failover_order;
        let place = |candidate: &Arc<Candidate>| {
            let name = &candidate.provider.name;
            default
                .iter()
                .position(|other| other == name)
                .unwrap_or(usize::MAX)
        };
        all.sort_by_key(place);
        return all;
    };
    sequence
        .iter()
        .flat_map(|name| all.clone().filter(move |c| c.provider.name == *name))
        .collect()
}

/// A function's models, drawn one by one by their weights.
fn variants(function: &Function, luck: &mut Luck) -> Vec<(Arc<Model>, Option<String>)> {
    // The largest of u^(1/w) first: a draw without replacement in proportion to the weights.
    let mut keyed: Vec<_> = function
        .variants
        .iter()
        .filter(|variant| variant.model.active)
        .map(|variant| (luck.fraction().ln() / variant.weight, variant))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    let Some((_, first)) = keyed.first() else {
        return Vec::new();
    };
    keyed
        .iter()
        .filter(|(_, variant)| as_strong(&variant.model, &first.model))
        .map(|(_, variant)| (Arc::clone(&variant.model), Some(variant.name.clone())))
        .collect()
}

/// Whether a model promises all that another does (W24).
fn as_strong(model: &Model, other: &Model) -> bool {
    other.tiers.iter().all(|tier| model.tiers.contains(tier))
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::selector::resolve;

    const DOCUMENT: &str = r#"{
        "providers": {"a": {"host": "a"}, "b": {"host": "b"}, "c": {"host": "c",
            "auth": {"env": "C_KEY"}}},
        "models": {
            "m": {"providers": [{"provider": "c"}, {"provider": "a"}, {"provider": "b"}]},
            "safe": {"providers": [{"provider": "a"}], "tiers": ["tee"]},
            "only-c": {"providers": [{"provider": "c"}]},
            "gone": {"providers": [{"provider": "a"}], "active": false}},
        "functions": {
            "f": {"variants": {"x": {"model": "m", "weight": 3}, "y": {"model": "only-c", "weight": 1}}},
            "t": {"variants": {"x": {"model": "safe", "weight": 1}, "y": {"model": "m", "weight": 0}}}},
        "defaults": {"failover_order": ["b"]}
    }"#;

    fn gateway(key: Option<&str>) -> Gateway {
        let config = Config::parse(DOCUMENT.as_bytes()).unwrap();
        Gateway::new(config, |_| key.map(str::to_owned))
    }

    fn plan(selector: &str, header: Option<&str>) -> Result<Vec<String>, Rejection> {
        let gateway = gateway(Some("k"));
        let sequence = sequence(header, &gateway.config)?;
        let target = resolve(selector, None, &gateway.config)?;
        let plan = Plan::new(
            &target,
            sequence.as_deref(),
            &gateway,
            Needs::default,
            &mut Luck::new([3; 16]),
        )?;
        let name = |p: &Planned| format!("{}/{}", p.candidate.provider.name, p.model.name);
        Ok(plan.attempts.iter().map(name).collect())
    }

    #[test]
    fn w30_the_default_order_sorts_and_adds_none() {
        assert_eq!(plan("m", None).unwrap(), ["b/m", "c/m", "a/m"]);
        assert_eq!(plan("safe", Some("")).unwrap(), ["a/safe"]);
    }

    #[test]
    fn w30_the_header_names_all_that_may_be_tried() {
        assert_eq!(plan("m", Some(r#"["a","c","a"]"#)).unwrap(), ["a/m", "c/m"]);
        assert_eq!(plan("safe", Some(r#"["b","a"]"#)).unwrap(), ["a/safe"]);
        assert!(matches!(
            plan("safe", Some(r#"["b"]"#)),
            Err(Rejection::NoProvider { .. })
        ));
        assert_eq!(plan("m", Some("[]")).unwrap().len(), 3, "empty is absent");
    }

    #[test]
    fn w30_a_malformed_header_is_refused() {
        for header in ["a,b", "[\"a\"", "{}", "\"a\"", "[1]", "[\"a\"] x", "null"] {
            assert_eq!(
                plan("m", Some(header)),
                Err(Rejection::FailoverSequence),
                "{header}"
            );
        }
        let unknown = Rejection::UnknownProvider {
            name: "nix".to_owned(),
        };
        assert_eq!(plan("m", Some(r#"["a","nix"]"#)), Err(unknown));
    }

    #[test]
    fn w20_selectors_lead_to_models_and_functions() {
        assert_eq!(plan("ollm::model_name::safe", None).unwrap(), ["a/safe"]);
        assert_eq!(plan("ollm::function_name::f", None).unwrap().len(), 4);
        let near = |near: &str| Some(near.to_owned());
        assert_eq!(
            plan("saef", None),
            Err(Rejection::ModelNotFound {
                name: "saef".to_owned(),
                near: near("safe")
            })
        );
        assert!(matches!(
            plan("gone", None),
            Err(Rejection::ModelNotFound { .. })
        ));
        assert!(matches!(
            plan("ollm::function_name::g", None),
            Err(Rejection::FunctionNotFound { .. })
        ));
    }

    #[test]
    fn w20_variants_are_drawn_by_weight() {
        let gateway = gateway(Some("k"));
        let target = resolve("ollm::function_name::f", None, &gateway.config).unwrap();
        let mut luck = Luck::new([9; 16]);
        let mut first = 0;
        for _ in 0..4000 {
            let plan = Plan::new(&target, None, &gateway, Needs::default, &mut luck).unwrap();
            first += usize::from(plan.attempts[0].variant.as_deref() == Some("x"));
        }
        assert!((2850..3150).contains(&first), "3 of 4, not {first} of 4000");
    }

    #[test]
    fn w22_a_pin_goes_before_the_callers_sequence() {
        let gateway = gateway(Some("k"));
        let plan = |selector: &str, variant: Option<&str>, names: &[&str]| {
            let target = resolve(selector, variant, &gateway.config).unwrap();
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            let sequence = Some(names.as_slice()).filter(|names| !names.is_empty());
            let plan = Plan::new(
                &target,
                sequence,
                &gateway,
                Needs::default,
                &mut Luck::new([3; 16]),
            )
            .unwrap();
            let name = |p: &Planned| format!("{}/{}", p.candidate.provider.name, p.model.name);
            plan.attempts.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(plan("m", Some("c"), &["a", "b"]), ["c/m"]);
        assert_eq!(plan("a/m", None, &[]), ["a/m"]);
        assert_eq!(plan("a/m", None, &["b", "c"]), ["b/m", "c/m"]);
        let function = "ollm::function_name::f";
        assert_eq!(plan(function, Some("y"), &[]), ["c/only-c"]);
        assert_eq!(plan(function, Some("x"), &["a"]), ["a/m"]);
    }

    #[test]
    fn w24_a_function_does_not_fall_to_a_weaker_tier() {
        assert_eq!(plan("ollm::function_name::t", None).unwrap(), ["a/safe"]);
    }

    #[test]
    fn a_provider_without_its_key_is_left_out() {
        let gateway = gateway(None);
        let plan = |selector| {
            let target = resolve(selector, None, &gateway.config).unwrap();
            Plan::new(
                &target,
                None,
                &gateway,
                Needs::default,
                &mut Luck::new([1; 16]),
            )
        };
        assert_eq!(plan("m").unwrap().attempts.len(), 2);
        let Err(Rejection::NoProvider { reasons, .. }) = plan("only-c") else {
            panic!()
        };
        assert_eq!(reasons, ["c has no key"]);
    }
}
