//! The command `sluice-sidecar`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluice_sidecar::cli::main()
}
