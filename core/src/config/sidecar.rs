//! Where records go.

use super::reader::Reader;

/// The sidecar as the filter sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// The Envoy cluster of the sidecar.
    pub cluster: String,
    /// Milliseconds between two deliveries of records.
    pub flush_interval_ms: u64,
    /// Records that may wait while the sidecar is away; more are counted and logged (W53).
    pub max_waiting_records: u64,
    /// The environment variable that holds the token of the sidecar's ingest, when it wants one.
    pub token_env: Option<String>,
}

impl Default for Sidecar {
    fn default() -> Self {
        Self {
            cluster: "sidecar".to_owned(),
            flush_interval_ms: 200,
            max_waiting_records: 100_000,
            token_env: None,
        }
    }
}

pub(super) fn read(r: &mut Reader<'_>) -> Sidecar {
    let default = Sidecar::default();
    Sidecar {
        cluster: r.text("cluster").unwrap_or(default.cluster),
        flush_interval_ms: r
            .whole("flush_interval_ms", 10)
            .unwrap_or(default.flush_interval_ms),
        max_waiting_records: r
            .whole("max_waiting_records", 1)
            .unwrap_or(default.max_waiting_records),
        token_env: r.text("token_env"),
    }
}
