//! The table, on stdout.

use std::collections::BTreeMap;
use std::io::BufRead;

use sluice_bench::workloads::{ALL, Work};

use crate::clock::Time;

/// What a run elsewhere came to.
pub(crate) struct Lines {
    place: String,
    times: BTreeMap<String, Time>,
}

impl Lines {
    /// Reads the lines of `bench-core lines`.
    pub(crate) fn read(lines: impl BufRead) -> Result<Self, String> {
        let lines: Result<Vec<_>, _> = lines.lines().collect();
        let lines = lines.map_err(|why| why.to_string())?;
        let (place, lines) = lines.split_first().ok_or("nothing to put beside")?;
        let time = |line: &String| {
            let mut cells = line.split('\t');
            let name = cells.next()?.to_owned();
            let [median, least] = [cells.next()?.parse().ok()?, cells.next()?.parse().ok()?];
            Some((name, Time { median, least }))
        };
        let times: Option<_> = lines.iter().map(time).collect();
        Ok(Self {
            place: place.clone(),
            times: times.ok_or("lines of something else")?,
        })
    }
}

/// Measures every workload here, and puts what another run came to beside it.
pub(crate) fn table(
    place: &str,
    other: Option<&Lines>,
    measured: impl Fn(Work) -> Result<Time, String>,
) -> Result<(), String> {
    println!("µs a call: {place}");
    if let Some(other) = other {
        println!("   and in: {}", other.place);
    }
    print!(
        "\n{:<24}{:>9}{:>10}{:>10}{:>8}",
        "workload", "bytes", "median", "least", "MB/s"
    );
    match other {
        None => println!(),
        Some(_) => println!("  |{:>10}{:>10}{:>7}  target", "median", "least", "ratio"),
    }
    for workload in &ALL {
        let work = workload.make()?;
        let bytes = work.bytes;
        let time = measured(work)?;
        #[expect(clippy::cast_precision_loss, reason = "a workload has few bytes")]
        let rate = bytes as f64 / time.median;
        let [bytes, rate] = match bytes {
            0 => [String::new(), String::new()],
            some => [some.to_string(), format!("{rate:.0}")],
        };
        let Time { median, least } = time;
        let name = workload.name;
        print!("{name:<24}{bytes:>9}{median:>10.2}{least:>10.2}{rate:>8}");
        let Some(there) = other.and_then(|other| other.times.get(name)) else {
            println!();
            continue;
        };
        let target = workload.target;
        let target = target.map_or_else(String::new, |most| format!("  < {most}"));
        let ratio = there.least / least;
        println!(
            "  |{:>10.2}{:>10.2}{ratio:>7.1}{target}",
            there.median, there.least
        );
    }
    Ok(())
}
