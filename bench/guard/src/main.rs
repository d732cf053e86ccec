//! Holds what the core costs, and what the module weighs, against a baseline.
//!
//! ```text
//!  bench-core.wasm ─▶ counters ─▶ wasmi, each workload in a memory of its own ─▶ instructions ─┐
//!  sluice_filter.wasm ─▶ bytes ─────────────────────────────────────────────────────────────────┴─▶ baseline.json: table, verdict
//! ```
//!
//! Usage: `sluice-guard <bench-core.wasm> <sluice_filter.wasm> <baseline.json>`; with
//! `UPDATE_BASELINE` set the baseline is written anew.

mod baseline;
mod counted;
mod machine;

use std::error::Error;
use std::process::ExitCode;
use std::{env, fs};

use baseline::{Baseline, Figures};
use machine::Machine;

/// The module's size, among the workloads.
const SIZE: &str = "module, bytes";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [program, module, baseline] = args.as_slice() else {
        return Err(
            "usage: sluice-guard <bench-core.wasm> <sluice_filter.wasm> <baseline.json>".into(),
        );
    };
    let figures = figures(program, module)?;
    if env::var_os("UPDATE_BASELINE").is_some() {
        fs::write(baseline, Baseline::of(&figures).write()?)?;
    }
    let judged = Baseline::read(&fs::read_to_string(baseline)?)?.judge(&figures);
    print!("{judged}");
    Ok(if judged.passes() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn figures(program: &str, module: &str) -> Result<Figures, Box<dyn Error>> {
    let machine = Machine::new(&fs::read(program)?)?;
    let mut figures = Figures::new();
    for name in machine.run(&["names"])?.lines() {
        let count = machine.run(&["count", name]);
        let count = count.map_err(|why| format!("{name}: {why}"))?;
        figures.push((name.to_owned(), count.trim().parse()?));
    }
    figures.push((SIZE.to_owned(), fs::metadata(module)?.len()));
    Ok(figures)
}
