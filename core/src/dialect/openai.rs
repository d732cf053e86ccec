//! OpenAI's dialect, which the gateway speaks too: nothing but the path is the provider's own.

use crate::config::Provider;

pub(super) fn path(provider: &Provider) -> String {
    format!("{}/chat/completions", provider.path_prefix)
}
