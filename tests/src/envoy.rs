//! A real Envoy with the module in it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::client::Caller;
use crate::process::Process;
use crate::{place, until};

/// A running Envoy; killed when dropped.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: Caller,
    /// From the start of the process until it was ready; on a busy machine the processor time of
    /// that instead, when it is shorter.
    pub started_in: Duration,
}

/// How an Envoy is started.
#[derive(Debug)]
pub struct Start<'a> {
    /// Its configuration.
    pub config: &'a Path,
    /// Where its administration listens.
    pub admin: SocketAddr,
    /// Its environment.
    pub environment: &'a [(String, String)],
    /// More of its arguments.
    pub arguments: &'a [String],
    /// Where its log goes.
    pub log: PathBuf,
}

impl Envoy {
    /// Starts one and waits until it is ready.
    pub async fn start(start: Start<'_>) -> Self {
        let began = Instant::now();
        let mut envoy = Self::spawn(start);
        envoy.ready().await;
        let took = began.elapsed();
        envoy.started_in = envoy
            .process
            .processor_time()
            .map_or(took, |used| used.min(took));
        envoy
    }

    /// Starts one.
    #[must_use]
    pub fn spawn(start: Start<'_>) -> Self {
        let mut command = command(&place::envoy());
        let quiet = ["--component-log-level", "main:warning,config:warning"].map(str::to_owned);
        let loud = start.arguments.contains(&quiet[0]);
        command
            .args(if loud { &[] } else { quiet.as_slice() })
            .arg("--config-path")
            .arg(start.config)
            .args(["--concurrency", "2", "--use-dynamic-base-id"])
            .args(start.arguments)
            .envs(start.environment.iter().cloned());
        Self {
            process: Process::start("Envoy", &mut command, start.log),
            admin: Caller::new(start.admin, None),
            started_in: Duration::ZERO,
        }
    }

    /// Waits until it is ready.
    pub async fn ready(&mut self) {
        let limit = Duration::from_secs(30);
        let (process, admin) = (&mut self.process, &self.admin);
        until("Envoy is ready", limit, async || {
            if let Some(status) = process.ended() {
                panic!("Envoy ended: {status}");
            }
            let ready = admin.call("GET", "/ready").try_send().await;
            ready.is_ok_and(|reply| reply.status == 200).then_some(())
        })
        .await;
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let process = &mut self.process;
        until("Envoy ends", Duration::from_secs(30), async || {
            process.ended()
        })
        .await
    }

    /// SIGTERM, then waits for its end.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.process.terminate().await
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The file that its log goes to.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        self.process.log_file()
    }

    /// What its administration says.
    pub async fn admin(&self, path: &str) -> String {
        self.admin.get(path).await.text()
    }

    /// A counter or gauge; 0 when there is none.
    pub async fn stat(&self, name: &str) -> u64 {
        let stats = self.admin("/stats?usedonly").await;
        let mut lines = stats.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(own, _)| *own == name);
        found.map_or(0, |(_, value)| value.trim().parse().unwrap_or(0))
    }
}

/// What `--mode validate` says of a configuration: whether it is valid, and the log.
pub async fn validate(program: &Path, config: &Path) -> (bool, String) {
    let output = command(program)
        .args(["--mode", "validate", "--config-path"])
        .arg(config)
        .output()
        .await
        .expect("Envoy runs");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), log)
}

/// Envoy in the workspace's root, with nothing of this process's environment.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(place::workspace()).env_clear();
    command
}
