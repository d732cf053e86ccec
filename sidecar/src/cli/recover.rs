//! `recover`: records that a filter wrote to Envoy's log because it could not deliver them (W53).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sluice_core::config::Config;

use super::{Failure, block_on};
use crate::ingest::Intake;
use crate::settings::{DatabaseSettings, DocumentSettings, LogSettings};
use crate::store::{Entry, Store};

/// What stands before a batch in a line of the log.
const MARKER: &[u8] = b"sluice.records ";

/// Records of one transaction.
const GROUP: usize = 1_000;

/// Settings of `recover`.
#[derive(Args)]
pub(super) struct Recover {
    /// The log; `-` is stdin.
    file: PathBuf,
    #[command(flatten)]
    document: DocumentSettings,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    log: LogSettings,
}

/// What came of a log.
#[derive(Debug, Default)]
struct Outcome {
    stored: u64,
    duplicates: u64,
    refused: u64,
    unreadable: u64,
    dropped: u64,
}

impl Recover {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        self.log.start();
        let config = self.document.read()?;
        let lines = open(&self.file)?;
        let outcome = block_on(async {
            let store = Store::open(&self.database.database).await?;
            let outcome = take(lines, &config, &store).await;
            store.close().await;
            outcome
        })?;
        let Outcome {
            stored,
            duplicates,
            refused,
            unreadable,
            dropped,
        } = outcome;
        writeln!(
            out,
            "{stored} records stored, {duplicates} were there already"
        )?;
        if dropped > 0 {
            writeln!(out, "{dropped} records were lost before, as the log says")?;
        }
        if refused + unreadable == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(
            out,
            "{refused} records and {unreadable} lines could not be read"
        )?;
        Ok(ExitCode::FAILURE)
    }
}

fn open(file: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let opened = File::open(file)
        .map_err(|error| Failure::new(format!("{}: cannot be read: {error}", file.display())))?;
    Ok(Box::new(BufReader::new(opened)))
}

async fn take(lines: Box<dyn BufRead>, config: &Config, store: &Store) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut waiting = Vec::new();
    for (line, number) in lines.split(b'\n').zip(1_u64..) {
        let line = line?;
        let Some(batch) = batch(&line) else {
            continue;
        };
        match Intake::read(batch, config) {
            Ok(intake) => {
                outcome.refused += intake.refused;
                outcome.dropped += intake.dropped;
                waiting.extend(intake.entries);
            }
            Err(error) => {
                outcome.unreadable += 1;
                tracing::warn!(
                    line = number,
                    column = error.column(),
                    "batch is not readable"
                );
            }
        }
        if waiting.len() >= GROUP {
            append(store, std::mem::take(&mut waiting), &mut outcome).await?;
        }
    }
    append(store, waiting, &mut outcome).await?;
    Ok(outcome)
}

async fn append(store: &Store, entries: Vec<Entry>, outcome: &mut Outcome) -> Result<(), Failure> {
    let appended = store.append(entries).await?;
    outcome.stored += u64::try_from(appended.stored.len()).unwrap_or(u64::MAX);
    outcome.duplicates += appended.duplicates;
    Ok(())
}

/// The batch of a line: what stands after the marker.
fn batch(line: &[u8]) -> Option<&[u8]> {
    let start = line
        .windows(MARKER.len())
        .position(|window| window == MARKER)?;
    let (_, batch) = line.split_at_checked(start + MARKER.len())?;
    Some(batch.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_stands_after_the_marker() {
        let line = b"[1][critical][wasm] wasm log sluice: sluice.records {\"records\": []}\r";
        assert_eq!(batch(line), Some(&b"{\"records\": []}"[..]));
        assert_eq!(batch(b"sluice.records "), Some(&b""[..]));
        assert_eq!(batch(b"sluice.record {}"), None);
    }
}
