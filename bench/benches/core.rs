//! The workloads of the core under criterion: what changed since the last run, with its spread.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use sluice_bench::workloads::ALL;

fn main() -> Result<(), String> {
    let mut criterion = Criterion::default().configure_from_args();
    for workload in &ALL {
        let mut work = workload.make()?;
        work.once()?;
        let mut group = criterion.benchmark_group("core");
        if let Ok(bytes @ 1..) = u64::try_from(work.bytes) {
            group.throughput(Throughput::Bytes(bytes));
        }
        group.bench_function(workload.name, |bencher| {
            bencher.iter(|| black_box(work.once()));
        });
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
