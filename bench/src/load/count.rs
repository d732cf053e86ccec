//! What came of the requests.

use std::time::Duration;

/// Of one connection, or of all.
#[derive(Default)]
pub(crate) struct Count {
    /// How long each answer took to its end.
    pub(crate) whole: Vec<Duration>,
    /// How long it took to the first byte of its body.
    pub(crate) first: Vec<Duration>,
    /// Answers that were not a 200.
    pub(crate) refused: usize,
    /// Requests without an answer.
    pub(crate) broken: usize,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.whole.extend(other.whole);
        self.first.extend(other.first);
        self.refused += other.refused;
        self.broken += other.broken;
    }

    /// One line; times in µs.
    pub(crate) fn json(mut self, elapsed: Duration) -> String {
        self.whole.sort_unstable();
        self.first.sort_unstable();
        format!(
            r#"{{"done":{},"refused":{},"broken":{},"seconds":{:.6},"p50_us":{:.1},"p99_us":{:.1},"max_us":{:.1},"first_p50_us":{:.1},"first_p99_us":{:.1}}}"#,
            self.whole.len(),
            self.refused,
            self.broken,
            elapsed.as_secs_f64(),
            share(&self.whole, 50),
            share(&self.whole, 99),
            share(&self.whole, 100),
            share(&self.first, 50),
            share(&self.first, 99),
        )
    }
}

/// The time within which so many of a hundred lie.
fn share(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}
