//! A provider: where an attempt goes and in which dialect.

use super::fault::ConfigFault;
use super::price::{self, Price};
use super::reader::Reader;

/// One provider. Its name is the name of its Envoy cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Name, as in `x-gateway-provider` and in the failover header.
    pub name: String,
    /// The dialect that it speaks.
    pub kind: Kind,
    /// `:authority` of its requests.
    pub host: String,
    /// `:scheme` of its requests: `https`, or `http` where its cluster has no TLS.
    pub scheme: &'static str,
    /// What stands before `/chat/completions`, such as `/v1`; no slash at the end.
    pub path_prefix: String,
    /// Azure's `api-version`.
    pub api_version: Option<String>,
    /// How it is told who calls; `None` leaves that to Envoy's `credential_injector`.
    pub credential: Option<Credential>,
    /// The name under which it takes the token cap; `None` takes either (W13).
    pub cap_field: Option<CapField>,
    /// Prices for models that name none of their own.
    pub price: Option<Price>,
}

/// The dialect that a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Azure OpenAI: the deployment in the path, `api-version` in the query.
    Azure,
    /// OpenAI's own, which vLLM, Groq, Ollama and many others speak too.
    OpenAi,
}

impl Kind {
    /// The word for it in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Azure => "azure",
            Self::OpenAi => "openai",
        }
    }
}

/// The name under which a provider takes the token cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapField {
    /// `max_completion_tokens`, OpenAI's current name.
    MaxCompletionTokens,
    /// `max_tokens`, the older name that most others take.
    MaxTokens,
}

impl CapField {
    /// The member's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::MaxTokens => "max_tokens",
        }
    }
}

/// How a provider is told who calls. The secret is in the environment, never in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The header that carries it, in lower case.
    pub header: String,
    /// What stands before the secret, such as `Bearer`.
    pub scheme: Option<String>,
    /// The environment variable that holds the secret.
    pub env: String,
    /// Whether the provider works without it.
    pub optional: bool,
}

pub(super) fn read(name: &str, r: &mut Reader<'_>) -> Provider {
    let words = [("azure", Kind::Azure), ("openai", Kind::OpenAi)];
    let kind = r
        .choice("kind", "`openai` or `azure`", &words)
        .unwrap_or(Kind::OpenAi);
    let path_prefix = r.text("path_prefix").unwrap_or_default();
    if !path_prefix.is_empty() && (!path_prefix.starts_with('/') || path_prefix.ends_with('/')) {
        let expected = "a path that begins with a slash and does not end with one";
        r.fault("path_prefix", ConfigFault::Invalid { expected });
    }
    let host = r.required_text("host");
    let schemes = [("http", "http"), ("https", "https")];
    let scheme = r
        .choice("scheme", "`https` or `http`", &schemes)
        .unwrap_or("https");
    let api_version = r.text("api_version");
    if kind == Kind::Azure && api_version.is_none() {
        r.fault("api_version", ConfigFault::Missing);
    }
    let caps = [
        ("max_completion_tokens", CapField::MaxCompletionTokens),
        ("max_tokens", CapField::MaxTokens),
    ];
    let cap_field = r.choice(
        "token_cap_field",
        "`max_tokens` or `max_completion_tokens`",
        &caps,
    );
    let credential = r.object("auth", credential);
    let price = r.object("price", price::read);
    let name = name.to_owned();
    Provider {
        name,
        kind,
        host,
        scheme,
        path_prefix,
        api_version,
        credential,
        cap_field,
        price,
    }
}

fn credential(r: &mut Reader<'_>) -> Credential {
    let header = r
        .text("header")
        .unwrap_or_else(|| "authorization".to_owned());
    if !header
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        r.fault(
            "header",
            ConfigFault::Invalid {
                expected: "a header's name in lower case",
            },
        );
    }
    Credential {
        header,
        scheme: r.text("scheme"),
        env: r.required_text("env"),
        optional: r.flag("optional").unwrap_or_default(),
    }
}
