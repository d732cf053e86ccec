//! The gateway filter: once a request.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use sluice_core::endpoint::{Address, RESOLVER};
use sluice_core::exchange::{Awaiting, Exchange, Opened, Sent, open};
use sluice_core::plan::Care;
use sluice_core::reply::Reply;
use sluice_core::wire;

use crate::exchanges::{self, Shared};
use crate::host;
use crate::root::Vm;

/// One request.
pub(crate) struct Gateway {
    vm: Rc<Vm>,
    handle: u32,
    /// Bytes of the body that the host holds.
    held: usize,
    phase: Phase,
}

enum Phase {
    /// Its head has not come, or nothing is left to do.
    Idle,
    /// Its body comes.
    Awaiting(Box<Awaiting>),
    /// The address of the caller's own endpoint is looked for.
    Resolving(Box<(Box<Exchange>, Sent)>),
    /// The sidecar answers it; the answer gets this id.
    Passing(String),
    /// It is with the providers.
    Sent(Shared),
}

impl Gateway {
    pub(crate) fn new(vm: Rc<Vm>, handle: u32) -> Self {
        Self {
            vm,
            handle,
            held: 0,
            phase: Phase::Idle,
        }
    }

    fn reply(&mut self, reply: &Reply) -> Action {
        self.phase = Phase::Idle;
        host::reply(reply);
        Action::Pause
    }

    fn body(&mut self, bytes: Vec<u8>) -> Action {
        let waiting = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Awaiting(waiting) => waiting,
            other => {
                self.phase = other;
                return Action::Continue;
            }
        };
        let now_ms = host::now();
        let mut care = Care {
            board: &self.vm.health.board(now_ms),
            claim: &mut |key| self.vm.health.claim(key, now_ms),
            now_ms,
        };
        let (mut luck, mut kept) = (self.vm.luck.borrow_mut(), self.vm.kept.borrow_mut());
        let sent = waiting.body(bytes, &mut care, &mut luck, &mut kept);
        drop((luck, kept));
        match sent {
            Err(reply) => self.reply(&reply),
            Ok((exchange, sent)) => self.address(exchange, sent),
        }
    }

    /// Finds the address of the caller's own endpoint, where the plan has one (W33).
    fn address(&mut self, exchange: Box<Exchange>, sent: Sent) -> Action {
        match &sent.address {
            None => {}
            Some(Address::Known(address)) => host::pin(address),
            Some(Address::Ask(authority)) => {
                if host::resolve(RESOLVER, authority, exchange.patience()) {
                    self.phase = Phase::Resolving(Box::new((exchange, sent)));
                    return Action::Pause;
                }
                if !self.vm.unresolved.replace(true) {
                    log::error!(
                        "the cluster {RESOLVER} can not be asked: no name of a caller's own endpoint has an address"
                    );
                }
                return self.resolved(exchange, sent, "");
            }
        }
        self.send(exchange, &sent)
    }

    /// The request reaches no provider.
    fn abandon(&self, mut exchange: Box<Exchange>) {
        exchange.unclaim();
        self.vm.health.take(exchange.take_samples());
    }

    /// Pins the attempts at the caller's own endpoint to what the resolver says.
    fn resolved(&mut self, mut exchange: Box<Exchange>, mut sent: Sent, answer: &str) -> Action {
        match exchange.pin(answer, &mut sent, host::now()) {
            Err(reply) => {
                self.abandon(exchange);
                self.reply(&reply)
            }
            Ok(address) => {
                host::pin(&address);
                self.send(exchange, &sent)
            }
        }
    }

    /// Gives the request to the providers.
    fn send(&mut self, exchange: Box<Exchange>, sent: &Sent) -> Action {
        host::set_cluster(exchange.next().unwrap_or_default());
        host::name_exchange(exchange.id());
        for name in &sent.remove {
            host::set_request_header(name, None);
        }
        for (name, value) in &sent.set {
            host::set_request_number(name, *value);
        }
        let (exchange, before) = exchanges::insert(self.handle, exchange);
        if let Some((handle, before)) = before {
            // Another filter holds it: when its attempt begins, it is not the last any more.
            host::for_request(handle, self.handle, || {
                host::set_exchange(handle, before.borrow().id());
            });
        }
        self.phase = Phase::Sent(exchange);
        Action::Continue
    }
}

impl Context for Gateway {
    /// The resolver's answer.
    fn on_http_call_response(&mut self, _: u32, _: usize, size: usize, _: usize) {
        let (exchange, sent) = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Resolving(waiting) => *waiting,
            other => {
                self.phase = other;
                return;
            }
        };
        if self.resolved(exchange, sent, &host::resolved(size)) == Action::Continue {
            host::resume_request();
        }
    }
}

impl HttpContext for Gateway {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        let head = host::request_head();
        #[cfg(feature = "test-trap")]
        if head.get("x-sluice-test-trap").is_some() {
            std::process::abort();
        }
        let opened = open(
            &self.vm.gateway,
            &head,
            host::now(),
            &mut self.vm.luck.borrow_mut(),
            &mut self.vm.known.borrow_mut(),
        );
        match opened {
            Opened::Pass(id) => {
                if head.get(wire::VLLM_API_KEY).is_some() {
                    host::set_request_header(wire::VLLM_API_KEY, None);
                }
                self.phase = id.map_or(Phase::Idle, Phase::Passing);
                Action::Continue
            }
            Opened::Reply(reply) => self.reply(&reply),
            Opened::Await(waiting) => {
                self.phase = Phase::Awaiting(waiting);
                if end {
                    self.body(Vec::new())
                } else {
                    Action::Pause
                }
            }
        }
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        if end {
            return self.body(host::request_body(0, size));
        }
        self.held = size;
        match &self.phase {
            Phase::Awaiting(waiting) => match waiting.grown(size) {
                Ok(()) => Action::Pause,
                Err(reply) => self.reply(&reply),
            },
            _ => Action::Continue,
        }
    }

    /// Trailers end a body too.
    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.body(host::request_body(0, self.held))
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        let reply = match &self.phase {
            Phase::Sent(exchange) if exchange.borrow().is_answering() => None,
            Phase::Sent(exchange) => exchange.borrow_mut().given_up(host::now()),
            Phase::Awaiting(waiting) => {
                host::set_response_header(wire::REQUEST_ID, waiting.id());
                None
            }
            Phase::Resolving(waiting) => {
                host::set_response_header(wire::REQUEST_ID, waiting.0.id());
                None
            }
            Phase::Passing(id) => {
                host::set_response_header(wire::REQUEST_ID, id);
                None
            }
            Phase::Idle => None,
        };
        match reply {
            None => Action::Continue,
            Some(reply) => {
                host::reply(&reply);
                Action::Pause
            }
        }
    }
}

/// The request is over. Envoy would say so by `on_log` just before, which would be one entry into the VM more.
impl Drop for Gateway {
    fn drop(&mut self) {
        let exchange = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Sent(exchange) => exchange,
            Phase::Resolving(waiting) => return self.abandon(waiting.0),
            _ => return,
        };
        exchanges::remove(self.handle);
        let mut exchange = exchange.borrow_mut();
        let is_settled = exchange.is_settled();
        let details = if is_settled {
            None
        } else {
            host::response_details()
        };
        // What has been answered whole ended just now.
        let now = if is_settled && exchange.is_answering() {
            host::recent()
        } else {
            host::now()
        };
        if let Some(record) = exchange.close(details.as_deref(), now) {
            self.vm.outbox.put(&record);
        }
        self.vm.health.take(exchange.take_samples());
    }
}
