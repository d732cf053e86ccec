//! Faults on a stack → what the caller saw, and what the ledger says.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::json;
use sluice_tests::bootstrap::Bootstrap;
use sluice_tests::client::{plain, streamed};
use sluice_tests::sidecar::Entry;
use sluice_tests::{Behind, Protocol, Provider, Stack};

use super::fault::{End, Fault, Way, second, token};
use super::row::Row;
use crate::expect::MODEL;

/// How long an attempt may take to its first token, and from one to the next; a plain one, to its end.
pub(super) const LIMIT_MS: u64 = 800;
/// How many stacks run at a time.
const STACKS: usize = 3;

/// What became of one request.
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) headers: hyper::HeaderMap,
    pub(super) body: Vec<u8>,
    /// How the body ended.
    pub(super) end: Result<(), String>,
    /// Its record.
    pub(super) entry: Option<Entry>,
}

impl Seen {
    /// The first header of this name.
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// Runs every fault plain and streamed, with each of the two providers as the first.
pub(super) async fn run(faults: &[Fault]) -> Vec<Row> {
    let orders = [["openai", "azure"], ["azure", "openai"]];
    let groups = orders
        .into_iter()
        .flat_map(|names| groups(faults).into_iter().map(move |group| (names, group)));
    let done = stream::iter(groups.map(|(names, group)| together(names, group)));
    let rows: Vec<_> = done.buffer_unordered(STACKS).collect().await;
    rows.into_iter().flatten().collect()
}

/// The faults that can share a stack: those of one protocol, and each of the others alone.
fn groups(faults: &[Fault]) -> Vec<Vec<&Fault>> {
    let of = |own: Protocol| {
        let own = move |fault: &&Fault| matches!(&fault.way, Way::Answers(protocol, _) if *protocol == own);
        faults.iter().filter(own).collect()
    };
    let alone = faults
        .iter()
        .filter(|fault| matches!(fault.way, Way::Never(_)));
    let mut groups = vec![of(Protocol::Http1), of(Protocol::H2c)];
    groups.extend(alone.map(|fault| vec![fault]));
    groups
}

/// Runs faults one after another on a stack of their own.
async fn together(names: [&'static str; 2], faults: Vec<&Fault>) -> Vec<Row> {
    let [first, other] = names;
    let behind = faults.first().expect("a fault").way.behind();
    let stack = Stack::builder()
        .behind(first, behind)
        .behind(
            other,
            Behind::Provider(Protocol::Http1, Box::new(second().into())),
        )
        .config(|doc| {
            doc["health"] = json!({"enabled": false});
            doc["defaults"]["failover_order"] = json!(names);
            doc["defaults"]["timeouts"] =
                json!({"first_token_ms": LIMIT_MS, "answer_ms": LIMIT_MS, "idle_ms": LIMIT_MS});
        })
        .bootstrap(|bootstrap| names.iter().for_each(|name| alone(bootstrap, name)))
        .sidecar()
        .start()
        .await;
    let mut seen = Vec::new();
    for fault in &faults {
        for streamed in [false, true] {
            seen.push((*fault, streamed, call(&stack, first, fault, streamed).await));
        }
    }
    let mut entries = records(&stack, seen.len()).await;
    let rows = seen.into_iter().map(|(fault, streamed, mut seen)| {
        let id = seen.header("x-gateway-request-id").to_owned();
        let at = entries.iter().position(|entry| entry.record.id == id);
        seen.entry = at.map(|at| entries.swap_remove(at));
        Row::new(fault, streamed, names, &seen)
    });
    let rows = rows.collect();
    assert!(entries.is_empty(), "records of no request: {entries:#?}");
    rows
}

/// No fault may lead around the next one: Envoy leaves nobody out, and no provider rests.
fn alone(bootstrap: &mut Bootstrap, cluster: &str) {
    let members = bootstrap.cluster(cluster).as_object_mut();
    members
        .expect("a cluster is an object")
        .remove("outlier_detection");
}

/// One request, read to its end.
async fn call(stack: &Stack, first: &str, fault: &Fault, stream: bool) -> Seen {
    let provider = fault.way.answer(stream).map(|answer| {
        let provider = stack.provider(first);
        provider.script(answer.clone());
        provider
    });
    let body = if stream {
        streamed(MODEL)
    } else {
        plain(MODEL)
    };
    let mut seen = Seen {
        status: 0,
        headers: hyper::HeaderMap::new(),
        body: Vec::new(),
        end: Ok(()),
        entry: None,
    };
    match stack.caller.chat(&body).try_stream().await {
        Err(error) => seen.end = Err(error),
        Ok(answer) => {
            seen.status = answer.status;
            seen.headers.clone_from(&answer.headers);
            seen.end = read(answer, &mut seen.body, provider, fault.end(stream)).await;
        }
    }
    seen
}

/// Reads to the end, and lets the fault happen when the tokens before it are here.
async fn read(
    mut answer: sluice_tests::client::Stream,
    body: &mut Vec<u8>,
    provider: Option<&Provider>,
    end: End,
) -> Result<(), String> {
    let mut gate = match end {
        End::Broken(tokens, _) => Some(token(tokens)),
        End::First | End::Second(..) => None,
    };
    while let Some(bytes) = answer.next().await? {
        body.extend_from_slice(&bytes);
        let text = String::from_utf8_lossy(body);
        if gate.take_if(|last| text.contains(last.as_str())).is_some() {
            provider.expect("a provider that answers").release();
        }
    }
    Ok(())
}

/// What the ledger has after at most some seconds; `n` records are awaited.
async fn records(stack: &Stack, n: usize) -> Vec<Entry> {
    let start = Instant::now();
    loop {
        let entries = stack.sidecar.spend("limit=1000").await;
        if entries.len() >= n || start.elapsed() > Duration::from_secs(5) {
            return entries;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
