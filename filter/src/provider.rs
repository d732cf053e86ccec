//! The provider filter: once an attempt, inside the provider's cluster.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use sluice_core::error::{Code, ErrorBody};
use sluice_core::exchange::{Flow, Verdict};
use sluice_core::headers::Headers;
use sluice_core::reply::Reply;
use sluice_core::wire;

use crate::exchanges::{self, Shared};
use crate::host;
use crate::root::Vm;

/// One attempt.
pub(crate) struct Provider {
    vm: Rc<Vm>,
    /// Name of the provider, which is that of its cluster.
    name: Rc<str>,
    exchange: Option<Shared>,
    /// Of its request.
    handle: u32,
    /// Whether the body of the attempt differs from the caller's.
    edited: bool,
    /// Bytes of the answer that the host holds.
    held: usize,
}

impl Provider {
    pub(crate) fn new(vm: Rc<Vm>, name: Rc<str>) -> Self {
        Self {
            vm,
            name,
            exchange: None,
            handle: 0,
            edited: false,
            held: 0,
        }
    }

    /// The attempt must not leave: what it would carry is not meant for this cluster.
    fn refuse(&self, why: &str) -> Action {
        log::error!("provider filter `{}`: {why}", self.name);
        let body = ErrorBody::new(
            500,
            Code::Misrouted,
            "The gateway is not configured correctly.",
        );
        host::reply(&Reply::error(500, &body));
        Action::Pause
    }

    /// Puts the attempt's body in the place of the caller's.
    fn body(&self) -> Action {
        if let Some(exchange) = &self.exchange {
            let body = exchange
                .borrow_mut()
                .attempt_body(|len| host::request_body(0, len));
            if let Some(body) = body {
                host::replace_request_body(body.covered, &body.prefix);
            }
        }
        Action::Continue
    }

    /// Takes what the exchange tells of providers' health; it does when an attempt is over.
    fn sampled(&self, exchange: &Shared) {
        self.vm.health.take(exchange.borrow_mut().take_samples());
    }

    fn is_truncated(&self) -> bool {
        self.exchange
            .as_ref()
            .is_some_and(|exchange| exchange.borrow().is_truncated())
    }

    /// The answer's bytes so far: `size` of them in the host's buffer.
    fn answer(&mut self, size: usize, end: bool) -> Flow {
        let Some(exchange) = &self.exchange else {
            return Flow::Pass;
        };
        let read = &mut |start, len| host::response_body(start, len);
        let now = if end || exchange.borrow().is_timed(size) {
            host::now()
        } else {
            host::recent()
        };
        let flow = exchange.borrow_mut().answer_body(size, end, now, read);
        self.sampled(exchange);
        self.held = if flow == Flow::Hold { size } else { 0 };
        flow
    }
}

/// The exchange that the attempt belongs to, with its handle, and the time.
fn find() -> Option<(u32, Shared, u64)> {
    if let Some((handle, exchange)) = exchanges::last(|last| host::is_exchange(last.id())) {
        return Some((handle, exchange, host::recent()));
    }
    let (handle, id) = host::exchange()?;
    Some((handle, exchanges::get(handle, &id)?, host::now()))
}

/// Carries out what becomes of the bytes in the host's buffer.
fn apply(flow: Flow) -> Action {
    match flow {
        Flow::Hold => return Action::Pause,
        Flow::Pass => {}
        Flow::Fail => fail(None),
        Flow::Replace(front) => host::replace_response_body(front.covered, &front.prefix),
        Flow::Open { headers, body } => {
            host::set_response_head(headers);
            if let Some(front) = body {
                host::replace_response_body(front.covered, &front.prefix);
            }
        }
    }
    Action::Continue
}

/// Tells Envoy's router that the attempt has failed, and after how many seconds the same provider is tried again, if it is.
/// Nothing else of its head stays: a header such as `x-envoy-ratelimited` would talk the
/// router out of the next attempt.
fn fail(again_s: Option<u64>) {
    let mut head = Headers::from_iter([(":status", "503")]);
    if let Some(wait_s) = again_s {
        head.push_number(wire::RETRY_IN, wait_s);
    }
    host::set_response_head(head);
}

impl Context for Provider {}

/// The attempt is over, and none has begun after it. Envoy would say so by `on_done` just before, which would be one entry
/// into the VM more.
impl Drop for Provider {
    fn drop(&mut self) {
        let Some(exchange) = self.exchange.take() else {
            return;
        };
        let mut own = exchange.borrow_mut();
        if own.is_running() {
            own.left(host::now());
        }
        // Envoy's router asks for the cluster once more before the next attempt.
        if let Some(cluster) = own.next() {
            host::set_cluster(cluster);
            host::set_exchange(self.handle, own.id());
        }
        drop(own);
        self.sampled(&exchange);
    }
}

impl HttpContext for Provider {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let Some((handle, exchange, now)) = find() else {
            return self.refuse("no exchange: the request did not pass the gateway filter");
        };
        let attempt = exchange.borrow_mut().attempt(
            &self.name,
            host::request_header,
            &mut self.vm.tracer.borrow_mut(),
            now,
        );
        self.sampled(&exchange);
        match attempt {
            Err(misrouted) => self.refuse(&misrouted.to_string()),
            Ok(attempt) => {
                host::set_request_head(attempt.headers);
                self.edited = attempt.edited;
                (self.handle, self.exchange) = (handle, Some(exchange));
                Action::Continue
            }
        }
    }

    fn on_http_request_body(&mut self, _: usize, end: bool) -> Action {
        if !end && self.edited {
            Action::Pause
        } else {
            self.body()
        }
    }

    /// Trailers end a body too.
    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        host::clear_request_trailers();
        if self.edited {
            self.body()
        } else {
            Action::Continue
        }
    }

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        let Some(exchange) = &self.exchange else {
            return Action::Continue;
        };
        let head = host::response_head();
        let verdict = exchange.borrow_mut().answer_head(&head, end, host::now);
        self.sampled(exchange);
        match verdict {
            Verdict::Hold => Action::Pause,
            Verdict::Pass => Action::Continue,
            Verdict::Fail(again_s) => {
                fail(again_s);
                Action::Continue
            }
        }
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        apply(self.answer(size, end))
    }

    /// Trailers end a body too. What has left can not be changed any more, nor added to.
    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        host::clear_response_trailers();
        let held = self.held;
        match self.answer(held, true) {
            Flow::Replace(_) if self.is_truncated() => {
                // No last event can tell the caller (W35): a reset must, and a reply is one here.
                let body = ErrorBody::new(502, Code::UpstreamTruncated, "The answer was cut.");
                host::reply(&Reply::error(502, &body));
                Action::Pause
            }
            Flow::Replace(_) => Action::Continue,
            flow => apply(flow),
        }
    }
}
