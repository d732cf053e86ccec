//! What the gateway filter does with a body, and the provider filter with the plan.

use sluice_core::config::Config;
use sluice_core::dialect;
use sluice_core::gateway::Gateway;
use sluice_core::health::Board;
use sluice_core::luck::Luck;
use sluice_core::plan::{Asked, Care, Plan, Wish};
use sluice_core::request::{Chat, Needs, Rules};
use sluice_core::route::Dialect;

const CONFIG: &str = r#"{
    "auth": {"mode": "open"},
    "providers": {
        "openai": {"host": "api.openai.com", "path_prefix": "/v1", "auth": {"scheme": "Bearer", "env": "A"}},
        "azure": {"kind": "azure", "host": "a.openai.azure.com", "api_version": "2024-10-21",
            "auth": {"header": "api-key", "env": "B"}},
        "groq": {"host": "api.groq.com", "path_prefix": "/openai/v1", "auth": {"scheme": "Bearer", "env": "C"}}},
    "models": {
        "gpt-4o": {"providers": [{"provider": "openai"}]},
        "gpt-4o-mini": {"providers": [
            {"provider": "openai", "model": "gpt-4o-mini-2024-07-18", "price": {"input": 0.15, "output": 0.60}},
            {"provider": "azure", "model": "mini"}]},
        "llama": {"providers": [{"provider": "groq", "model": "llama-3.3-70b"}]}},
    "defaults": {"failover_order": ["openai", "azure"]}
}"#;

/// All that stands between two bodies.
pub(crate) struct Work {
    gateway: Gateway,
    rules: Rules,
    luck: Luck,
}

impl Work {
    pub(crate) fn new() -> Result<Self, String> {
        let config = Config::parse(CONFIG.as_bytes()).map_err(|why| format!("{why:?}"))?;
        let rules = Rules {
            dialect: Dialect::OpenAi,
            stop_sequences: config.defaults.limits.stop_sequences,
            unknown_fields: config.defaults.unknown_fields,
            default_model: config.defaults.model.is_some(),
        };
        Ok(Self {
            gateway: Gateway::new(config, |_| Some("key".to_owned())),
            rules,
            luck: Luck::new([7; 16]),
        })
    }

    /// Takes a body as far as the edits of the first attempt; how many they are.
    pub(crate) fn once(&mut self, body: &[u8]) -> Result<usize, String> {
        let told = |why| format!("{why:?}");
        let chat = Chat::parse(body, &self.rules).map_err(told)?;
        let selector = chat.model.as_deref().unwrap_or_default();
        let wish = Wish {
            selector,
            variant: None,
            routing: &chat.extras.routing,
            asked: &Asked::default(),
            needs: &Needs::default,
            own: None,
        };
        let mut care = Care {
            board: &Board::default(),
            claim: &mut |_| true,
            now_ms: 0,
        };
        let plan = Plan::new(&wish, &self.gateway, &mut care, &mut self.luck).map_err(told)?;
        let first = plan.attempts.first().ok_or("no attempt")?;
        Ok(chat.edits(&dialect::upstream(&first.candidate)).len())
    }
}
