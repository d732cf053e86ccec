//! How the sidecar logs: message and fields, never tokens, keys or bodies.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

/// How the sidecar logs, to stderr.
#[derive(Clone, Debug, Args)]
pub(crate) struct LogSettings {
    /// Form of the log.
    #[arg(long, env = "SLUICE_LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,

    /// Least level that is logged: error, warn, info, debug or trace.
    #[arg(long, env = "SLUICE_LOG_LEVEL", default_value_t = LevelFilter::INFO, value_name = "LEVEL")]
    log_level: LevelFilter,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

impl LogSettings {
    /// Sets the log up for the whole process.
    pub(crate) fn start(&self) {
        let builder = tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_max_level(self.log_level)
            .with_target(false);
        match self.log_format {
            Format::Text => builder.init(),
            Format::Json => builder.json().flatten_event(true).init(),
        }
    }
}
