//! The dialects of providers: how an attempt looks on their wire.
//!
//! One file a dialect. A dialect gives the path and says what of the body must change; one that is
//! not OpenAI's will also translate the answer, here and nowhere else.

mod azure;
mod openai;

use crate::config::{Candidate, Kind};
use crate::request::Upstream;

/// `:path` of an attempt at a chat completion.
#[must_use]
pub fn path(candidate: &Candidate) -> String {
    match candidate.provider.kind {
        Kind::Azure => azure::path(candidate),
        Kind::OpenAi => openai::path(&candidate.provider),
    }
}

/// What the provider takes in the body.
#[must_use]
pub fn upstream(candidate: &Candidate) -> Upstream<'_> {
    Upstream {
        model: &candidate.model,
        cap_field: candidate.provider.cap_field,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::config::Config;

    #[test]
    fn each_dialect_has_its_path() {
        let config = Config::parse(
            br#"{"providers": {
                "o": {"host": "o", "path_prefix": "/v1beta/openai"},
                "z": {"kind": "azure", "host": "z", "api_version": "2024-10-21"}},
            "models": {"m": {"providers": [{"provider": "o"}, {"provider": "z", "model": "my mini/1"}]}}}"#,
        )
        .unwrap();
        let paths: Vec<_> = config.models["m"]
            .candidates
            .iter()
            .map(|c| path(c))
            .collect();
        assert_eq!(
            paths,
            [
                "/v1beta/openai/chat/completions",
                "/openai/deployments/my%20mini%2F1/chat/completions?api-version=2024-10-21"
            ]
        );
    }
}
