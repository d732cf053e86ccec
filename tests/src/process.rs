//! A program under test: its log goes to a file and is printed only when the test fails.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; what it writes is added to the file `log`.
    #[must_use]
    pub fn start(name: &'static str, command: &mut Command, log: PathBuf) -> Self {
        let open = || File::options().create(true).append(true).open(&log);
        let file = open().expect("a log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Self { name, child, log }
    }

    /// Everything that it has written so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The file that its log goes to.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it did.
    #[must_use]
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// The processor time that it has used, where the system tells: what a busy machine does not
    /// change.
    #[must_use]
    pub fn processor_time(&self) -> Option<Duration> {
        const TICKS_A_SECOND: u32 = 100;
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()?)).ok()?;
        let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2);
        let ticks: u32 = fields.filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
        Some(Duration::from_secs(1) * ticks / TICKS_A_SECOND)
    }

    /// SIGTERM, then waits for its end.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        let wait = tokio::time::timeout(Duration::from_secs(30), self.child.wait());
        let status = wait.await.expect("SIGTERM ends it within 30 s");
        status.expect("a child can be waited for")
    }

    /// SIGKILL, then waits for its end.
    pub async fn kill9(&mut self) {
        self.child.kill().await.expect("a child can be killed");
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let Some(id) = self.child.id() else { return };
        let status = std::process::Command::new("kill")
            .args([format!("-{name}"), id.to_string()])
            .status();
        assert!(status.expect("`kill` runs").success(), "kill -{name} {id}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(folder) = std::env::var_os("SLUICE_KEEP_LOGS") {
                let name = format!("{}-{}.log", self.name.replace(' ', "-"), std::process::id());
                let _kept = fs::copy(&self.log, Path::new(&folder).join(name));
            }
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(80)..].join("\n");
            eprintln!("---- {} (its last lines)\n{tail}\n----", self.name);
        }
    }
}
