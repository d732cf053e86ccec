//! Azure OpenAI: OpenAI's bodies, the deployment in the path, the version in the query.

use std::fmt::Write;

use crate::config::Candidate;

pub(super) fn path(candidate: &Candidate) -> String {
    let provider = &candidate.provider;
    let mut path = format!("{}/openai/deployments/", provider.path_prefix);
    push_encoded(&mut path, &candidate.model);
    path.push_str("/chat/completions?api-version=");
    push_encoded(
        &mut path,
        provider.api_version.as_deref().unwrap_or_default(),
    );
    path
}

/// One segment of a path, percent-encoded but for what RFC 3986 leaves as it is.
fn push_encoded(out: &mut String, segment: &str) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
