//! What the gateway adds to the first token of a healthy stream: through the gateway and through a
//! bare Envoy in turn, in the same process. A table on stdout; nothing is asserted.
//!
//! The provider has sent headers and a role, and waits. The clock runs from the moment that it may
//! send the first token until the caller has it.

use std::time::{Duration, Instant};

use serde_json::json;
use sluice_tests::bootstrap::{Bootstrap, address};
use sluice_tests::client::{CHAT, streamed};
use sluice_tests::port::Port;
use sluice_tests::{Caller, Chat, Provider, Stack};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MODEL: &str = "gpt-4o-mini";
/// Pairs that are measured, and pairs before that.
const PAIRS: usize = 500;
const WARM: usize = 20;
/// Enough for the role to be in Envoy.
const SETTLE: Duration = Duration::from_millis(3);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let answer = Chat::of(&["first ", "second"])
        .stream(MODEL, true)
        .gate_after(1);
    let port = Port::take();
    let stack = Stack::builder()
        .bootstrap(|bootstrap| bare(bootstrap, &port))
        .provider("openai", answer.clone())
        .provider("bare", answer)
        .start()
        .await;
    let bare = Caller::new(port.addr(), None);
    let [mut through, mut past, mut added] = [const { Vec::new() }; 3];
    for pair in 0..WARM + PAIRS {
        let mut took = [Duration::ZERO; 2];
        for turn in [pair % 2, 1 - pair % 2] {
            took[turn] = match turn {
                0 => first_token(&stack.caller, stack.provider("openai")).await,
                _ => first_token(&bare, stack.provider("bare")).await,
            };
        }
        if pair >= WARM {
            let [gateway, envoy] = took.map(|took| took.as_secs_f64() * 1e6);
            through.push(gateway);
            past.push(envoy);
            added.push(gateway - envoy);
        }
    }
    println!("\nfirst token, µs from the provider's release to the caller, {PAIRS} pairs\n");
    println!("{:<16}{:>9}{:>9}", "", "median", "p99");
    for (name, mut all) in [
        ("through Sluice", through),
        ("bare Envoy", past),
        ("pair by pair", added),
    ] {
        all.sort_by(f64::total_cmp);
        let [median, p99] = [all.len() / 2, all.len() * 99 / 100].map(|at| all[at]);
        println!("{name:<16}{median:>9.0}{p99:>9.0}");
    }
}

/// One stream; the time of its first token. The caller is a bare socket: one that reads HTTP would
/// add the time for the headers, which the gate holds until then.
async fn first_token(caller: &Caller, provider: &Provider) -> Duration {
    let mut socket = TcpStream::connect(caller.addr())
        .await
        .expect("a connection");
    let key = caller.key().unwrap_or_default();
    let body = streamed(MODEL).to_string();
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket
        .write_all(request.as_bytes())
        .await
        .expect("the request is taken");
    let caller = async {
        let mut answer = Vec::new();
        while !contains(&answer, "first ") {
            let read = socket.read_buf(&mut answer).await.expect("an answer");
            assert!(read > 0, "an end: {}", String::from_utf8_lossy(&answer));
        }
        let here = Instant::now();
        socket.read_to_end(&mut answer).await.expect("the rest");
        assert!(contains(&answer, "[DONE]"), "a whole stream");
        here
    };
    let release = async {
        provider.wait_for_requests(1).await;
        tokio::time::sleep(SETTLE).await;
        let begun = Instant::now();
        provider.release();
        begun
    };
    let (here, begun) = tokio::join!(caller, release);
    provider.forget();
    here.duration_since(begun)
}

fn contains(answer: &[u8], text: &str) -> bool {
    answer
        .windows(text.len())
        .any(|bytes| bytes == text.as_bytes())
}

/// A second listener: Envoy's router and nothing else, to a cluster of its own.
fn bare(bootstrap: &mut Bootstrap, port: &Port) {
    let mut listener = bootstrap.listener().clone();
    listener["name"] = json!("bare");
    listener["address"] = address(port.addr());
    let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
    let filters = manager["http_filters"].as_array_mut().expect("filters");
    filters.retain(|filter| filter["name"] == "envoy.filters.http.router");
    manager["route_config"]["virtual_hosts"][0]["routes"] =
        json!([{"match": {"prefix": "/"}, "route": {"cluster": "bare", "timeout": "0s"}}]);
    let resources = &mut bootstrap.document()["static_resources"];
    let listeners = resources["listeners"].as_array_mut().expect("listeners");
    listeners.push(listener);
    let clusters = resources["clusters"].as_array_mut().expect("clusters");
    clusters.push(json!({
        "name": "bare", "type": "STATIC", "connect_timeout": "2s",
        "load_assignment": {"cluster_name": "bare", "endpoints": [{}]},
    }));
}
