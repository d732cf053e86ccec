//! Once an attempt: path, key and model; the answer waits for its first bytes.

use std::rc::Rc;

use memchr::memmem;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::exchange::{self, Attempt, Exchange};
use crate::{CLUSTER, EXCHANGE};

#[derive(Default)]
pub(crate) struct Provider {
    own: Option<(Rc<Exchange>, &'static Attempt)>,
    /// Whether the answer's first bytes have been seen.
    open: bool,
}

impl Provider {
    fn exchange(&self) -> Option<Rc<Exchange>> {
        let handle = self.get_property(vec![EXCHANGE])?;
        exchange::get(u32::from_le_bytes(handle.try_into().ok()?))
    }
}

impl Context for Provider {}

impl HttpContext for Provider {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let Some(exchange) = self.exchange() else {
            return Action::Continue;
        };
        let Some((attempt, next)) = exchange.attempt() else {
            return Action::Continue;
        };
        let len = exchange.len(attempt).to_string();
        self.set_http_request_header(":path", Some(attempt.path));
        self.set_http_request_header(":authority", Some(attempt.host));
        self.set_http_request_header("authorization", Some(attempt.key));
        self.set_http_request_header("content-length", Some(&len));
        if let Some(next) = next {
            self.set_property(vec![CLUSTER], Some(next.cluster.as_bytes()));
        }
        self.own = Some((exchange, attempt));
        Action::Continue
    }

    fn on_http_request_body(&mut self, _: usize, end: bool) -> Action {
        if !end {
            return Action::Pause;
        }
        if let Some((exchange, attempt)) = &self.own {
            let (prefix, covered) = exchange.prefix(attempt);
            self.set_http_request_body(0, covered, &prefix);
        }
        Action::Continue
    }

    /// The gate: a good answer's head waits for the first byte of its body.
    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        let status = self.get_http_response_header(":status");
        let Some((_, attempt)) = self
            .own
            .as_ref()
            .filter(|_| status.as_deref() == Some("200"))
        else {
            return Action::Continue;
        };
        self.set_http_response_header("x-gateway-provider", Some(attempt.cluster));
        self.set_http_response_header("x-gateway-model", Some(attempt.model));
        if end { Action::Continue } else { Action::Pause }
    }

    /// An error under a good status is a failure like any other.
    fn on_http_response_body(&mut self, size: usize, _: bool) -> Action {
        if self.own.is_some() && !self.open && size > 0 {
            self.open = true;
            let first = self.get_http_response_body(0, size).unwrap_or_default();
            if memmem::find(&first, b"\"error\"").is_some() {
                self.set_http_response_header(":status", Some("503"));
            }
        }
        Action::Continue
    }
}
