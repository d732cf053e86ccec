//! The caller's own vLLM: the headers of a request → a provider of this request alone (W33).
//!
//! ```text
//! headers ─▶ Own ─▶ target and sequence with it in them ─▶ plan
//!             └──▶ its address ─▶ pinned: the attempt goes there and nowhere else
//! ```

mod url;

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::fmt;
use std::sync::Arc;

use crate::config::{
    Candidate, CapField, Config, Kind, Model, Part, Provider, STANDS_FOR, VllmEndpoint,
};
use crate::head::Head;
use crate::reject::{EndpointFault, Rejection};
use crate::scrub::Private;
use crate::selector::Target;
use crate::wire;

use url::Url;

/// The cluster of endpoints without TLS, and the name of the provider.
pub const PLAIN: &str = "vllm_endpoint";
/// The cluster of endpoints with TLS, and the name of the provider.
pub const TLS: &str = "vllm_endpoint_tls";
/// The header by which the cluster behind [`TLS`] has its address.
pub const PINNED: &str = "x-envoy-original-dst-host";
/// The header of an answer that the listener behind [`TLS`] gives where no endpoint does.
pub const UNREACHED: &str = "x-sluice-unreached";
/// The cluster that tells the address of a name.
pub const RESOLVER: &str = "vllm_resolver";

/// Whether this is a cluster of callers' endpoints.
#[must_use]
pub fn is_one(cluster: &str) -> bool {
    [PLAIN, TLS].contains(&cluster)
}

/// Where an attempt is led whose name has no address: nothing listens there, and a connection that
/// is refused is an attempt that failed.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// Characters of a key.
const KEY: usize = 4096;

/// A caller's own vLLM. It has no `Debug`: it holds the caller's key.
#[derive(Clone)]
pub struct Own {
    provider: Arc<Provider>,
    url: Url,
    bearer: Option<String>,
    private: Arc<Private>,
}

/// What is known of the address of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// It is this one, which may be reached.
    Known(String),
    /// The resolver must say which one this `host:port` has.
    Ask(String),
}

impl Own {
    /// Reads the headers; `None` where no endpoint is named. A key without one goes nowhere.
    ///
    /// # Errors
    ///
    /// [`Rejection::Endpoint`]: callers may name none here, it is no URL that is taken, its host is
    /// not listed, or it is a private address; [`Rejection::HeaderTwice`]. Source: W33.
    pub fn read(head: &Head, config: &Config) -> Result<Option<Self>, Rejection> {
        let twice = |header| Rejection::HeaderTwice { header };
        let Some(text) = head.once(wire::VLLM_ENDPOINT).map_err(twice)? else {
            return Ok(None);
        };
        let Some(rules) = &config.vllm_endpoint else {
            return Err(Rejection::Endpoint(EndpointFault::Off));
        };
        let url = Url::parse(text).map_err(|why| Rejection::Endpoint(EndpointFault::Url(why)))?;
        if !rules.allows(url.scheme, &url.host, url.port) {
            return Err(Rejection::Endpoint(EndpointFault::NotListed));
        }
        if url.literal().is_some_and(|ip| !rules.reaches(ip)) {
            return Err(Rejection::Endpoint(EndpointFault::Private));
        }
        let key = head.once(wire::VLLM_API_KEY).map_err(twice)?;
        if key.is_some_and(|key| key.len() > KEY || !key.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(Rejection::Endpoint(EndpointFault::Key));
        }
        let authority = url.authority();
        let name = if url.scheme == "https" { TLS } else { PLAIN };
        let provider = Provider {
            name: name.to_owned(),
            kind: Kind::OpenAi,
            host: authority.clone(),
            scheme: url.scheme,
            path_prefix: url.prefix.clone(),
            api_version: None,
            credential: None,
            cap_field: Some(CapField::MaxTokens),
            price: None,
        };
        Ok(Some(Self {
            provider: Arc::new(provider),
            bearer: key.map(|key| format!("Bearer {key}")),
            private: Arc::new(Private::new(key, &authority)),
            url,
        }))
    }

    /// Whether this provider is the caller's own.
    #[must_use]
    pub fn is(&self, provider: &Provider) -> bool {
        provider.name == self.provider.name
    }

    /// The value of `authorization`, for the endpoint alone.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.bearer.as_deref()
    }

    /// What of the endpoint must not reach a log.
    #[must_use]
    pub fn private(&self) -> Arc<Private> {
        Arc::clone(&self.private)
    }

    /// What is known of its address.
    #[must_use]
    pub fn address(&self) -> Address {
        match self.url.literal() {
            Some(ip) => Address::Known(SocketAddr::new(ip, self.url.port).to_string()),
            None => Address::Ask(format!("{}:{}", self.url.host, self.url.port)),
        }
    }

    /// Takes the resolver's word, such as `203.0.113.7:8000`, and gives what the attempt is pinned
    /// to. Without an address the attempt will fail, as one at a name that is not resolved.
    ///
    /// # Errors
    ///
    /// [`Rejection::Endpoint`] when the address may not be reached: what a name leads to is checked
    /// on the very address that the attempt then has (W33).
    pub fn pin(&self, answer: &str, rules: Option<&VllmEndpoint>) -> Result<String, Rejection> {
        let Ok(address) = answer.trim().parse::<SocketAddr>() else {
            return Ok(NOWHERE.to_string());
        };
        if rules.is_some_and(|rules| rules.reaches(address.ip())) {
            return Ok(SocketAddr::new(address.ip(), self.url.port).to_string());
        }
        Err(Rejection::Endpoint(EndpointFault::Private))
    }

    /// Its name as a provider, which is that of its cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.provider.name
    }

    /// Puts the endpoint into what the selector leads to.
    ///
    /// It stands where `vllm` stands. A sequence that names `vllm` adds it to models that do not have
    /// it; without a sequence it is added to the `first` model of a request. A model that the catalogue
    /// does not have is the endpoint's own. A model with tiers does not go to it (W24).
    ///
    /// # Errors
    ///
    /// What the selector led to, where that is not a model the endpoint may have.
    pub fn place(
        &self,
        selector: &str,
        target: Result<Target, Rejection>,
        first: bool,
        sequence: Option<&[String]>,
    ) -> Result<Target, Rejection> {
        let named = sequence.map(|names| names.iter().any(|name| name == self.name()));
        let add = named == Some(true);
        let target = match target {
            Err(Rejection::ModelNotFound { .. }) if named != Some(false) => {
                Target::Model(Arc::new(self.unlisted(selector)))
            }
            Err(rejection) => return Err(rejection),
            Ok(target) => target,
        };
        Ok(match target {
            Target::Auto => target,
            Target::Model(model) => Target::Model(self.in_model(&model, named.unwrap_or(first))),
            Target::Provider {
                model,
                candidate,
                pinned,
            } => {
                let own = candidate.provider.name == STANDS_FOR && model.tiers.is_empty();
                let candidate = if own {
                    Arc::new(self.candidate(&candidate.model))
                } else {
                    candidate
                };
                Target::Provider {
                    model: self.in_model(&model, add),
                    candidate,
                    pinned,
                }
            }
            Target::Variant(mut variant) => {
                variant.model = self.in_model(&variant.model, add);
                Target::Variant(variant)
            }
            Target::Function(function) => {
                let mut function = function.as_ref().clone();
                for variant in &mut function.variants {
                    variant.model = self.in_model(&variant.model, add);
                }
                Target::Function(Arc::new(function))
            }
        })
    }

    /// The model with the endpoint in the place of `vllm`; `add`: or else at its end.
    fn in_model(&self, model: &Arc<Model>, add: bool) -> Arc<Model> {
        // Nobody vouches for the tiers of an endpoint.
        let known = model.candidates.iter().any(|own| self.is(&own.provider));
        if known || !model.tiers.is_empty() {
            return Arc::clone(model);
        }
        let mut model = model.as_ref().clone();
        let mut all = model.candidates.iter_mut();
        match all.find(|own| own.provider.name == STANDS_FOR) {
            Some(own) => *own = Arc::new(self.candidate(&own.model)),
            None if add => {
                let own = self.candidate(&model.name);
                model.candidates.push(Arc::new(own));
            }
            None => {}
        }
        Arc::new(model)
    }

    /// A model that the catalogue does not have.
    fn unlisted(&self, selector: &str) -> Model {
        let name = selector
            .strip_prefix("ollm::model_name::")
            .unwrap_or(selector);
        let name = name.strip_prefix("vllm/").unwrap_or(name);
        Model {
            name: name.to_owned(),
            candidates: vec![Arc::new(self.candidate(name))],
            tiers: Vec::new(),
            capabilities: Vec::new(),
            context_length: None,
            max_output_tokens: None,
            display_name: None,
            owned_by: None,
            created: 0,
            auto: Part::Exclude,
            priority: 0,
            active: true,
        }
    }

    /// Without a price, which is unknown, and without a key of health: what a caller's endpoint
    /// does says nothing of a provider.
    fn candidate(&self, model: &str) -> Candidate {
        Candidate {
            provider: Arc::clone(&self.provider),
            model: model.to_owned(),
            key: "".into(),
            price: None,
        }
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Own").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
