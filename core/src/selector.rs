//! The model that a caller names → what the catalogue has for it (W20).

use std::sync::Arc;

use crate::config::{Config, Function, Model};
use crate::near::{nearest, quoted};
use crate::reject::Rejection;

/// What a selector leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// One of a function's variants.
    Function(Arc<Function>),
    /// This model.
    Model(Arc<Model>),
}

/// Resolves the `model` of a request.
///
/// `ollm::function_name::F` is a function, `ollm::model_name::M` and a plain name are a model.
///
/// # Errors
///
/// [`Rejection::ModelNotFound`], [`Rejection::FunctionNotFound`], with a near name. Source: W20.
pub fn resolve(selector: &str, config: &Config) -> Result<Target, Rejection> {
    if let Some(name) = selector.strip_prefix("ollm::function_name::") {
        return config
            .functions
            .get(name)
            .cloned()
            .map(Target::Function)
            .ok_or_else(|| {
                let near = nearest(quoted(name), config.functions.keys().map(String::as_str));
                Rejection::FunctionNotFound {
                    name: quoted(name).to_owned(),
                    near: near.map(str::to_owned),
                }
            });
    }
    let name = selector
        .strip_prefix("ollm::model_name::")
        .unwrap_or(selector);
    let model = config.models.get(name).filter(|model| model.active);
    model.cloned().map(Target::Model).ok_or_else(|| {
        let active = config.models.values().filter(|model| model.active);
        let near = nearest(quoted(name), active.map(|model| model.name.as_str()));
        Rejection::ModelNotFound {
            name: quoted(name).to_owned(),
            near: near.map(str::to_owned),
        }
    })
}
