//! The resolver of callers' own endpoints when it is silent, left, or not there (W33, W32, W36).

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluice_tests::client::{Call, plain, streamed};
use sluice_tests::stack::Builder;
use sluice_tests::{Answer, Chat, Dns, Stack, until};

use crate::expect::{self, MODEL};

const ENDPOINT: &str = "x-opengateway-vllm-endpoint";
const SEQUENCE: &str = "x-opengateway-failover-sequence";
const URL: &str = "http://v.test:8000";

fn builder(dns: &Dns) -> Builder {
    Stack::builder()
        .provider("openai", Chat::of(&["from openai"]))
        .config(|doc| doc["vllm_endpoint"] = json!({"allow": ["v.test:*"]}))
        .bootstrap(|bootstrap| dns.lead(bootstrap))
}

fn call<'a>(stack: &'a Stack, body: &Value) -> Call<'a> {
    stack.caller.chat(body).header(ENDPOINT, URL)
}

async fn silent() -> Dns {
    let dns = Dns::start().await;
    dns.silence();
    dns
}

#[tokio::test]
async fn w33_a_silent_resolver_is_a_failed_attempt() {
    let dns = silent().await;
    let stack = builder(&dns).start().await;
    let began = Instant::now();
    let reply = call(&stack, &streamed(MODEL)).send().await;
    assert!(reply.text().contains("from openai"), "{}", reply.text());
    let route = expect::route(&reply.headers);
    assert_eq!(route, "vllm_endpoint;failed,openai;200");
    assert!(dns.asked("v.test") > 0);
    let took = began.elapsed();
    let expected = Duration::from_secs(3)..Duration::from_secs(9);
    assert!(expected.contains(&took), "{took:?}");
}

#[tokio::test]
async fn w32_w33_the_limits_hold_while_the_resolver_is_silent() {
    let dns = silent().await;
    let stack = builder(&dns)
        .config(|doc| doc["defaults"]["timeouts"] = json!({"total_ms": 3000}))
        .start()
        .await;
    // The limit of an attempt is one of the resolver too; the next provider is tried.
    let began = Instant::now();
    let timed = call(&stack, &plain(MODEL)).header("x-opengateway-timeout", "500ms");
    let reply = timed.send().await;
    assert_eq!(reply.said(), "from openai", "{}", reply.text());
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    // What the resolver took is part of the whole.
    stack
        .provider("openai")
        .script(Chat::of(&["late"]).wait_ms(20_000));
    let began = Instant::now();
    let timed = call(&stack, &streamed(MODEL)).header("x-opengateway-timeout", "2s");
    let reply = timed.send().await;
    expect::error(&reply, 504, "deadline_exceeded");
    let took = began.elapsed();
    let expected = Duration::from_millis(2_500)..Duration::from_millis(4_500);
    assert!(expected.contains(&took), "{took:?}");
}

#[tokio::test]
async fn w33_a_caller_may_leave_while_the_resolver_is_asked() {
    let dns = silent().await;
    let stack = builder(&dns).sidecar().start().await;
    for _ in 0..8 {
        let left = call(&stack, &plain(MODEL)).send();
        let left = tokio::time::timeout(Duration::from_millis(300), left).await;
        assert!(left.is_err(), "the resolver is asked for longer");
    }
    // Past the time at which the resolver would have given up.
    tokio::time::sleep(Duration::from_secs(7)).await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.said(), "from openai");
    let wait = Duration::from_secs(20);
    let entries = stack.sidecar.wait_for_records(1, wait).await;
    assert_eq!(entries.len(), 1, "no attempt, no record");
    assert_eq!(stack.provider("openai").requests().len(), 1);
    let active = stack.envoy.stat("http.gateway.downstream_rq_active").await;
    assert_eq!(active, 0);
}

#[tokio::test]
async fn w33_w36_a_refused_endpoint_gives_the_probe_back() {
    let dns = Dns::start().await;
    dns.set("v.test", &[Ipv4Addr::new(127, 0, 0, 2)]);
    let stack = builder(&dns)
        .provider("azure", Chat::of(&["from azure"]))
        .health(&json!({"cooldown_ms": 1000, "max_cooldown_ms": 1000}))
        .start()
        .await;
    let route = async || {
        let reply = stack.caller.chat(&plain(MODEL)).send().await;
        expect::route(&reply.headers)
    };
    stack.provider("openai").script(Answer::error(500, "no"));
    until("openai rests", Duration::from_secs(10), async || {
        (route().await == "azure;200").then_some(())
    })
    .await;
    stack.provider("openai").script(Chat::of(&["from openai"]));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    // The probe of openai is this one's, as it goes first; but no attempt comes of it.
    let order = json!(["openai", "vllm"]).to_string();
    let reply = call(&stack, &plain(MODEL)).header(SEQUENCE, &order);
    expect::error(&reply.send().await, 403, "endpoint_not_allowed");
    assert_eq!(route().await, "openai;200", "the next request tries it out");
}

#[tokio::test]
async fn w33_without_the_resolver_a_name_has_no_address() {
    let dns = Dns::start().await;
    let stack = builder(&dns)
        .bootstrap(|bootstrap| bootstrap.remove(&["vllm_names", "vllm_resolver"]))
        .start()
        .await;
    for body in [plain(MODEL), streamed(MODEL), plain(MODEL)] {
        let reply = call(&stack, &body).send().await;
        assert!(reply.text().contains("from openai"), "{}", reply.text());
        let route = expect::route(&reply.headers);
        assert_eq!(route, "vllm_endpoint;failed,openai;200");
    }
    let log = stack.envoy.log();
    let told = log
        .matches("the cluster vllm_resolver can not be asked")
        .count();
    assert!((1..=2).contains(&told), "once a worker: {told}\n{log}");
}

#[tokio::test]
async fn w33_without_the_clusters_no_endpoint_is_reached() {
    let dns = Dns::start().await;
    let pieces = [
        "vllm_endpoint",
        "vllm_endpoint_tls",
        "vllm_names",
        "vllm_resolver",
        "vllm_tls",
    ];
    let stack = builder(&dns)
        .bootstrap(|bootstrap| bootstrap.remove(&pieces))
        .start()
        .await;
    for body in [plain(MODEL), streamed(MODEL)] {
        let reply = call(&stack, &body).send().await;
        expect::error(&reply, 503, "all_attempts_failed");
        assert_eq!(reply.header("x-gateway-attempts"), Some("0"));
    }
}
