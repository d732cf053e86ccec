//! A function: a name for a choice between models, by weight.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fault::ConfigFault;
use super::model::Model;
use super::reader::Reader;

/// One function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name, as in `ollm::function_name::<name>`.
    pub name: String,
    /// Its variants, in the order of their names.
    pub variants: Vec<Variant>,
}

/// One way to carry a function out.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its name, unique in the function.
    pub name: String,
    /// The model that it uses.
    pub model: Arc<Model>,
    /// Its share, relative to the sum of all weights; 0 is used only after all others failed.
    pub weight: f64,
}

pub(super) fn read(
    name: &str,
    r: &mut Reader<'_>,
    models: &BTreeMap<String, Arc<Model>>,
) -> Function {
    let variants: Vec<_> = r
        .named("variants", |name, r| {
            let weight = r.number("weight").unwrap_or(1.0);
            let model = r.required_text("model");
            let found = models.get(&model);
            if found.is_none() && !model.is_empty() {
                r.fault(
                    "model",
                    ConfigFault::Undefined {
                        kind: "model",
                        name: model,
                    },
                );
            }
            Some(Variant {
                name: name.to_owned(),
                model: Arc::clone(found?),
                weight,
            })
        })
        .into_iter()
        .filter_map(|(_, variant)| variant)
        .collect();
    if variants.is_empty() {
        r.fault("variants", ConfigFault::Missing);
    }
    Function {
        name: name.to_owned(),
        variants,
    }
}
