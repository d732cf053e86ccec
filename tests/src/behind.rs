//! What stands behind a provider's cluster: a scripted provider, or one of the reasons why no
//! connection comes about.

use std::net::SocketAddr;
use std::path::Path;

use crate::bootstrap::{Bootstrap, Upstream};
use crate::provider::tls::Authority;
use crate::provider::{Protocol, Provider, Script};

/// Where nothing listens.
const NOWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 9);

/// What stands behind a provider's cluster.
#[derive(Clone, Debug)]
pub enum Behind {
    /// A provider.
    Provider(Protocol, Box<Script>),
    /// Nothing: the connection is refused.
    Refusing,
    /// Nothing: the host's name has no address, and no resolver answers.
    Unresolved,
    /// A provider whose certificate is of an authority that Envoy does not trust.
    Untrusted,
    /// A provider that does not speak TLS, and Envoy does.
    Clear,
}

impl Behind {
    /// Starts it and leads the cluster `name` there; `host` is the provider's name for TLS.
    pub(crate) async fn start(
        self,
        bootstrap: &mut Bootstrap,
        name: &str,
        host: &str,
        (authority, roots): (&Authority, &Path),
    ) -> Option<Provider> {
        let h2 = Protocol::TlsH2;
        let alpn = h2.alpn().unwrap_or_default();
        let (provider, protocol) = match self {
            Self::Unresolved => {
                bootstrap.unresolve(name);
                return None;
            }
            Self::Refusing => (None, Protocol::Http1),
            Self::Provider(protocol, script) => {
                let provider = match protocol.alpn() {
                    Some(alpn) => Provider::start_tls(*script, authority, host, alpn).await,
                    None => Provider::start(*script).await,
                };
                (Some(provider), protocol)
            }
            Self::Untrusted => {
                let other = Authority::new();
                let script = Script::default();
                (
                    Some(Provider::start_tls(script, &other, host, alpn).await),
                    h2,
                )
            }
            Self::Clear => (Some(Provider::start(Script::default()).await), h2),
        };
        let nowhere = SocketAddr::from(NOWHERE);
        let upstream = Upstream {
            addr: provider.as_ref().map_or(nowhere, Provider::addr),
            protocol,
            authority: protocol.alpn().map(|_| roots.to_owned()),
        };
        bootstrap.lead(name, &upstream);
        provider
    }
}
