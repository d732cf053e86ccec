//! What a request costs in calls between Envoy and the filter: each has its price (docs/benchmarks.md).

use std::collections::BTreeMap;
use std::fmt::Write;

use sluice_tests::client::plain;
use sluice_tests::{Chat, Stack, until};

use crate::expect::MODEL;

/// Callbacks, and memory that Envoy asks for to answer in. More of them: the module was built without `make build`, which
/// takes the callbacks out that have nothing to do.
const ENTRIES: &str = "entries into the VM";

/// What the filter may ask of Envoy for a plain request that its first provider answers, with all
/// that is on: key, body, plan, headers, model, gate, meter, record.
const MOST: [(&str, usize); 12] = [
    (ENTRIES, 19),
    ("get_buffer_bytes", 2),
    ("get_current_time_nanoseconds", 4),
    ("get_header_map_pairs", 2),
    ("get_header_map_value", 1),
    ("get_property", 1),
    ("get_shared_data", 1),
    ("replace_header_map_value", 3),
    ("set_buffer_bytes", 1),
    ("set_header_map_pairs", 2),
    ("set_property", 3),
    ("set_shared_data", 1),
];

#[tokio::test]
async fn a_request_takes_few_calls_of_the_host() {
    let stack = Stack::builder()
        .provider("openai", Chat::default())
        .arguments(&["--component-log-level", "wasm:trace"])
        .start()
        .await;
    stack.caller.chat(&plain(MODEL)).send().await;
    let before = stack.envoy.log().len();
    stack.caller.chat(&plain(MODEL)).send().await;
    let logged = async || {
        let log = stack.envoy.log();
        let log = log.get(before..)?;
        let over = log.matches("proxy_on_delete return").count() == 2;
        over.then(|| calls(log))
    };
    let limit = std::time::Duration::from_secs(5);
    let calls = until("both filters of the request are gone", limit, logged).await;
    let mut table = String::new();
    for (call, count) in &calls {
        let most = MOST.iter().find(|(name, _)| name == call);
        let most = most.map_or(0, |(_, most)| *most);
        let mark = if *count > most { " MORE" } else { "" };
        writeln!(table, "{call:32} {count:3} of {most:3}{mark}").unwrap();
    }
    assert!(calls.contains_key("get_header_map_pairs"), "{table}");
    assert!(!table.contains("MORE"), "\n{table}");
}

/// What was asked in the callbacks of streams; the ticks and their answers are not a request's.
fn calls(log: &str) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    let mut of_a_stream = false;
    for line in log.lines() {
        if let Some((_, call)) = line.split_once("[host->vm] proxy_on_")
            && !call.contains(" return")
        {
            let tick = ["tick", "queue_ready", "http_call_response"];
            if !call.starts_with("memory_allocate") {
                of_a_stream = !tick.iter().any(|name| call.starts_with(name));
            }
            if of_a_stream {
                *calls.entry(ENTRIES.to_owned()).or_default() += 1;
            }
        }
        let Some((_, call)) = line.split_once("[vm->host] env.proxy_") else {
            continue;
        };
        if let Some((name, _)) = call.split_once('(').filter(|_| of_a_stream) {
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    calls
}
