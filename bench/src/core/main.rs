//! What the core costs a body: parsed and validated, the model resolved, the attempts planned, the
//! edits of the first attempt made. A table on stdout; the argument says where this runs.

mod clock;
mod work;

use clock::measure;
use sluice_bench::bodies::{self, Shape};
use work::Work;

/// Bytes of a body, and what it is to cost in Wasm at most, µs.
const SIZES: [(&str, usize, Option<f64>); 4] = [
    ("1 KB", 1_000, None),
    ("10 KB", 10_000, Some(12.0)),
    ("100 KB", 100_000, None),
    ("1 MB", 1_000_000, Some(800.0)),
];

fn main() -> Result<(), String> {
    let place = std::env::args()
        .nth(1)
        .unwrap_or_else(|| format!("native {}", std::env::consts::ARCH));
    println!("parse + selector + plan + edits, µs a body, {place}\n");
    println!(
        "{:<14}{:>9}{:>9}{:>9}{:>9}  target",
        "body", "bytes", "median", "least", "MB/s"
    );
    let mut work = Work::new()?;
    for shape in [Shape::Chat, Shape::Tools] {
        for (name, len, target) in SIZES {
            let body = bodies::body(shape, len, "gpt-4o-mini", true);
            let edits = work.once(&body)?;
            if edits == 0 {
                return Err("a body in which nothing changes".to_owned());
            }
            let time = measure(|| work.once(&body));
            let target = target.filter(|_| cfg!(target_family = "wasm"));
            let target = target.map_or_else(String::new, |most| format!("  < {most}"));
            #[expect(clippy::cast_precision_loss, reason = "a body has few bytes")]
            let rate = body.len() as f64 / time.median;
            println!(
                "{:<14}{:>9}{:>9.2}{:>9.2}{rate:>9.0}{target}",
                format!("{} {name}", shape.as_str()),
                body.len(),
                time.median,
                time.least,
            );
        }
    }
    Ok(())
}
