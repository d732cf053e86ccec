//! A model: its name for callers and the providers that have it, in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::auto::Part;
use super::fault::ConfigFault;
use super::price::{self, Price};
use super::provider::Provider;
use super::reader::Reader;

/// One model of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name that callers use.
    pub name: String,
    /// The providers that have it, in order of preference.
    pub candidates: Vec<Arc<Candidate>>,
    /// Its tier tags (W24).
    pub tiers: Vec<Tier>,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// Tokens of prompt and completion together.
    pub context_length: Option<u64>,
    /// Tokens of completion.
    pub max_output_tokens: Option<u64>,
    /// Name for people.
    pub display_name: Option<String>,
    /// Who made it.
    pub owned_by: Option<String>,
    /// When it was made, Unix seconds.
    pub created: u64,
    /// Its part in `auto` (W21).
    pub auto: Part,
    /// How much it is preferred there.
    pub priority: u32,
    /// Whether callers may use it and `/v1/models` shows it.
    pub active: bool,
}

impl Model {
    /// The candidate at a provider, where the model has this name or the provider calls it so.
    #[must_use]
    pub fn at_provider(&self, provider: &str, model: &str) -> Option<&Arc<Candidate>> {
        self.candidates.iter().find(|candidate| {
            candidate.provider.name == provider && (self.name == model || candidate.model == model)
        })
    }
}

/// A provider that has a model, and what it calls the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The provider.
    pub provider: Arc<Provider>,
    /// The provider's name for the model (Azure: the deployment).
    pub model: String,
    /// `provider:model`, as its health is told of by.
    pub key: Arc<str>,
    /// What it costs there.
    pub price: Option<Price>,
}

/// A tier tag: the execution path that a model promises (W24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Trusted execution environment.
    Tee,
    /// Zero data retention.
    Zdr,
}

impl Tier {
    /// The word for it in the configuration and in `/v1/models`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tee => "tee",
            Self::Zdr => "zdr",
        }
    }
}

/// What a model can do beyond text in, text out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Takes and gives audio.
    Audio,
    /// `response_format: json_object`.
    JsonMode,
    /// `response_format: json_schema`.
    JsonSchema,
    /// Thinks before it answers.
    Reasoning,
    /// Streams.
    Streaming,
    /// Calls tools.
    Tools,
    /// Takes images.
    Vision,
}

impl Capability {
    const WORDS: [(&'static str, Self); 7] = [
        ("audio", Self::Audio),
        ("json_mode", Self::JsonMode),
        ("json_schema", Self::JsonSchema),
        ("reasoning", Self::Reasoning),
        ("streaming", Self::Streaming),
        ("tools", Self::Tools),
        ("vision", Self::Vision),
    ];

    /// The word for it in the configuration and in `/v1/models`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let mut words = Self::WORDS.into_iter();
        words
            .find(|(_, own)| *own == self)
            .map_or("", |(word, _)| word)
    }
}

pub(super) fn read(
    name: &str,
    r: &mut Reader<'_>,
    providers: &BTreeMap<String, Arc<Provider>>,
) -> Model {
    let price = r.object("price", price::read);
    let listed = r.objects("providers", |r| candidate(r, name, providers));
    if listed.is_empty() {
        r.fault("providers", ConfigFault::Missing);
    }
    let candidates = listed
        .into_iter()
        .flatten()
        .map(|candidate| {
            let own = candidate.price.or(price).or(candidate.provider.price);
            Arc::new(Candidate {
                price: own,
                ..candidate
            })
        })
        .collect();
    let tiers = words(
        r,
        "tiers",
        "`tee` or `zdr`",
        &[("tee", Tier::Tee), ("zdr", Tier::Zdr)],
    );
    let expected =
        "a capability: audio, json_mode, json_schema, reasoning, streaming, tools, vision";
    let capabilities = words(r, "capabilities", expected, &Capability::WORDS);
    let priority = r.whole("priority", 0).unwrap_or_default();
    Model {
        name: name.to_owned(),
        candidates,
        tiers,
        capabilities,
        context_length: r.whole("context_length", 1),
        max_output_tokens: r.whole("max_output_tokens", 1),
        display_name: r.text("display_name"),
        owned_by: r.text("owned_by"),
        created: r.whole("created", 0).unwrap_or_default(),
        auto: Part::read(r),
        priority: priority.try_into().unwrap_or(u32::MAX),
        active: r.flag("active").unwrap_or(true),
    }
}

fn candidate(
    r: &mut Reader<'_>,
    model: &str,
    providers: &BTreeMap<String, Arc<Provider>>,
) -> Option<Candidate> {
    let name = r.required_text("provider");
    let model = r.text("model").unwrap_or_else(|| model.to_owned());
    let price = r.object("price", price::read);
    let provider = providers.get(&name);
    if provider.is_none() && !name.is_empty() {
        r.fault(
            "provider",
            ConfigFault::Undefined {
                kind: "provider",
                name,
            },
        );
    }
    let provider = provider?;
    Some(Candidate {
        key: format!("{}:{model}", provider.name).into(),
        provider: Arc::clone(provider),
        model,
        price,
    })
}

fn words<T: Copy>(
    r: &mut Reader<'_>,
    name: &'static str,
    expected: &'static str,
    words: &[(&str, T)],
) -> Vec<T> {
    let mut out = Vec::new();
    for (i, text) in r.texts(name).iter().enumerate() {
        match words.iter().find(|(word, _)| word == text) {
            Some((_, word)) => out.push(*word),
            None => r.fault_within(name, i, ConfigFault::Invalid { expected }),
        }
    }
    out
}
