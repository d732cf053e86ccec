//! Time of a call.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Until the code is as fast as it gets: V8 compiles what is called often a second time.
const WARM: Duration = Duration::from_millis(300);
/// One round; long enough that reading the clock does not count.
const ROUND: Duration = Duration::from_millis(5);
const ROUNDS: usize = 101;

/// What a call costs, µs.
pub(crate) struct Time {
    pub(crate) median: f64,
    pub(crate) least: f64,
}

/// Measures a call, as the mean of each of many rounds.
pub(crate) fn measure<T>(mut call: impl FnMut() -> T) -> Time {
    let start = Instant::now();
    let mut calls: u32 = 0;
    while start.elapsed() < WARM {
        black_box(call());
        calls += 1;
    }
    let each = start.elapsed() / calls.max(1);
    let calls = ROUND.as_nanos() / each.as_nanos().max(1);
    let calls = u32::try_from(calls).unwrap_or(u32::MAX).max(1);
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(call());
            }
            start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let at = |place: usize| rounds.get(place).copied().unwrap_or(f64::NAN);
    Time {
        median: at(ROUNDS / 2),
        least: at(0),
    }
}

/// One call by the clock, ns. Before it two more, after which the allocator has all that a call takes.
pub(crate) fn once<T, E>(mut call: impl FnMut() -> Result<T, E>) -> Result<u128, E> {
    call()?;
    call()?;
    let start = Instant::now();
    black_box(call()?);
    Ok(start.elapsed().as_nanos())
}
