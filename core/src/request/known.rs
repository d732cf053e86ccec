//! The names of the fields that are known (W15), in the order of the alphabet.

/// Fields of a chat completion that OpenAI and the five contracts know, and that reach a provider.
pub(super) const STANDARD: [&str; 42] = [
    "audio",
    "cache_control",
    "frequency_penalty",
    "function_call",
    "functions",
    "guardrails",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "plugins",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

/// Fields that are the gateway's alone and never reach a provider.
pub(super) const GATEWAY: [&str; 10] = [
    "ollm::cache_options",
    "ollm::deny_unknown_fields",
    "ollm::dryrun",
    "ollm::episode_id",
    "ollm::include_raw_response",
    "ollm::include_raw_usage",
    "ollm::tags",
    "ollm::variant_name",
    "orq",
    "project_id",
];

/// Whether a top-level field is the gateway's alone, known or not.
pub(super) fn is_gateway(name: &str) -> bool {
    name.starts_with("ollm::") || name == "orq" || name == "project_id"
}

/// Whether a top-level field is known.
pub(super) fn is_known(name: &str) -> bool {
    STANDARD.binary_search(&name).is_ok() || GATEWAY.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w15_the_lists_are_sorted() {
        assert!(STANDARD.is_sorted());
        assert!(GATEWAY.is_sorted());
    }
}
