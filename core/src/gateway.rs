//! A configuration with the secrets of its environment: what the filter works with.

use std::sync::Arc;

use crate::config::{Config, Provider};
use crate::scrub::Private;
use crate::text::same;

/// Everything that does not change between two requests. It has no `Debug`: it holds secrets.
pub struct Gateway {
    /// The configuration.
    pub config: Config,
    /// The token of the sidecar's ingest, where it wants one.
    pub ingest_token: Option<String>,
    hidden: Vec<Hidden>,
}

/// What of a provider nobody is shown.
struct Hidden {
    /// The provider's name.
    name: String,
    /// The value of its credential's header, where the environment has it.
    secret: Option<String>,
    /// What must not reach a caller.
    private: Arc<Private>,
}

/// What an attempt at a provider carries to say who calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Secret<'a> {
    /// A header with the secret.
    Header(&'a str, &'a str),
    /// The environment does not have it, and the provider does not work without it.
    Missing(&'a str),
    /// Nothing of ours: the provider needs none, or Envoy's `credential_injector` adds it.
    None,
}

impl Gateway {
    /// Reads from the environment what the configuration names.
    #[must_use]
    pub fn new(config: Config, env: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| env(name).filter(|value| !value.is_empty());
        let hidden = config.providers.values().map(|provider| {
            let credential = provider.credential.as_ref();
            let secret = credential.and_then(|credential| value(&credential.env));
            let private = Arc::new(Private::new(secret.as_deref(), &provider.host));
            let scheme = credential.and_then(|credential| credential.scheme.as_deref());
            Hidden {
                name: provider.name.clone(),
                secret: secret.map(|secret| match scheme {
                    Some(scheme) => format!("{scheme} {secret}"),
                    None => secret,
                }),
                private,
            }
        });
        let hidden = hidden.collect();
        let ingest_token = config.sidecar.token_env.as_deref().and_then(value);
        Self {
            config,
            ingest_token,
            hidden,
        }
    }

    /// The providers that no plan uses, each with the variable that is not set.
    pub fn unused(&self) -> impl Iterator<Item = (&str, &str)> {
        let providers = self.config.providers.values();
        providers.filter_map(|provider| match self.secret(provider) {
            Secret::Missing(env) => Some((provider.name.as_str(), env)),
            _ => None,
        })
    }

    /// What an attempt at this provider carries.
    #[must_use]
    pub fn secret<'a>(&'a self, provider: &'a Provider) -> Secret<'a> {
        let Some(credential) = &provider.credential else {
            return Secret::None;
        };
        match self.hidden(provider).and_then(|own| own.secret.as_ref()) {
            Some(value) => Secret::Header(&credential.header, value),
            None if credential.optional => Secret::None,
            None => Secret::Missing(&credential.env),
        }
    }

    /// What of this provider must not reach a caller.
    #[must_use]
    pub fn private(&self, provider: &Provider) -> Arc<Private> {
        let hidden = self.hidden(provider);
        hidden.map_or_else(Arc::default, |own| Arc::clone(&own.private))
    }

    fn hidden(&self, provider: &Provider) -> Option<&Hidden> {
        let mut all = self.hidden.iter();
        all.find(|own| same(&own.name, &provider.name))
    }
}
