//! Where the sidecar listens, and its limits there.

use std::time::Duration;

use clap::Args;

use crate::app::App;

/// Where the sidecar listens.
#[derive(Clone, Debug, Args)]
pub(crate) struct BindSettings {
    /// Address and port to listen on.
    #[arg(
        long,
        env = "SLUICE_LISTEN",
        default_value = "127.0.0.1:8081",
        value_name = "ADDRESS"
    )]
    pub(crate) listen: String,

    /// Bytes of a batch of records; a larger one is refused with 413.
    #[arg(long, env = "SLUICE_MAX_BATCH_BYTES", default_value_t = App::MAX_BATCH_BYTES, value_name = "BYTES")]
    pub(crate) max_batch_bytes: usize,

    /// Seconds that requests in flight have to finish after SIGTERM or SIGINT.
    #[arg(
        long,
        env = "SLUICE_DRAIN_SECONDS",
        default_value_t = 20,
        value_name = "SECONDS"
    )]
    drain_seconds: u64,
}

impl BindSettings {
    /// How long requests in flight have to finish.
    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}
