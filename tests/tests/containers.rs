//! The main flow in containers: Envoy's image, the sidecar's image and the demo provider on one
//! Docker network.
//!
//! `make test-compose` makes the images and runs this.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use sluice_tests::{Bootstrap, Caller, client, place, until};
use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};

const LIMIT: Duration = Duration::from_secs(10);
const SECRET: &str = "secretOfTheContainers";
const ADMIN_TOKEN: &str = "admin-token-of-the-containers";
const INGEST_TOKEN: &str = "ingest-token-of-the-containers";

#[tokio::test]
async fn w01_w41_w50_the_main_flow_runs_in_containers() {
    if std::env::var_os("SLUICE_IMAGES").is_none() {
        let why = "SLUICE_IMAGES is not set: `make test-compose` makes the images and sets it";
        let _unheard = writeln!(
            std::io::stderr(),
            "SKIPPED the main flow in containers: {why}"
        );
        return;
    }
    let network = format!("sluice-{}", std::process::id());
    let config = config(&network);

    let ready = WaitFor::message_on_stdout("demo provider");
    let _demo = sidecar_image(&network, "demo", ready)
        .with_cmd(["demo", "--listen", "0.0.0.0:8090"])
        .start()
        .await
        .expect("the demo provider");
    let ready = WaitFor::message_on_stderr("sidecar listens");
    let sidecar = sidecar_image(&network, "sidecar", ready)
        .with_cmd(["serve", "--listen", "0.0.0.0:8081"])
        .with_env_var("SLUICE_DATABASE", "sqlite:///data/sluice.db")
        .with_env_var("SLUICE_ENVOY_CONFIG", "/envoy.yaml")
        .with_env_var("SLUICE_ADMIN_TOKEN", ADMIN_TOKEN)
        .with_env_var("SLUICE_INGEST_TOKEN", INGEST_TOKEN)
        .with_copy_to("/envoy.yaml", config.clone())
        .start()
        .await
        .expect("the sidecar");
    let version = include_str!("../../.envoy-version").trim();
    let envoy = GenericImage::new("envoyproxy/envoy", &format!("v{version}"))
        .with_exposed_port(8080.tcp())
        .with_wait_for(WaitFor::message_on_stderr("starting workers"))
        .with_network(&network)
        .with_env_var("SLUICE_INGEST_TOKEN", INGEST_TOKEN)
        .with_copy_to("/etc/envoy/envoy.yaml", config)
        .with_copy_to("/etc/envoy/sluice_filter.wasm", place::module())
        .start()
        .await
        .expect("Envoy");

    let caller = Caller::new(
        port(&envoy, 8080).await,
        Some(format!("sk-ollm-containers-{SECRET}")),
    );
    let operator = Caller::new(port(&sidecar, 8081).await, Some(ADMIN_TOKEN.to_owned()));

    until("the gateway answers", LIMIT, async || {
        let reply = caller.call("GET", "/status").try_send().await;
        reply.is_ok_and(|reply| reply.status == 200).then_some(())
    })
    .await;

    let plain = caller.chat(&client::plain("demo")).send().await;
    assert_eq!(plain.status, 200, "{}", plain.text());
    let streamed = caller.chat(&client::streamed("demo")).send().await;
    assert_eq!(streamed.events().last().map(String::as_str), Some("[DONE]"));
    assert_eq!(streamed.streamed(), plain.said());

    let rows = until("both records are in the ledger", LIMIT, async || {
        let spend = operator.get("/v1/spend?key=containers").await.json();
        let rows = spend["data"].as_array().cloned().unwrap_or_default();
        (rows.len() == 2).then_some(rows)
    })
    .await;
    assert!(
        rows.iter()
            .all(|row| row["cost_nano_usd"].as_u64() > Some(0)),
        "{rows:?}"
    );
}

/// The sidecar's image under a name of this run.
fn sidecar_image(network: &str, name: &str, ready: WaitFor) -> ContainerRequest<GenericImage> {
    GenericImage::new("sluice-sidecar", "latest")
        .with_exposed_port(8081.tcp())
        .with_wait_for(ready)
        .with_network(network)
        .with_container_name(format!("{network}-{name}"))
}

/// The reference configuration with the containers' names in it.
fn config(network: &str) -> Vec<u8> {
    let mut bootstrap = Bootstrap::reference();
    bootstrap.module("/etc/envoy/sluice_filter.wasm".as_ref());
    let digest = Sha256::digest(SECRET);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    bootstrap.gateway()["auth"]["keys"] = json!([{"id": "containers", "sha256": digest}]);
    for (name, port) in [("demo", 8090), ("sidecar", 8081)] {
        let host = format!("{network}-{name}");
        let address = json!({"socket_address": {"address": host, "port_value": port}});
        let cluster = bootstrap.cluster(name);
        cluster["type"] = json!("STRICT_DNS");
        cluster["load_assignment"]["endpoints"] =
            json!([{"lb_endpoints": [{"endpoint": {"address": address}}]}]);
    }
    bootstrap.whole().to_string().into_bytes()
}

/// Where a container's port is on this machine.
async fn port(container: &ContainerAsync<GenericImage>, port: u16) -> SocketAddr {
    let port = container
        .get_host_port_ipv4(port.tcp())
        .await
        .expect("a port");
    (Ipv4Addr::LOCALHOST, port).into()
}
