//! Where the gateway's configuration document is.

use std::path::PathBuf;

use clap::Args;
use sluice_core::config::Config;

use crate::cli::Failure;
use crate::document;

/// Where the gateway's configuration document is: one of the two.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct DocumentSettings {
    /// The Envoy file (YAML or JSON); the document is found in its wasm filter of `root_id: gateway`.
    #[arg(long, env = "SLUICE_ENVOY_CONFIG", value_name = "FILE")]
    envoy_config: Option<PathBuf>,

    /// The document by itself (YAML or JSON).
    #[arg(long, env = "SLUICE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl DocumentSettings {
    /// Reads the document.
    pub(crate) fn read(&self) -> Result<Config, Failure> {
        let (path, result) = match (&self.envoy_config, &self.config) {
            (Some(path), _) => (path, document::from_envoy(path)),
            (None, Some(path)) => (path, document::from_bare(path)),
            (None, None) => return Err(Failure::new("--envoy-config or --config is required")),
        };
        result.map_err(|faults| {
            let path = path.display();
            let lines: Vec<_> = faults
                .iter()
                .map(|fault| format!("{path}: {fault}"))
                .collect();
            Failure::new(lines.join("\n"))
        })
    }
}
