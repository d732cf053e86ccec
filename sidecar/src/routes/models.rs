//! `GET /v1/models`, `GET /v1/models/{id}`: the catalogue (W02, W24).

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use sluice_core::config::{Capability, Config, Model, Tier};
use sluice_core::reject::Rejection;
use sluice_core::selector::{Target, resolve};

use super::params::Params;
use sluice_core::error::Code;

use crate::app::App;
use crate::error::ApiError;

/// Nano-USD a million tokens → USD a token.
const NANO_A_MILLION: f64 = 1e15;

/// The catalogue, or the part of it that was asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Catalogue {
    object: &'static str,
    data: Vec<Card>,
}

/// One model as callers see it. Prices are the first provider's.
#[derive(Debug, Serialize)]
pub(crate) struct Card {
    id: String,
    object: &'static str,
    /// Other names that lead to it.
    aliases: Vec<String>,
    created: u64,
    owned_by: String,
    is_active: bool,
    input_cost_per_token: Option<f64>,
    output_cost_per_token: Option<f64>,
    max_input_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    input_modalities: Vec<&'static str>,
    output_modalities: Vec<&'static str>,
    display_name: String,
    model_info: Details,
}

#[derive(Debug, Serialize)]
struct Details {
    providers: Vec<String>,
    tiers: Vec<&'static str>,
    capabilities: Vec<&'static str>,
}

/// Lists the active models. `allow_tee=false` and `allow_zdr=false` take away those of that tier;
/// models of no tier are always there. Other parameters are ignored, as clients of OpenAI's send some.
pub(crate) async fn list(
    State(app): State<App>,
    mut params: Params,
) -> Result<Json<Catalogue>, ApiError> {
    let mut barred = Vec::new();
    for (name, tier) in [("allow_tee", Tier::Tee), ("allow_zdr", Tier::Zdr)] {
        if params.parsed(name, "true or false", flag)? == Some(false) {
            barred.push(tier);
        }
    }
    let models = app.config.models.values().filter(|model| model.active);
    let allowed = models.filter(|model| !model.tiers.iter().any(|tier| barred.contains(tier)));
    Ok(Json(Catalogue {
        object: "list",
        data: allowed.map(|model| card(model, &app.config)).collect(),
    }))
}

/// Shows one active model.
pub(crate) async fn show(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Card>, ApiError> {
    let Ok(Path(id)) = path else {
        return Err(not_found("?", None));
    };
    // The prefix keeps a name from being read as a function's.
    match resolve(&format!("ollm::model_name::{id}"), None, &app.config) {
        Ok(Target::Model(model)) => Ok(Json(card(&model, &app.config))),
        Err(Rejection::ModelNotFound { near, .. }) => Err(not_found(&id, near.as_deref())),
        Ok(_) | Err(_) => Err(not_found(&id, None)),
    }
}

fn not_found(id: &str, near: Option<&str>) -> ApiError {
    let hint = near.map_or_else(
        || "`GET /v1/models` lists those there are.".to_owned(),
        |near| format!("Did you mean `{near}`?"),
    );
    let message = format!("There is no model `{id}`. {hint}");
    ApiError::new(StatusCode::NOT_FOUND, Code::ModelNotFound, message).param("model")
}

fn flag(text: &str) -> Option<bool> {
    let words = [("true", true), ("false", false)];
    words
        .iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map(|(_, flag)| *flag)
}

/// The aliases that lead to a model wherever it is served.
fn aliases(name: &str, config: &Config) -> Vec<String> {
    let leads = |selector: &str| selector.trim_start_matches("ollm::model_name::") == name;
    let aliases = config.aliases.iter();
    let aliases = aliases.filter(|(_, selector)| leads(selector));
    aliases.map(|(alias, _)| alias.clone()).collect()
}

fn card(model: &Model, config: &Config) -> Card {
    let first = model.candidates.first();
    let price = first
        .and_then(|candidate| candidate.price)
        .unwrap_or_default();
    let maker = first.map(|candidate| candidate.provider.name.clone());
    Card {
        id: model.name.clone(),
        object: "model",
        aliases: aliases(&model.name, config),
        created: model.created,
        owned_by: model.owned_by.clone().or(maker).unwrap_or_default(),
        is_active: model.active,
        input_cost_per_token: price.input.map(per_token),
        output_cost_per_token: price.output.map(per_token),
        max_input_tokens: model.context_length,
        max_output_tokens: model.max_output_tokens,
        input_modalities: modalities(model, &[Capability::Vision, Capability::Audio]),
        output_modalities: modalities(model, &[Capability::Audio]),
        display_name: model
            .display_name
            .clone()
            .unwrap_or_else(|| model.name.clone()),
        model_info: Details {
            providers: model
                .candidates
                .iter()
                .map(|c| c.provider.name.clone())
                .collect(),
            tiers: model.tiers.iter().map(|tier| tier.as_str()).collect(),
            capabilities: model.capabilities.iter().map(|own| own.as_str()).collect(),
        },
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a price for people; money is reckoned in integers"
)]
fn per_token(price: u64) -> f64 {
    price as f64 / NANO_A_MILLION
}

/// Text, and what the capabilities add to it.
fn modalities(model: &Model, adding: &[Capability]) -> Vec<&'static str> {
    let added = adding
        .iter()
        .filter(|capability| model.capabilities.contains(capability));
    let names = added.map(|capability| match capability {
        Capability::Vision => "image",
        other => other.as_str(),
    });
    std::iter::once("text").chain(names).collect()
}
