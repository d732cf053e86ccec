//! The real sidecar, with a database of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use sluice_core::spend::Record;
use tokio::process::Command;

use crate::client::{Caller, Reply};
use crate::process::Process;
use crate::{place, until};

/// The token of its administration.
pub const ADMIN_TOKEN: &str = "admin-token-of-the-tests";

/// The token that the filter shows to its ingest.
pub const INGEST_TOKEN: &str = "ingest-token-of-the-tests";

/// A sidecar; killed when dropped.
#[derive(Debug)]
pub struct Sidecar {
    addr: SocketAddr,
    dir: PathBuf,
    config: PathBuf,
    process: Option<Process>,
    caller: Caller,
}

/// One line of `GET /v1/spend`.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// The record as the filter made it.
    #[serde(flatten)]
    pub record: Record,
    /// What it costs; `None` is unknown.
    pub cost_nano_usd: Option<u64>,
    /// The price table that this was reckoned with.
    pub price_version: Option<String>,
}

/// The answer of `GET /v1/spend`.
#[derive(Clone, Debug, Deserialize)]
pub struct Spend {
    /// The page's records.
    pub data: Vec<Entry>,
    /// Whether there is another page.
    pub has_more: bool,
    /// Where it begins.
    pub next_cursor: Option<String>,
    /// Sums over all that the filters match.
    pub totals: Value,
}

impl Sidecar {
    /// One that is not running yet. Its database is in `dir`.
    #[must_use]
    pub fn new(addr: SocketAddr, dir: &Path, config: &Path) -> Self {
        Self {
            addr,
            dir: dir.to_owned(),
            config: config.to_owned(),
            process: None,
            caller: Caller::new(addr, Some(ADMIN_TOKEN.to_owned())),
        }
    }

    /// Starts it and waits until it answers.
    pub async fn start(&mut self) {
        let mut command = command();
        command
            .args(["serve", "--listen", &self.addr.to_string()])
            .arg("--envoy-config")
            .arg(&self.config)
            .args(["--database", &self.database(), "--admin-token", ADMIN_TOKEN])
            .env("SLUICE_INGEST_TOKEN", INGEST_TOKEN);
        let log = self.dir.join("sidecar.log");
        let mut process = Process::start("the sidecar", &mut command, log);
        let caller = Caller::new(self.addr, None);
        until("the sidecar is up", Duration::from_secs(15), async || {
            if let Some(status) = process.ended() {
                panic!("the sidecar ended: {status}\n{}", process.log());
            }
            let status = caller.call("GET", "/status").try_send().await;
            status.is_ok_and(|reply| reply.status == 200).then_some(())
        })
        .await;
        self.process = Some(process);
    }

    /// Whether it runs.
    #[must_use]
    pub fn running(&self) -> bool {
        self.process.is_some()
    }

    /// SIGKILL.
    pub async fn kill9(&mut self) {
        let mut process = self.process.take().expect("the sidecar runs");
        process.kill9().await;
    }

    /// SIGTERM, then waits for its end.
    pub async fn terminate(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the sidecar runs");
        process.terminate().await
    }

    /// SIGKILL and a new start on the same database.
    pub async fn restart(&mut self) {
        self.kill9().await;
        self.start().await;
    }

    /// Where its records are.
    #[must_use]
    pub fn database(&self) -> String {
        format!("sqlite://{}", self.dir.join("sluice.db").display())
    }

    /// The configuration that it reads.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// What it has logged, over all its starts.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("sidecar.log")).unwrap_or_default()
    }

    /// GET on its own port, as the administrator.
    pub async fn get(&self, path: &str) -> Reply {
        self.caller.get(path).await
    }

    /// GET on its own port, as nobody.
    pub async fn get_without_token(&self, path: &str) -> Reply {
        self.caller.with_key(None).get(path).await
    }

    /// One page of the ledger.
    pub async fn page(&self, query: &str) -> Spend {
        let reply = self.get(&format!("/v1/spend?{query}")).await;
        assert_eq!(reply.status, 200, "/v1/spend?{query}: {}", reply.text());
        serde_json::from_slice(&reply.body)
            .unwrap_or_else(|error| panic!("{error}: {}", reply.text()))
    }

    /// All records that the filters of `query` match, page by page.
    pub async fn spend(&self, query: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.page(&format!("{query}{cursor}")).await;
            entries.extend(page.data);
            let Some(next) = page.next_cursor.filter(|_| page.has_more) else {
                return entries;
            };
            cursor = format!("&cursor={next}");
        }
    }

    /// How many records it has.
    pub async fn count(&self) -> usize {
        self.spend("limit=1000").await.len()
    }

    /// Waits until it has at least `n` records; gives them all.
    pub async fn wait_for_records(&self, n: usize, limit: Duration) -> Vec<Entry> {
        let what = format!("{n} records are stored");
        until(&what, limit, async || {
            let entries = self.spend("limit=1000").await;
            (entries.len() >= n).then_some(entries)
        })
        .await
    }

    /// Waits until the record of this request is there.
    pub async fn wait_for_record(&self, id: &str) -> Entry {
        let what = format!("the record {id} is stored");
        until(&what, Duration::from_secs(10), async || {
            let entries = self.spend("limit=1000").await;
            entries.into_iter().find(|entry| entry.record.id == id)
        })
        .await
    }
}

/// The sidecar's program with other arguments.
pub async fn run(arguments: &[&str]) -> Output {
    command()
        .args(arguments)
        .output()
        .await
        .expect("the sidecar runs")
}

fn command() -> Command {
    let mut command = Command::new(place::sidecar());
    command.current_dir(place::workspace()).env_clear();
    command
}
