//! What dies while traffic goes on, and what becomes of the records.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::{Chat, Sidecar, Stack, sidecar, until};

use crate::expect::{self, MODEL};

/// What one of [`chat`]'s answers costs.
const COST: u64 = 1000 * 150 + 200 * 600;

fn chat() -> Chat {
    Chat::of(&["Hel", "lo"]).used(1000, 200)
}

#[tokio::test]
async fn w53_the_sidecar_may_be_absent_from_the_start() {
    let mut stack = Stack::builder().provider("openai", chat()).start().await;
    let mut ids = BTreeSet::new();
    for body in [plain(MODEL), streamed(MODEL)] {
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        ids.insert(expect::assert_request_id(&reply));
    }
    // It comes, and what waited is delivered.
    stack.sidecar.start().await;
    let entries = stack
        .sidecar
        .wait_for_records(2, Duration::from_secs(10))
        .await;
    assert_eq!(
        entries
            .iter()
            .map(|entry| entry.record.id.clone())
            .collect::<BTreeSet<_>>(),
        ids
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w53_the_sidecar_is_killed_three_times_and_no_record_is_missing_or_double() {
    const REQUESTS: usize = 2000;
    let mut stack = Stack::builder()
        .provider("openai", chat())
        .sidecar()
        .start()
        .await;
    let caller = stack.caller.clone();
    let load = tokio::spawn(async move {
        let (plain, streamed) = (plain(MODEL), streamed(MODEL));
        let calls = (0..REQUESTS).map(|i| {
            let body = if i % 2 == 0 { &plain } else { &streamed };
            caller.chat(body).send()
        });
        let replies: Vec<_> = stream::iter(calls).buffer_unordered(16).collect().await;
        replies
    });
    for done in [400, 900, 1400] {
        stack.provider("openai").wait_for_requests(done).await;
        assert!(!load.is_finished(), "it is killed under load");
        stack.sidecar.kill9().await;
        stack.provider("openai").wait_for_requests(done + 200).await;
        stack.sidecar.start().await;
    }
    let replies = load.await.unwrap();
    let sent: BTreeSet<_> = replies
        .iter()
        .map(|reply| {
            assert_eq!(reply.status, 200, "traffic failed: {}", reply.text());
            expect::assert_request_id(reply)
        })
        .collect();
    assert_eq!(sent.len(), REQUESTS);
    until(
        "all records are stored",
        Duration::from_secs(20),
        async || {
            let totals = stack.sidecar.page("limit=1").await.totals;
            (records(&totals) >= REQUESTS as u64).then_some(())
        },
    )
    .await;
    let entries = stack.sidecar.spend("limit=1000").await;
    assert_eq!(entries.len(), REQUESTS, "none missing, none double");
    let stored: BTreeSet<_> = entries
        .iter()
        .map(|entry| entry.record.id.clone())
        .collect();
    assert_eq!(stored, sent);
    let sum: u64 = entries.iter().filter_map(|entry| entry.cost_nano_usd).sum();
    assert_eq!(sum, COST * REQUESTS as u64);
}

/// The number of records in the totals of the ledger.
fn records(totals: &Value) -> u64 {
    totals["requests"]
        .as_u64()
        .unwrap_or_else(|| panic!("no count of records: {totals}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w53_records_that_wait_are_delivered_when_the_listener_is_reloaded() {
    // The listener comes from a file that Envoy watches.
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("listeners.json");
    let mut stack = Stack::builder()
        .provider("openai", chat())
        .arguments(&["--drain-time-s", "1"])
        .listener_file(&file)
        .start()
        .await;
    let mut ids = BTreeSet::new();
    for _ in 0..20 {
        ids.insert(expect::assert_request_id(
            &stack.caller.chat(&plain(MODEL)).send().await,
        ));
    }
    for round in 1..=2 {
        reload(&file, round);
        until(
            "the listener is reloaded",
            Duration::from_secs(10),
            async || {
                (stack
                    .envoy
                    .stat("listener_manager.listener_in_place_updated")
                    .await
                    + stack.envoy.stat("listener_manager.listener_modified").await
                    >= round)
                    .then_some(())
            },
        )
        .await;
        until(
            "the old listener is drained",
            Duration::from_secs(10),
            async || {
                let draining = ["total_listeners_draining", "total_filter_chains_draining"];
                for name in draining {
                    if stack.envoy.stat(&format!("listener_manager.{name}")).await > 0 {
                        return None;
                    }
                }
                Some(())
            },
        )
        .await;
        ids.insert(expect::assert_request_id(
            &stack.caller.chat(&plain(MODEL)).send().await,
        ));
    }
    stack.sidecar.start().await;
    let entries = stack
        .sidecar
        .wait_for_records(ids.len(), Duration::from_secs(10))
        .await;
    let stored: BTreeSet<_> = entries
        .iter()
        .map(|entry| entry.record.id.clone())
        .collect();
    assert_eq!(stored, ids);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w53_reloads_under_load_lose_and_double_nothing() {
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("listeners.json");
    let stack = Stack::builder()
        .provider("openai", chat())
        .sidecar()
        .arguments(&["--drain-time-s", "1"])
        .listener_file(&file)
        .start()
        .await;
    let caller = stack.caller.clone();
    let load = tokio::spawn(async move {
        let until = Instant::now() + Duration::from_secs(6);
        let calls = stream::iter(std::iter::repeat_with(|| {
            let caller = caller.clone();
            async move { caller.chat(&plain(MODEL)).try_send().await }
        }));
        let under_way = calls.take_while(|_| std::future::ready(Instant::now() < until));
        under_way.buffer_unordered(16).collect::<Vec<_>>().await
    });
    for round in 1..=4 {
        tokio::time::sleep(Duration::from_millis(1200)).await;
        reload(&file, round);
    }
    let whole: BTreeSet<_> = whole_answers(load.await.unwrap());
    assert!(whole.len() > 500, "{} answers are no load", whole.len());
    until(
        "as many records as answers",
        Duration::from_secs(15),
        async || (stack.sidecar.count().await >= whole.len()).then_some(()),
    )
    .await;
    let entries = stack.sidecar.spend("").await;
    let ids: BTreeSet<_> = entries
        .iter()
        .map(|entry| entry.record.id.clone())
        .collect();
    assert_eq!(ids.len(), entries.len(), "a record is stored twice");
    let missing: Vec<_> = whole.difference(&ids).collect();
    assert!(
        missing.is_empty(),
        "{} of {}: {missing:?}",
        missing.len(),
        whole.len()
    );
}

/// The ids of the answers that a caller got whole.
fn whole_answers<E>(replies: Vec<Result<Reply, E>>) -> BTreeSet<String> {
    replies
        .into_iter()
        .filter_map(Result::ok)
        .filter(|reply| reply.status == 200)
        .map(|reply| expect::assert_request_id(&reply))
        .collect()
}

/// Changes the gateway's own configuration in the listener: a new plugin, a new filter.
fn reload(file: &Path, round: u64) {
    let mut listener: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let manager = &mut listener["resources"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let config = &mut manager["http_filters"][0]["typed_config"]["config"];
    config["configuration"]["value"]["price_version"] = json!(format!("round {round}"));
    replace(file, &listener);
}

/// Replaces a file in one step, as Envoy wants it.
fn replace(file: &Path, value: &Value) {
    let next = file.with_extension("next");
    std::fs::write(&next, value.to_string()).unwrap();
    std::fs::rename(next, file).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w53_on_sigterm_under_load_every_whole_answer_has_a_record() {
    for with_sidecar in [true, false] {
        let builder = Stack::builder().provider("openai", chat());
        let builder = if with_sidecar {
            builder.sidecar()
        } else {
            builder
        };
        let mut stack = builder.start().await;
        let caller = stack.caller.clone();
        let load = tokio::spawn(async move {
            let body = plain(MODEL);
            let calls = (0..5000).map(|_| caller.chat(&body).try_send());
            let replies: Vec<_> = stream::iter(calls).buffer_unordered(16).collect().await;
            replies
        });
        stack.provider("openai").wait_for_requests(300).await;
        stack.envoy.terminate().await;
        let whole: BTreeSet<_> = whole_answers(load.await.unwrap());
        assert!(whole.len() > 200, "{} answers", whole.len());
        let stored = recovered(&mut stack.sidecar, stack.envoy.log_file()).await;
        let missing: Vec<_> = whole.difference(&stored).collect();
        assert!(
            missing.is_empty(),
            "{} of {} answers have no record",
            missing.len(),
            whole.len()
        );
    }
}

/// Stores what Envoy's log holds and gives the ids of all records.
async fn recovered(sidecar: &mut Sidecar, log: &Path) -> BTreeSet<String> {
    let (log, database) = (log.to_str().unwrap().to_owned(), sidecar.database());
    // Twice: what is there already is not stored again.
    for _ in 0..2 {
        let config = sidecar.config().to_str().unwrap();
        let arguments = [
            "recover",
            &log,
            "--database",
            &database,
            "--envoy-config",
            config,
        ];
        let output = sidecar::run(&arguments).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
    }
    if sidecar.running() {
        sidecar.restart().await;
    } else {
        sidecar.start().await;
    }
    let entries = sidecar.spend("limit=1000").await;
    let ids: BTreeSet<_> = entries
        .iter()
        .map(|entry| entry.record.id.clone())
        .collect();
    assert_eq!(ids.len(), entries.len(), "a record is there twice");
    ids
}

#[tokio::test]
async fn w53_what_overflows_is_counted_and_logged() {
    let mut stack = Stack::builder()
        .provider("openai", chat())
        .config(|doc| doc["sidecar"]["max_waiting_records"] = json!(10))
        .start()
        .await;
    for _ in 0..50 {
        assert_eq!(stack.caller.chat(&plain(MODEL)).send().await.status, 200);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stack.sidecar.start().await;
    until(
        "stored and dropped are all",
        Duration::from_secs(10),
        async || {
            let stored = stack.sidecar.page("limit=1").await.totals["requests"].as_u64()?;
            let metrics = stack.sidecar.get("/metrics").await.text();
            let line = metrics
                .lines()
                .find(|line| !line.starts_with('#') && line.contains("records_dropped"));
            let dropped: u64 = line?.rsplit_once(' ')?.1.parse().ok()?;
            (dropped > 0 && stored + dropped == 50).then_some(())
        },
    )
    .await;
    let log = stack.envoy.log();
    assert!(
        log.lines().any(|line| line.contains("records are lost")),
        "{log}"
    );
}
