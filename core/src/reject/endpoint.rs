//! Why a request may not go to the endpoint that its caller names (W33).

use crate::error::Code;
use crate::wire;

/// Why a request may not go to the endpoint that its caller names (W33).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointFault {
    /// The key is not one.
    Key,
    /// The host is not listed.
    NotListed,
    /// Callers may name none here.
    Off,
    /// Its address is not public, and not listed.
    Private,
    /// It is not a URL that is taken: why.
    Url(&'static str),
}

impl EndpointFault {
    pub(super) fn code(self) -> Code {
        match self {
            Self::Off => Code::UnsupportedValue,
            Self::NotListed | Self::Private => Code::EndpointNotAllowed,
            Self::Key | Self::Url(_) => Code::InvalidEndpoint,
        }
    }

    pub(super) fn message(self) -> String {
        let header = wire::VLLM_ENDPOINT;
        match self {
            Self::Key => format!("{} must be of visible ASCII.", wire::VLLM_API_KEY),
            Self::NotListed => format!("The host of {header} is not one that is allowed here."),
            Self::Off => format!("{header} is not supported by this gateway."),
            Self::Private => format!("The address of {header} is not one that is allowed here."),
            Self::Url(why) => format!("{header} is not valid: {why}."),
        }
    }
}
