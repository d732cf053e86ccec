//! `check`: every fault of a file, one line each, for CI and admission hooks.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::document;

/// Settings of `check`.
#[derive(Args)]
pub(super) struct Check {
    /// An Envoy file with our wasm filters, or a configuration document (YAML or JSON).
    file: PathBuf,
}

impl Check {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let file = self.file.display();
        match document::check(&self.file) {
            Ok(config) => {
                let (providers, models) = (config.providers.len(), config.models.len());
                let hash = config.hash;
                writeln!(
                    out,
                    "{file}: ok, hash {hash}, {providers} providers, {models} models"
                )?;
                Ok(ExitCode::SUCCESS)
            }
            Err(faults) => {
                for fault in faults {
                    writeln!(out, "{file}: {fault}")?;
                }
                Ok(ExitCode::FAILURE)
            }
        }
    }
}
