//! Aliases: other names for selectors (W20).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::auto::AUTO;
use super::function::Function;
use super::model::Model;
use super::provider::Provider;

type Lists<'a> = (
    &'a BTreeMap<String, Arc<Provider>>,
    &'a BTreeMap<String, Arc<Model>>,
    &'a BTreeMap<String, Arc<Function>>,
);

/// Whether a selector leads to something that is configured. An alias of an alias does not.
pub(super) fn leads(selector: &str, (providers, models, functions): Lists<'_>) -> bool {
    if let Some(name) = selector.strip_prefix("ollm::function_name::") {
        return functions.contains_key(name);
    }
    let name = selector
        .strip_prefix("ollm::model_name::")
        .unwrap_or(selector);
    let at_provider = name.split_once('/').is_some_and(|(provider, model)| {
        providers.contains_key(provider)
            && models
                .values()
                .any(|own| own.at_provider(provider, model).is_some())
    });
    models.contains_key(name) || (name == selector && (at_provider || name == AUTO))
}
