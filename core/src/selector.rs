//! The model that a caller names → what the catalogue has for it (W20, W22).

use std::sync::Arc;

use crate::config::{AUTO, Candidate, Config, Function, Model, Variant};
use crate::near::{nearest, quoted};
use crate::reject::Rejection;
use crate::text::cut;

/// What a selector leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Any model that can serve the request (W21).
    Auto,
    /// One of a function's variants, by weight.
    Function(Arc<Function>),
    /// This model, at any of its providers.
    Model(Arc<Model>),
    /// This model at this provider.
    Provider {
        /// The model.
        model: Arc<Model>,
        /// The provider and its name for the model.
        candidate: Arc<Candidate>,
        /// Whether `ollm::variant_name` says so: then nothing else does (W30).
        pinned: bool,
    },
    /// One variant of a function.
    Variant(Variant),
}

/// Resolves the `model` of a request, and `ollm::variant_name`.
///
/// In this order: an alias; `ollm::model_name::M`; `ollm::function_name::F`; `provider/model`, with
/// the catalogue's name for the model or the provider's; a plain name; `auto`. The variant is one of
/// the function's, or a provider of the model; `auto` has none.
///
/// # Errors
///
/// [`Rejection::ModelNotFound`], [`Rejection::FunctionNotFound`], [`Rejection::VariantNotFound`],
/// with a near name. Source: W20, W22.
pub fn resolve(
    selector: &str,
    variant: Option<&str>,
    config: &Config,
) -> Result<Target, Rejection> {
    let selector = config
        .aliases
        .get(selector)
        .map_or(selector, String::as_str);
    let target = if let Some(name) = selector.strip_prefix("ollm::function_name::") {
        Target::Function(function(name, config)?)
    } else if let Some(name) = selector.strip_prefix("ollm::model_name::") {
        let aliases = config.aliases.keys().map(String::as_str);
        Target::Model(model(name, config, aliases)?)
    } else if let Some(target) = at_provider(selector, config) {
        target
    } else {
        let more = config.aliases.keys().map(String::as_str);
        match model(selector, config, more.chain([AUTO])) {
            Err(_) if selector == AUTO => Target::Auto,
            found => Target::Model(found?),
        }
    };
    match variant {
        None => Ok(target),
        Some(variant) => pin(target, variant),
    }
}

fn function(name: &str, config: &Config) -> Result<Arc<Function>, Rejection> {
    let function = config.functions.get(name).cloned();
    function.ok_or_else(|| Rejection::FunctionNotFound {
        name: quoted(name).to_owned(),
        near: near(name, config.functions.keys().map(String::as_str)),
    })
}

/// The model of a name; `more` are other names that may have been meant.
fn model<'a>(
    name: &str,
    config: &'a Config,
    more: impl Iterator<Item = &'a str>,
) -> Result<Arc<Model>, Rejection> {
    let model = config.models.get(name).filter(|model| model.active);
    model.cloned().ok_or_else(|| {
        let active = config.models.values().filter(|model| model.active);
        let names = active.map(|model| model.name.as_str()).chain(more);
        Rejection::ModelNotFound {
            name: quoted(name).to_owned(),
            near: near(name, names),
        }
    })
}

/// `provider/model`; `None` where the words do not say so, and a name with a slash is a plain one.
fn at_provider(selector: &str, config: &Config) -> Option<Target> {
    let (provider, name) = cut(selector, b'/')?;
    let of_name = config.models.get(name).into_iter();
    let mut models = of_name
        .chain(config.models.values())
        .filter(|model| model.active);
    models.find_map(|model| {
        let candidate = model.at_provider(provider, name)?;
        Some(Target::Provider {
            model: Arc::clone(model),
            candidate: Arc::clone(candidate),
            pinned: false,
        })
    })
}

fn pin(target: Target, name: &str) -> Result<Target, Rejection> {
    let missing = |near| Rejection::VariantNotFound {
        name: quoted(name).to_owned(),
        near,
    };
    match target {
        Target::Auto => Err(missing(None)),
        Target::Function(function) => {
            let variants = || function.variants.iter().filter(|own| own.model.active);
            let found = variants().find(|own| own.name == name).cloned();
            found
                .map(Target::Variant)
                .ok_or_else(|| missing(near(name, variants().map(|own| own.name.as_str()))))
        }
        Target::Model(model) | Target::Provider { model, .. } => {
            let mut all = model.candidates.iter();
            let candidate = all.find(|own| own.provider.name == name).cloned();
            let names = model
                .candidates
                .iter()
                .map(|own| own.provider.name.as_str());
            let candidate = candidate.ok_or_else(|| missing(near(name, names)))?;
            Ok(Target::Provider {
                model,
                candidate,
                pinned: true,
            })
        }
        Target::Variant(_) => Ok(target),
    }
}

fn near<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(quoted(name), candidates).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn config() -> Config {
        Config::parse(
            br#"{"providers": {"a": {"host": "a"}, "b": {"host": "b"}},
            "models": {
                "m": {"providers": [{"provider": "a", "model": "m-2024"}, {"provider": "b"}]},
                "a/odd": {"providers": [{"provider": "b"}]},
                "meta/llama": {"providers": [{"provider": "b"}]},
                "off": {"active": false, "providers": [{"provider": "a"}]}},
            "functions": {"f": {"variants": {"x": {"model": "m"}, "gone": {"model": "off"}}}},
            "aliases": {"smart": "ollm::function_name::f", "m": "a/m", "old": "ollm::model_name::m",
                "any": "auto"}}"#,
        )
        .unwrap()
    }

    fn told(selector: &str, variant: Option<&str>) -> String {
        match resolve(selector, variant, &config()) {
            Ok(Target::Auto) => "auto".to_owned(),
            Ok(Target::Function(function)) => format!("function {}", function.name),
            Ok(Target::Model(model)) => format!("model {}", model.name),
            Ok(Target::Provider {
                model,
                candidate,
                pinned,
            }) => {
                let pinned = if pinned { " pinned" } else { "" };
                format!("{}/{}{pinned}", candidate.provider.name, model.name)
            }
            Ok(Target::Variant(variant)) => format!("variant {}", variant.name),
            Err(
                Rejection::ModelNotFound { near, .. }
                | Rejection::FunctionNotFound { near, .. }
                | Rejection::VariantNotFound { near, .. },
            ) => format!("none, near {}", near.as_deref().unwrap_or("-")),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn w20_selectors_in_their_order() {
        for (selector, expected) in [
            ("smart", "function f"),
            ("m", "a/m"),
            ("old", "model m"),
            ("ollm::model_name::m", "model m"),
            ("ollm::function_name::f", "function f"),
            ("b/m", "b/m"),
            ("a/m-2024", "a/m"),
            ("b/m-2024", "none, near -"),
            ("a/odd", "model a/odd"),
            ("meta/llama", "model meta/llama"),
            ("meta/lama", "none, near meta/llama"),
            ("smrt", "none, near smart"),
            ("off", "none, near -"),
            ("a/off", "none, near a/odd"),
            ("ollm::model_name::a/m", "none, near -"),
            ("ollm::function_name::g", "none, near f"),
            ("", "none, near m"),
            ("auto", "auto"),
            ("any", "auto"),
            ("atuo", "none, near auto"),
            ("ollm::model_name::auto", "none, near -"),
            ("a/auto", "none, near auto"),
        ] {
            assert_eq!(told(selector, None), expected, "{selector}");
        }
    }

    #[test]
    fn w22_a_variant_pins_one_way() {
        for (selector, variant, expected) in [
            ("smart", "x", "variant x"),
            ("smart", "gone", "none, near -"),
            ("smart", "y", "none, near x"),
            ("old", "b", "b/m pinned"),
            ("a/m", "b", "b/m pinned"),
            ("old", "c", "none, near a"),
            ("meta/llama", "a", "none, near b"),
            ("auto", "a", "none, near -"),
        ] {
            let told = told(selector, Some(variant));
            assert_eq!(told, expected, "{selector} {variant}");
        }
    }

    #[test]
    fn w20_what_is_named_auto_goes_before_it() {
        let named = |members: &str| {
            let document = format!(
                r#"{{"providers": {{"a": {{"host": "a"}}}}, "models": {{"m": {{"providers":
                [{{"provider": "a"}}]}}, {members}}}"#
            );
            let config = Config::parse(document.as_bytes()).unwrap();
            match resolve("auto", None, &config) {
                Ok(Target::Model(model)) => model.name.clone(),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(
            named(r#""n": {"providers": [{"provider": "a"}]}}, "aliases": {"auto": "m"}"#),
            "m"
        );
        let model = |active: bool| {
            named(&format!(
                r#""auto": {{"providers": [{{"provider": "a"}}], "active": {active}}}}}"#
            ))
        };
        assert_eq!(model(true), "auto");
        assert_eq!(model(false), "Ok(Auto)");
    }

    #[test]
    fn w20_an_alias_leads_somewhere() {
        let aliases = |aliases: &str| {
            let document = format!(
                r#"{{"providers": {{"a": {{"host": "a"}}}}, "models": {{"m": {{"providers":
                [{{"provider": "a"}}]}}}}, "aliases": {aliases}}}"#
            );
            Config::parse(document.as_bytes()).map_err(|faults| faults.len())
        };
        assert!(aliases(r#"{"x": "m", "y": "a/m"}"#).is_ok());
        let wrong = r#"{"x": "n", "y": "b/m", "z": "x", "w": "ollm::function_name::m"}"#;
        assert_eq!(aliases(wrong).err(), Some(4));
    }
}
