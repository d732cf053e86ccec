//! A configuration with the secrets of its environment: what the filter works with.

use std::sync::Arc;

use crate::config::{Config, Provider};
use crate::headers::Headers;
use crate::scrub::Private;
use crate::text::same;
use crate::wire;

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
    /// Whether the environment has its secret.
    has_secret: bool,
    /// What every attempt at it has in its head.
    head: Headers,
    /// What must not reach a caller.
    private: Arc<Private>,
}

/// How the gateway names itself to providers.
const AGENT: &str = concat!("sluice/", env!("CARGO_PKG_VERSION"));

/// What every attempt at a provider has in its head, but who calls.
#[must_use]
pub fn head(provider: &Provider) -> Headers {
    Headers::from_iter([
        (":method", "POST"),
        (":scheme", provider.scheme),
        (":authority", &provider.host),
        ("content-type", wire::JSON),
        ("user-agent", AGENT),
    ])
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
            let secret = secret.map(|secret| match scheme {
                Some(scheme) => format!("{scheme} {secret}"),
                None => secret,
            });
            let mut head = head(provider);
            if let (Some(credential), Some(secret)) = (credential, &secret) {
                head.push(&credential.header, secret);
            }
            Hidden {
                name: provider.name.clone(),
                has_secret: secret.is_some(),
                head,
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
        providers.filter_map(|provider| Some((provider.name.as_str(), self.missing(provider)?)))
    }

    /// The variable without which this provider is not used, where the environment does not have it.
    ///
    /// One that needs none of ours works without, be it that Envoy's `credential_injector` adds it.
    #[must_use]
    pub fn missing<'a>(&self, provider: &'a Provider) -> Option<&'a str> {
        let credential = provider.credential.as_ref().filter(|own| !own.optional)?;
        let known = self.hidden(provider).is_some_and(|own| own.has_secret);
        (!known).then_some(&credential.env)
    }

    /// What all attempts at this provider have in their head, and what of it must not reach a caller.
    #[must_use]
    pub fn attempt(&self, provider: &Provider) -> (Headers, Arc<Private>) {
        self.hidden(provider).map_or_else(
            || (head(provider), Arc::default()),
            |own| (own.head.clone(), Arc::clone(&own.private)),
        )
    }

    fn hidden(&self, provider: &Provider) -> Option<&Hidden> {
        let mut all = self.hidden.iter();
        all.find(|own| same(&own.name, &provider.name))
    }
}
