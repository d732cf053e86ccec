//! The configuration: what is wrong is refused with its place, and the reference is valid.

use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluice_tests::bootstrap::address;
use sluice_tests::client::plain;
use sluice_tests::envoy::{self, Envoy, Start};
use sluice_tests::port::Port;
use sluice_tests::{Bootstrap, Caller, Chat, Provider, Stack, place, sidecar};

use crate::expect::{self, MODEL};

/// Four faults and where they are.
fn spoil(doc: &mut Value) {
    doc["providers"]["openai"]["kind"] = json!("opnai");
    doc["providers"]["azure"]
        .as_object_mut()
        .unwrap()
        .remove("api_version");
    doc["defaults"]["tiemouts"] = json!({});
    doc["models"]["gpt-4o"]["providers"][0]["provider"] = json!("nix");
}

const FAULTS: [&str; 4] = [
    "/providers/openai/kind: must be `openai` or `azure`",
    "/providers/azure/api_version: is required",
    "/defaults/tiemouts: is not a known member; did you mean `timeouts`?",
    "/models/gpt-4o/providers/0/provider: names the provider `nix`, not defined",
];

/// The reference on free ports with the module under test.
fn reference(ports: &[Port; 2]) -> Bootstrap {
    let mut bootstrap = Bootstrap::reference();
    bootstrap.ports(ports[0].addr(), ports[1].addr());
    bootstrap.module(&place::module());
    bootstrap
}

#[tokio::test]
async fn a_wrong_configuration_keeps_envoy_from_starting_and_names_every_fault() {
    let dir = tempfile::tempdir().unwrap();
    let ports = [Port::take(), Port::take()];
    let mut bootstrap = reference(&ports);
    spoil(bootstrap.gateway());
    let config = dir.path().join("envoy.json");
    bootstrap.write(&config);
    let mut envoy = Envoy::spawn(Start {
        config: &config,
        admin: ports[1].addr(),
        environment: &[],
        arguments: &[],
        log: dir.path().join("envoy.log"),
    });
    assert!(!envoy.ended().await.success());
    let log = envoy.log();
    for fault in FAULTS {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(fault)).collect();
        assert!(!lines.is_empty(), "no line for {fault}:\n{log}");
        for other in FAULTS.iter().filter(|other| **other != fault) {
            assert!(
                lines.iter().all(|line| !line.contains(other)),
                "one line a fault: {lines:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_sidecars_check_prints_the_same_faults() {
    let dir = tempfile::tempdir().unwrap();
    let ports = [Port::take(), Port::take()];
    let mut bootstrap = reference(&ports);
    spoil(bootstrap.gateway());
    let config = dir.path().join("envoy.json");
    bootstrap.write(&config);
    let output = sidecar::run(&["check", config.to_str().unwrap()]).await;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for fault in FAULTS {
        assert_eq!(
            text.lines().filter(|line| line.contains(fault)).count(),
            1,
            "{fault}:\n{text}"
        );
    }
    // The reference itself has none, as YAML with anchors.
    let output = sidecar::run(&["check", place::reference().to_str().unwrap()]).await;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
}

#[tokio::test]
async fn the_reference_is_valid_on_this_envoy() {
    assert_valid(&place::envoy()).await;
}

#[tokio::test]
async fn the_reference_is_valid_on_the_oldest_envoy() {
    match place::old_envoy() {
        Some(program) => assert_valid(&program).await,
        None => expect::skipped(
            "the_reference_is_valid_on_the_oldest_envoy",
            "SLUICE_ENVOY_OLD is not set",
        ),
    }
}

async fn assert_valid(program: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let mut bootstrap = Bootstrap::reference();
    bootstrap.module(&place::module());
    let config = dir.path().join("envoy.json");
    bootstrap.write(&config);
    let (valid, log) = envoy::validate(program, &config).await;
    assert!(valid, "{program:?}:\n{log}");
    let warned = log.lines().find(|line| line.contains("eprecated"));
    assert_eq!(warned, None, "{program:?}");
}

#[tokio::test]
async fn e27_a_silent_resolver_does_not_keep_the_demo_from_serving() {
    // Other tests may have the machine too: as long as Envoy takes without one, twice.
    let began = Instant::now();
    drop(Stack::builder().start().await);
    let limit = Duration::from_secs(2).max(began.elapsed() * 2);
    let took = served_beside_a_silent_resolver().await;
    assert!(
        took < limit,
        "the demo is served after {took:?}, not within {limit:?}"
    );
}

/// The time from Envoy's start to the demo provider's answer.
async fn served_beside_a_silent_resolver() -> Duration {
    // Takes questions and answers none.
    let resolver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let ports = [Port::take(), Port::take()];
    let provider = Provider::start(Chat::of(&["demo"])).await;
    let mut bootstrap = reference(&ports);
    bootstrap.gateway()["auth"]["mode"] = json!("open");
    bootstrap.document()["typed_dns_resolver_config"] = json!({
        "name": "envoy.network.dns_resolver.cares",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
            "resolvers": [address(resolver.local_addr().unwrap())],
        },
    });
    let demo = &mut bootstrap.cluster("demo")["load_assignment"]["endpoints"][0];
    demo["lb_endpoints"][0]["endpoint"]["address"] = address(provider.addr());
    let config = dir.path().join("envoy.json");
    bootstrap.write(&config);
    let began = Instant::now();
    let mut envoy = Envoy::spawn(Start {
        config: &config,
        admin: ports[1].addr(),
        environment: &[("OPENAI_API_KEY".into(), "k".into())],
        arguments: &[],
        log: dir.path().join("envoy.log"),
    });
    envoy.ready().await;
    let caller = Caller::new(ports[0].addr(), None);
    let reply = caller.chat(&plain("demo")).send().await;
    let took = began.elapsed();
    assert_eq!(reply.said(), "demo");
    // A provider whose name never resolved is a failed attempt (E17), told in our shape.
    let began = Instant::now();
    let reply = caller.chat(&plain(MODEL)).send().await;
    expect::error(&reply, 502, "all_attempts_failed");
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    resolver.set_nonblocking(true).unwrap();
    assert!(
        resolver.recv(&mut [0; 512]).is_ok(),
        "the resolver was asked"
    );
    took
}

#[tokio::test]
async fn envoy_with_the_module_is_ready_soon() {
    // The least of ten at most: the other tests take their part of the machine.
    let (soon, mut least) = (Duration::from_secs(2), Duration::MAX);
    for _ in 0..10 {
        least = least.min(Stack::builder().start().await.envoy.started_in);
        if least < soon {
            break;
        }
    }
    assert!(least < soon, "ready after {least:?}");
}

#[test]
fn the_module_is_under_one_mebibyte() {
    let size = std::fs::metadata(place::module())
        .expect("the module is built")
        .len();
    assert!(size < 1 << 20, "{size} bytes");
}
