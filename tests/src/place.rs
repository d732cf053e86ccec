//! Where the things under test are.
//!
//! | variable | what | default |
//! |---|---|---|
//! | `SLUICE_ENVOY` | Envoy's program | what `make -s envoy` prints |
//! | `SLUICE_ENVOY_OLD` | the oldest Envoy that is supported | none: its test is skipped |
//! | `SLUICE_WASM` | the module | `target/wasm32-wasip1/release/sluice_filter.wasm` |
//! | `SLUICE_WASM_TRAP` | the module with the feature `test-trap` | none: its tests are skipped |
//! | `SLUICE_SIDECAR` | the sidecar's program | `target/release/sluice-sidecar` |
//! | `SLUICE_PYTHON` | a Python with `openai`, `pytest` and `schemathesis` | `target/venv/bin/python` |
//! | `SLUICE_KEEP_LOGS` | a folder for the whole logs of tests that fail | none: their last lines are printed |
//!
//! Paths that are not absolute are read from the workspace's root.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The workspace's root.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in the workspace")
        .to_owned()
}

/// Envoy's program.
#[must_use]
pub fn envoy() -> PathBuf {
    static FOUND: LazyLock<PathBuf> = LazyLock::new(|| named("SLUICE_ENVOY").unwrap_or_else(made));
    FOUND.clone()
}

/// The oldest Envoy that is supported, where one is given.
#[must_use]
pub fn old_envoy() -> Option<PathBuf> {
    named("SLUICE_ENVOY_OLD")
}

/// The module.
#[must_use]
pub fn module() -> PathBuf {
    let default = "target/wasm32-wasip1/release/sluice_filter.wasm";
    named("SLUICE_WASM").unwrap_or_else(|| workspace().join(default))
}

/// The module that traps when it is told to, where one is given.
#[must_use]
pub fn trapping_module() -> Option<PathBuf> {
    named("SLUICE_WASM_TRAP")
}

/// The sidecar's program.
#[must_use]
pub fn sidecar() -> PathBuf {
    named("SLUICE_SIDECAR").unwrap_or_else(|| workspace().join("target/release/sluice-sidecar"))
}

/// A Python that has the official SDK.
#[must_use]
pub fn python() -> PathBuf {
    named("SLUICE_PYTHON").unwrap_or_else(|| workspace().join("target/venv/bin/python"))
}

/// The reference configuration.
#[must_use]
pub fn reference() -> PathBuf {
    workspace().join("envoy/envoy.yaml")
}

fn named(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).filter(|value| !value.is_empty())?;
    Some(workspace().join(value))
}

fn made() -> PathBuf {
    let output = Command::new("make")
        .args(["-s", "envoy"])
        .current_dir(workspace())
        .output()
        .expect("`make` runs; or set SLUICE_ENVOY");
    let path = String::from_utf8(output.stdout).expect("a path");
    let path = path.lines().last().unwrap_or_default().trim();
    assert!(
        output.status.success() && !path.is_empty(),
        "`make -s envoy` gave no program; set SLUICE_ENVOY"
    );
    workspace().join(path)
}
