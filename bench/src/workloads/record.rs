//! The spend record: as JSON in a VM's handful, and as a batch for the sidecar.

use serde::Serialize;
use sluice_core::spend::Record;
use sluice_core::spend::outbox::{Handful, batches};

use super::{Work, exchange, told};

pub(super) fn one() -> Result<Work, String> {
    let record = exchange::record()?;
    let mut handful = Handful::default();
    Ok(Work::new(0, move || put(&mut handful, &record)))
}

/// Puts a record into an empty handful; its bytes.
pub(super) fn put<T: AsRef<str> + Ord + Serialize>(
    handful: &mut Handful,
    record: &Record<T>,
) -> Result<usize, String> {
    handful.clear();
    handful.push(record).map_err(told)?;
    Ok(handful.bytes().len())
}

/// As the tick collects and posts them.
pub(super) fn batch() -> Result<Work, String> {
    let record = exchange::record()?;
    let mut handful = Handful::default();
    while handful.records() < 10 {
        handful.push(&record).map_err(told)?;
    }
    let handfuls = vec![handful; 10];
    let bytes = handfuls.iter().map(|own| own.json().len()).sum();
    Ok(Work::new(bytes, move || {
        let batches = batches(handfuls.iter().cloned()).into_iter();
        Ok(batches.map(|slot| slot.show(0, <[u8]>::len)).sum())
    }))
}
