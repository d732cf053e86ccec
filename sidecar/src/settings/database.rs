//! Where records are kept.

use clap::Args;

/// Where records are kept.
#[derive(Clone, Debug, Args)]
pub(crate) struct DatabaseSettings {
    /// Connection string of the store: `sqlite://<path>`, created when absent.
    #[arg(
        long,
        env = "SLUICE_DATABASE",
        default_value = "sqlite://sluice.db",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) database: String,
}
