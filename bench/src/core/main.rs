//! What the core costs, workload by workload.
//!
//! ```text
//!  bench-core                 a table
//!  bench-core lines <place>   what another one puts beside its own: a line that says where, then a line a workload
//!  bench-core beside          a table of both; the other's lines come in on stdin
//!  bench-core names           a line a workload
//!  bench-core count <name>    one call by the clock, ns; the guard's clock counts instructions
//! ```

mod clock;
mod table;

use std::io::stdin;

use sluice_bench::workloads::{ALL, Work};

use clock::{Time, measure, once};
use table::{Lines, table};

/// As in the filter.
#[cfg(target_family = "wasm")]
#[global_allocator]
static MEMORY: sluice_memory::Memory = sluice_memory::Memory::new();

fn main() -> Result<(), String> {
    let mut args = std::env::args().skip(1);
    let mode = args.next();
    let word = args.next();
    let native = format!("native {}", std::env::consts::ARCH);
    match (mode.as_deref(), word) {
        (None, None) => table(&native, None, measured),
        (Some("beside"), None) => {
            let other = Lines::read(stdin().lock())?;
            table(&native, Some(&other), measured)
        }
        (Some("lines"), place) => {
            println!("{}", place.unwrap_or(native));
            for workload in &ALL {
                let time = measured(workload.make()?)?;
                println!("{}\t{}\t{}", workload.name, time.median, time.least);
            }
            Ok(())
        }
        (Some("names"), None) => {
            ALL.iter()
                .for_each(|workload| println!("{}", workload.name));
            Ok(())
        }
        (Some("count"), Some(name)) => {
            let found = ALL.iter().find(|workload| workload.name == name);
            let mut work = found.ok_or("no workload has this name")?.make()?;
            println!("{}", once(|| work.once())?);
            Ok(())
        }
        _ => Err("see bench/README.md".to_owned()),
    }
}

fn measured(mut work: Work) -> Result<Time, String> {
    work.once()?;
    Ok(measure(|| work.once()))
}
