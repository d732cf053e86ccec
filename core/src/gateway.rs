//! A configuration with the secrets of its environment: what the filter works with.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Config, Provider};
use crate::scrub::Private;

/// Everything that does not change between two requests. It has no `Debug`: it holds secrets.
pub struct Gateway {
    /// The configuration.
    pub config: Config,
    /// The token of the sidecar's ingest, where it wants one.
    pub ingest_token: Option<String>,
    secrets: BTreeMap<String, String>,
    /// What of each provider must not reach a caller.
    private: BTreeMap<String, Arc<Private>>,
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
        let mut secrets = BTreeMap::new();
        let mut private = BTreeMap::new();
        for provider in config.providers.values() {
            let credential = provider.credential.as_ref();
            let secret = credential.and_then(|credential| value(&credential.env));
            let own = Private::new(secret.as_deref(), &provider.host);
            private.insert(provider.name.clone(), Arc::new(own));
            if let (Some(credential), Some(secret)) = (credential, secret) {
                let value = match &credential.scheme {
                    Some(scheme) => format!("{scheme} {secret}"),
                    None => secret,
                };
                secrets.insert(provider.name.clone(), value);
            }
        }
        let ingest_token = config.sidecar.token_env.as_deref().and_then(value);
        Self {
            config,
            ingest_token,
            secrets,
            private,
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
        match self.secrets.get(&provider.name) {
            Some(value) => Secret::Header(&credential.header, value),
            None if credential.optional => Secret::None,
            None => Secret::Missing(&credential.env),
        }
    }

    /// What of this provider must not reach a caller.
    #[must_use]
    pub fn private(&self, provider: &Provider) -> Arc<Private> {
        self.private
            .get(&provider.name)
            .cloned()
            .unwrap_or_default()
    }
}
