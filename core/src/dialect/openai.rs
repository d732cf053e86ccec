//! OpenAI's dialect, which the gateway speaks too: nothing but the path is the provider's own.

use crate::config::Provider;

pub(super) fn path(provider: &Provider) -> String {
    const ROUTE: &str = "/chat/completions";
    let mut path = String::with_capacity(provider.path_prefix.len() + ROUTE.len());
    path.push_str(&provider.path_prefix);
    path.push_str(ROUTE);
    path
}
