//! Once a request: the body decides the cluster.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::exchange::{self, Exchange};
use crate::{CLUSTER, EXCHANGE};

/// The limits of an attempt and of all, which Envoy's router carries out.
const LIMITS: [(&str, &str); 2] = [
    ("x-envoy-upstream-rq-per-try-timeout-ms", "120000"),
    ("x-envoy-upstream-rq-timeout-ms", "600000"),
];

pub(crate) struct Gateway {
    pub(crate) handle: u32,
}

impl Context for Gateway {}

impl HttpContext for Gateway {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        Action::Pause
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        if !end {
            return Action::Pause;
        }
        let body = self.get_http_request_body(0, size).unwrap_or_default();
        let exchange = Exchange::new(body);
        let Some((exchange, first)) =
            exchange.and_then(|exchange| exchange.plan.first().map(|first| (exchange, first)))
        else {
            self.send_http_response(400, Vec::new(), None);
            return Action::Pause;
        };
        let retries = exchange.plan.len().saturating_sub(1).to_string();
        self.set_property(vec![CLUSTER], Some(first.cluster.as_bytes()));
        self.set_property(vec![EXCHANGE], Some(&self.handle.to_le_bytes()));
        self.set_http_request_header("x-envoy-max-retries", Some(&retries));
        for (name, value) in LIMITS {
            self.set_http_request_header(name, Some(value));
        }
        exchange::insert(self.handle, exchange);
        Action::Continue
    }

    fn on_log(&mut self) {
        exchange::remove(self.handle);
    }
}
