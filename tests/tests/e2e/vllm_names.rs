//! The caller's own vLLM by name: where the name leads is checked on the address that is used (W33).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::{Chat, Dns, Provider, Stack, until};
use tokio::net::TcpListener;

use crate::expect::{self, MODEL};

const NAME: &str = "v.test";
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// An address of the machine that the configuration does not list.
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Whoever connects to an address that no request may reach is counted.
struct Trap(Arc<AtomicUsize>);

impl Trap {
    async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((INSIDE, port)))
            .await
            .unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self(count)
    }

    fn assert_untouched(&self) {
        assert_eq!(self.0.load(Ordering::SeqCst), 0, "a connection to {INSIDE}");
    }
}

struct Names {
    own: Provider,
    dns: Dns,
    trap: Trap,
    stack: Stack,
}

impl Names {
    async fn start() -> Self {
        let own = Provider::start(Chat::of(&["from the caller's own"])).await;
        let dns = Dns::start().await;
        let trap = Trap::start(own.addr().port()).await;
        let rules = json!({"allow": [format!("{NAME}:*"), "*.v.test:*"], "private": ["127.0.0.1"]});
        let builder = Stack::builder()
            .provider("openai", Chat::of(&["from openai"]))
            .config(|doc| doc["vllm_endpoint"] = rules)
            .bootstrap(|bootstrap| dns.lead(bootstrap));
        let stack = builder.start().await;
        Self {
            own,
            dns,
            trap,
            stack,
        }
    }

    async fn ask(&self, host: &str, body: &serde_json::Value) -> Reply {
        let url = format!("http://{host}:{}", self.own.addr().port());
        let call = self.stack.caller.chat(body);
        call.header("x-opengateway-vllm-endpoint", &url)
            .send()
            .await
    }
}

#[tokio::test]
async fn w33_a_name_is_resolved_and_used() {
    let names = Names::start().await;
    names.dns.set(NAME, &[HERE]);
    names.dns.set("a.v.test", &[HERE]);
    for host in [NAME, "a.v.test"] {
        for body in [plain("mine"), streamed("mine")] {
            let reply = names.ask(host, &body).await;
            assert!(
                reply.text().contains("from the caller's own"),
                "{}",
                reply.text()
            );
        }
    }
    let port = names.own.addr().port();
    let seen = names.own.requests();
    assert_eq!(seen[0].authority, Some(format!("{NAME}:{port}")));
    assert!(names.dns.asked(NAME) > 0);
}

#[tokio::test]
async fn w33_a_name_of_a_private_address_is_refused_and_nothing_is_sent() {
    let names = Names::start().await;
    names.dns.set(NAME, &[INSIDE]);
    names.dns.set("a.v.test", &[INSIDE, HERE]);
    for host in [NAME, "a.v.test"] {
        for body in [plain(MODEL), streamed(MODEL)] {
            let error = expect::error(&names.ask(host, &body).await, 403, "endpoint_not_allowed");
            assert_eq!(error["param"], "x-opengateway-vllm-endpoint");
            assert!(!error.to_string().contains("127.0.0"), "{error}");
        }
    }
    names.trap.assert_untouched();
    assert_eq!(names.own.requests().len(), 0);
    names.stack.assert_untouched("a refused endpoint");
}

#[tokio::test]
async fn w33_the_second_address_of_a_name_is_never_tried() {
    let names = Names::start().await;
    // Nothing listens on this port of the first.
    let closed = Provider::start(Chat::default()).await.addr().port();
    let trap = Trap::start(closed).await;
    names.dns.set(NAME, &[HERE, INSIDE]);
    let url = format!("http://{NAME}:{closed}");
    for _ in 0..3 {
        let call = names.stack.caller.chat(&plain(MODEL));
        let reply = call
            .header("x-opengateway-vllm-endpoint", &url)
            .send()
            .await;
        assert_eq!(reply.said(), "from openai", "{}", reply.text());
        assert_eq!(
            expect::route(&reply.headers),
            "vllm_endpoint;failed,openai;200"
        );
    }
    trap.assert_untouched();
}

#[tokio::test]
async fn w33_a_name_that_moves_is_checked_anew() {
    let names = Names::start().await;
    names.dns.set(NAME, &[HERE]);
    assert_eq!(names.ask(NAME, &plain("mine")).await.status, 200);
    names.dns.set(NAME, &[INSIDE]);
    // Until Envoy has asked again it knows the address that was allowed, and uses that.
    let reply = until("the name has moved", Duration::from_secs(20), async || {
        let reply = names.ask(NAME, &plain("mine")).await;
        (reply.status != 200).then_some(reply)
    });
    expect::error(&reply.await, 403, "endpoint_not_allowed");
    for _ in 0..5 {
        expect::error(
            &names.ask(NAME, &plain("mine")).await,
            403,
            "endpoint_not_allowed",
        );
    }
    names.dns.set(NAME, &[HERE]);
    let back = until("the name is back", Duration::from_secs(20), async || {
        let reply = names.ask(NAME, &plain("mine")).await;
        (reply.status == 200).then_some(reply)
    });
    assert_eq!(back.await.said(), "from the caller's own");
    names.trap.assert_untouched();
}

#[tokio::test]
async fn w33_a_name_without_an_address_fails_over() {
    let names = Names::start().await;
    let reply = names.ask("none.v.test", &plain(MODEL)).await;
    assert_eq!(reply.said(), "from openai", "{}", reply.text());
    assert_eq!(
        expect::route(&reply.headers),
        "vllm_endpoint;failed,openai;200"
    );
    let reply = names.ask("none.v.test", &plain("mine")).await;
    expect::error(&reply, 502, "all_attempts_failed");
    names.trap.assert_untouched();
}
