//! The commands, one file each. What they print for people goes to stdout, logs to stderr.

mod check;
mod demo;
mod health;
mod key;
mod recover;
mod serve;

use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::chain;
use crate::store::StoreError;

/// The sidecar of the Sluice LLM gateway: spend ledger, catalogue and health.
#[derive(Parser)]
#[command(name = "sluice-sidecar", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve records, spend, catalogue, status, health and metrics.
    Serve(serve::Serve),
    /// Check an Envoy file or a configuration document; exit 1 when it has faults.
    Check(check::Check),
    /// Make a caller's key, and the line for the configuration that lets it in.
    Key(key::Key),
    /// Store the records that an Envoy log holds: those that could not be delivered.
    Recover(recover::Recover),
    /// Serve a demo provider that speaks OpenAI's chat completions and needs no key.
    Demo(demo::Demo),
    /// Ask a sidecar for its health; exit 1 when it has none. For a container's HEALTHCHECK.
    Health(health::Health),
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = io::stdout().lock();
    let result = match &cli.command {
        Command::Serve(command) => command.run(),
        Command::Check(command) => command.run(&mut out),
        Command::Key(command) => command.run(&mut out),
        Command::Recover(command) => command.run(&mut out),
        Command::Demo(command) => command.run(&mut out),
        Command::Health(command) => command.run(),
    };
    result.unwrap_or_else(|failure| {
        let _ = writeln!(io::stderr(), "sluice-sidecar: {failure}");
        ExitCode::FAILURE
    })
}

/// Why a command gave up, for the person who started it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(chain(&error))
    }
}

/// Runs an asynchronous command to its end.
fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(command)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_flag_is_explained_and_an_environment_variable() {
        let mut root = Cli::command();
        root.build();
        for command in root
            .get_subcommands()
            .filter(|command| command.get_name() != "help")
        {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for flag in command
                .get_arguments()
                .filter(|flag| flag.get_long().is_some())
            {
                let name = format!("{} --{}", command.get_name(), flag.get_long().unwrap());
                assert!(flag.get_help().is_some(), "{name}");
                let env = flag.get_env().and_then(std::ffi::OsStr::to_str);
                let exempt = flag.get_long() == Some("help");
                assert!(
                    exempt || env.is_some_and(|env| env.starts_with("SLUICE_")),
                    "{name}"
                );
            }
        }
    }
}
