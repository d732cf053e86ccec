//! `demo`: a provider for people without a key.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use super::{Failure, block_on};
use crate::demo;
use crate::serve::{serve, signalled};
use crate::settings::LogSettings;

/// How long streams in flight have to finish.
const DRAIN: Duration = Duration::from_secs(5);

/// Settings of `demo`.
#[derive(Args)]
pub(super) struct Demo {
    /// Address and port to listen on.
    #[arg(
        long,
        env = "SLUICE_DEMO_LISTEN",
        default_value = "127.0.0.1:8090",
        value_name = "ADDRESS"
    )]
    listen: String,
    #[command(flatten)]
    log: LogSettings,
}

impl Demo {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        self.log.start();
        block_on(async {
            let stop = signalled()?;
            let listener = TcpListener::bind(&self.listen)
                .await
                .map_err(|error| Failure::new(format!("{}: {error}", self.listen)))?;
            writeln!(out, "demo provider: http://{}/v1", listener.local_addr()?)?;
            serve(listener, demo::router(), stop, DRAIN).await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}
