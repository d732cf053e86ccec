//! What was measured before, and the verdict.

use std::collections::BTreeMap;
use std::fmt;

/// Figures by name, in the order of the table.
pub(crate) type Figures = Vec<(String, u64)>;

/// How far a figure may be from the baseline, hundredths.
const TOLERANCE: u64 = 5;

/// The figures that are kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Baseline(BTreeMap<String, u64>);

impl Baseline {
    pub(crate) fn of(figures: &Figures) -> Self {
        Self(figures.iter().cloned().collect())
    }

    pub(crate) fn read(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json).map(Self)
    }

    pub(crate) fn write(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(&self.0)? + "\n")
    }

    pub(crate) fn judge(&self, figures: &Figures) -> Judged {
        let is_there = |name: &str| figures.iter().any(|(own, _)| own == name);
        let gone = self.0.iter().filter(|(name, _)| !is_there(name));
        let gone = gone.map(|(name, kept)| Row::new(name, Some(*kept), None));
        let rows = figures
            .iter()
            .map(|(name, found)| Row::new(name, self.0.get(name).copied(), Some(*found)));
        Judged(rows.chain(gone).collect())
    }
}

/// Every figure beside its baseline.
pub(crate) struct Judged(Vec<Row>);

struct Row {
    name: String,
    kept: Option<u64>,
    found: Option<u64>,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Held,
    Less,
    More,
    /// One of the two does not have it.
    Unknown,
}

impl Row {
    fn new(name: &str, kept: Option<u64>, found: Option<u64>) -> Self {
        Self {
            name: name.to_owned(),
            kept,
            found,
            verdict: Verdict::of(kept, found),
        }
    }

    /// Hundredths.
    #[expect(clippy::cast_precision_loss, reason = "hundredths need not be exact")]
    fn change(&self) -> Option<f64> {
        let (kept, found) = (self.kept?, self.found?);
        Some((found as f64 / kept as f64 - 1.0) * 100.0)
    }
}

impl Verdict {
    fn of(kept: Option<u64>, found: Option<u64>) -> Self {
        let (Some(kept), Some(found)) = (kept, found) else {
            return Self::Unknown;
        };
        let hundredths = |figure: u64, of: u64| figure.saturating_mul(of);
        if hundredths(found, 100) > hundredths(kept, 100 + TOLERANCE) {
            Self::More
        } else if hundredths(found, 100) < hundredths(kept, 100 - TOLERANCE) {
            Self::Less
        } else {
            Self::Held
        }
    }
}

impl Judged {
    /// Whether the baseline holds: nothing costs more, and every figure is in both.
    pub(crate) fn passes(&self) -> bool {
        !self.has(Verdict::More) && !self.has(Verdict::Unknown)
    }

    fn has(&self, verdict: Verdict) -> bool {
        self.0.iter().any(|row| row.verdict == verdict)
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<26}{:>12}{:>12}{:>9}",
            "instructions", "baseline", "now", "change"
        )?;
        for row in &self.0 {
            let figure =
                |figure: Option<u64>| figure.map_or_else(|| "-".to_owned(), |n| n.to_string());
            let change = row.change();
            let change = change.map_or_else(String::new, |change| format!("{change:+.2} %"));
            let word = match row.verdict {
                Verdict::Held => "",
                Verdict::Less => "  less",
                Verdict::More => "  MORE",
                Verdict::Unknown => "  NOT IN BOTH",
            };
            let (kept, found) = (figure(row.kept), figure(row.found));
            writeln!(f, "{:<26}{kept:>12}{found:>12}{change:>9}{word}", row.name)?;
        }
        writeln!(f)?;
        if !self.passes() {
            return writeln!(
                f,
                "FAILED: more than {TOLERANCE} % above the baseline, or not in it. Where that is meant: make baseline"
            );
        }
        if self.has(Verdict::Less) {
            return writeln!(
                f,
                "The baseline holds. Some of it costs more than {TOLERANCE} % less: renew it with make baseline"
            );
        }
        writeln!(f, "The baseline holds.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(kept: &[(&str, u64)], found: &[(&str, u64)]) -> Judged {
        let own = |figures: &[(&str, u64)]| -> Figures {
            let own = figures.iter();
            own.map(|(name, n)| ((*name).to_owned(), *n)).collect()
        };
        Baseline::of(&own(kept)).judge(&own(found))
    }

    #[test]
    fn what_costs_more_than_the_tolerance_fails() {
        for (found, verdict, passes) in [
            (10_500, Verdict::Held, true),
            (10_501, Verdict::More, false),
            (9_500, Verdict::Held, true),
            (9_499, Verdict::Less, true),
        ] {
            let judged = judged(&[("a", 7), ("b", 10_000)], &[("a", 7), ("b", found)]);
            let verdicts: Vec<_> = judged.0.iter().map(|row| row.verdict).collect();
            assert_eq!(verdicts, [Verdict::Held, verdict], "{found}");
            assert_eq!(judged.passes(), passes, "{found}");
        }
    }

    #[test]
    fn what_is_not_in_both_fails() {
        assert!(!judged(&[], &[("a", 1)]).passes());
        assert!(!judged(&[("a", 1)], &[]).passes());
    }

    #[test]
    fn all_is_in_the_table() {
        let table = judged(&[("a", 100), ("c", 9)], &[("b", 5), ("a", 94)]).to_string();
        for line in [
            "b                                    -           5           NOT IN BOTH",
            "a                                  100          94  -6.00 %  less",
            "c                                    9           -           NOT IN BOTH",
            "FAILED",
        ] {
            assert!(table.contains(line), "{line}\n{table}");
        }
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() -> serde_json::Result<()> {
        let baseline = Baseline::of(&vec![("b".to_owned(), 2), ("a".to_owned(), 1)]);
        assert_eq!(Baseline::read(&baseline.write()?)?, baseline);
        Ok(())
    }
}
