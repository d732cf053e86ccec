//! The spend record: as JSON for the host's queue, and as a batch for the sidecar.

use sluice_core::spend::Record;
use sluice_core::spend::outbox::{batches, body};

use super::{Work, exchange, told};

pub(super) fn one() -> Result<Work, String> {
    let record = exchange::record()?;
    Ok(Work::new(0, move || Ok(json(&record)?.len())))
}

/// As the tick collects and posts them.
pub(super) fn batch() -> Result<Work, String> {
    let records = vec![json(&exchange::record()?)?; 100];
    let bytes = records.concat().len();
    Ok(Work::new(bytes, move || {
        let batches = batches(records.iter().cloned());
        Ok(batches.iter().map(|(json, _)| body(json, 0).len()).sum())
    }))
}

/// A record as the filter puts it into the queue.
pub(super) fn json(record: &Record) -> Result<Vec<u8>, String> {
    serde_json::to_vec(record).map_err(told)
}
