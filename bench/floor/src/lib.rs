//! The floor: the least that two Wasm filters cost that do a gateway's work.
//!
//! The same two places as Sluice's filters, and the host calls that any pair of them needs: the body decides the
//! cluster and the limits, each attempt gets its path, key and model, the answer waits for its first bytes, which are looked at.
//! Nothing is parsed or checked, no key is asked for, nothing is counted or recorded; the plan is written here.

#![expect(
    missing_docs,
    reason = "the SDK's macro exports a function without any"
)]

mod exchange;
mod gateway;
mod provider;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Warn);
    proxy_wasm::set_root_context(|_| Box::<Root>::default());
}}

/// Filter state with the cluster of the next attempt, as in the reference configuration.
const CLUSTER: &str = "sluice.cluster";
/// Filter state with the handle of the exchange.
const EXCHANGE: &str = "sluice.exchange";

#[derive(Default)]
struct Root {
    is_gateway: bool,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let role = self.get_property(vec!["plugin_root_id"]);
        self.is_gateway = role.is_some_and(|role| role == b"gateway");
        true
    }

    fn create_http_context(&self, handle: u32) -> Option<Box<dyn HttpContext>> {
        Some(if self.is_gateway {
            Box::new(gateway::Gateway { handle })
        } else {
            Box::<provider::Provider>::default()
        })
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
