//! The last attempts at one key.

use std::collections::VecDeque;

use super::bytes::Bytes;
use super::{Figures, Sample, Why};
use crate::config::Health;

/// Attempts that a ring holds.
const LAST: usize = Health::LAST as usize;
/// Of so many attempts …
const OF: usize = 10;
/// … so many failures begin a cooldown.
const FAILED: usize = 7;
/// The first byte of a ring's form.
const FORM: u8 = 1;

/// The last attempts at one key, as they stand in shared data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    attempts: VecDeque<Tried>,
    /// Attempts of all time.
    total: u64,
    /// Those of them that the sidecar knows.
    reported: u64,
    /// Attempts that began before this do not count towards a cooldown, Unix milliseconds.
    judged_from: u64,
    /// What was left of the scarcest limit, in hundredths, and until when that holds good.
    headroom: Option<(u8, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tried {
    answered: bool,
    /// Whether it counts towards a cooldown.
    judged: bool,
    latency_ms: u32,
    /// Unix milliseconds.
    at: u64,
}

impl Ring {
    /// Takes what attempts tell, oldest first; a reason to cool down when the last of them gives one.
    ///
    /// There is one when the last `failures` attempts failed within the window, or at least 7 of the
    /// last 10. What begins a cooldown is not counted again.
    pub fn take(&mut self, samples: &[Sample], rules: &Health, now_ms: u64) -> Option<Why> {
        samples
            .iter()
            .fold(None, |_, sample| self.one(sample, rules, now_ms))
    }

    fn one(&mut self, sample: &Sample, rules: &Health, now_ms: u64) -> Option<Why> {
        if self.attempts.len() >= LAST {
            self.attempts.pop_front();
        }
        self.attempts.push_back(Tried {
            answered: sample.answered,
            judged: sample.began >= self.judged_from,
            latency_ms: u32::try_from(sample.latency_ms).unwrap_or(u32::MAX),
            at: now_ms,
        });
        self.total = self.total.saturating_add(1);
        if let Some((limits, headroom)) = sample.limits.and_then(|own| Some((own, own.headroom?))) {
            self.headroom = Some((headroom, now_ms.saturating_add(limits.headroom_ms)));
        }
        if sample.answered || !self.is_failing(rules, now_ms) {
            return None;
        }
        self.forgive(now_ms);
        Some(if sample.limited {
            Why::RateLimited
        } else {
            Why::Failures
        })
    }

    fn is_failing(&self, rules: &Health, now_ms: u64) -> bool {
        let judged = || self.attempts.iter().rev().filter(|tried| tried.judged);
        let wanted = usize::try_from(rules.failures).unwrap_or(LAST);
        let row = judged().take(wanted).take_while(|tried| {
            !tried.answered && now_ms.saturating_sub(tried.at) <= rules.window_ms
        });
        let failed = judged().take(OF).filter(|tried| !tried.answered);
        row.count() >= wanted || failed.count() >= FAILED
    }

    /// What was until now does not count towards a cooldown any more.
    pub fn forgive(&mut self, now_ms: u64) {
        self.judged_from = now_ms;
        for tried in &mut self.attempts {
            tried.judged = false;
        }
    }

    /// What it says for a score.
    #[must_use]
    pub fn figures(&self, now_ms: u64) -> Figures {
        let mean = |sum: u64, count: usize| {
            #[expect(clippy::cast_precision_loss, reason = "a mean need not be exact")]
            (count > 0).then(|| sum as f64 / count as f64)
        };
        let answered = || self.attempts.iter().filter(|tried| tried.answered);
        let count = answered().count();
        let latencies = answered().map(|tried| u64::from(tried.latency_ms)).sum();
        let headroom = self
            .headroom(now_ms)
            .map_or(1.0, |left| f64::from(left) / 100.0);
        Figures {
            success_rate: mean(count as u64, self.attempts.len()),
            latency_ms: mean(latencies, count),
            headroom,
        }
    }

    /// What is left of the scarcest limit, in hundredths; `None` where nothing is known any more.
    #[must_use]
    pub fn headroom(&self, now_ms: u64) -> Option<u8> {
        let (left, until) = self.headroom?;
        (now_ms < until).then_some(left)
    }

    /// The attempts that the sidecar does not know, oldest first: whether each answered, and its
    /// latency in milliseconds.
    pub fn unreported(&self) -> impl Iterator<Item = (bool, u64)> {
        let new = self.total.saturating_sub(self.reported);
        let new = usize::try_from(new).unwrap_or(LAST);
        let known = self.attempts.len().saturating_sub(new);
        let attempts = self.attempts.iter().skip(known);
        attempts.map(|tried| (tried.answered, tried.latency_ms.into()))
    }

    /// Attempts of all time.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The sidecar knows so many of all attempts.
    pub fn reported(&mut self, total: u64) {
        self.reported = self.reported.max(total.min(self.total));
    }

    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![FORM];
        for number in [self.total, self.reported, self.judged_from] {
            out.extend(number.to_le_bytes());
        }
        let (left, until) = self.headroom.unwrap_or((u8::MAX, 0));
        out.push(left);
        out.extend(until.to_le_bytes());
        for tried in &self.attempts {
            out.push(u8::from(tried.answered) | u8::from(tried.judged) << 1);
            out.extend(tried.latency_ms.to_le_bytes());
            out.extend(tried.at.to_le_bytes());
        }
        out
    }

    /// Reads a ring; what is not there or not readable is empty.
    #[must_use]
    pub fn read(bytes: Option<&[u8]>) -> Self {
        bytes
            .and_then(|bytes| Self::parse(Bytes(bytes)))
            .unwrap_or_default()
    }

    fn parse(mut bytes: Bytes<'_>) -> Option<Self> {
        (bytes.byte()? == FORM).then_some(())?;
        let mut ring = Self {
            attempts: VecDeque::new(),
            total: bytes.long()?,
            reported: bytes.long()?,
            judged_from: bytes.long()?,
            headroom: None,
        };
        let (left, until) = (bytes.byte()?, bytes.long()?);
        ring.headroom = (left <= 100).then_some((left, until));
        while ring.attempts.len() < LAST && !bytes.0.is_empty() {
            let flags = bytes.byte()?;
            ring.attempts.push_back(Tried {
                answered: flags & 1 != 0,
                judged: flags & 2 != 0,
                latency_ms: bytes.word()?,
                at: bytes.long()?,
            });
        }
        Some(ring)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::health::{Limits, sample};

    fn take(ring: &mut Ring, outcomes: &str, now: u64) -> Vec<Option<Why>> {
        let one = |letter| {
            let mut sample = sample(letter == '.', now);
            sample.limited = letter == 'l';
            ring.take(&[sample], &Health::default(), now)
        };
        outcomes.chars().map(one).collect()
    }

    #[test]
    fn w36_failures_in_a_row_begin_a_rest() {
        let mut ring = Ring::default();
        let (none, cooldown) = (None, Some(Why::Failures));
        assert_eq!(
            take(&mut ring, "xx.xxx", 10),
            [none, none, none, none, none, cooldown]
        );
        // Those are not counted again.
        assert_eq!(take(&mut ring, "xxx", 20), [none, none, cooldown]);
        assert_eq!(
            take(&mut ring, "xxl", 30),
            [none, none, Some(Why::RateLimited)]
        );
    }

    #[test]
    fn w36_all_that_was_gathered_is_taken() {
        let mut ring = Ring::default();
        let samples = [true, true, false, false, false].map(|answered| sample(answered, 0));
        let why = ring.take(&samples, &Health::default(), 0);
        assert_eq!((why, ring.total()), (Some(Why::Failures), 5));
        assert_eq!(ring.figures(0).success_rate, Some(0.4));
        assert_eq!(ring.take(&[], &Health::default(), 0), None);
    }

    #[test]
    fn w36_the_row_must_be_within_the_window() {
        let mut ring = Ring::default();
        assert_eq!(take(&mut ring, "x", 0), [None]);
        assert_eq!(take(&mut ring, "x", 59_000), [None]);
        assert_eq!(take(&mut ring, "x", 61_000), [None]);
        assert_eq!(take(&mut ring, "x", 119_000), [Some(Why::Failures)]);
    }

    #[test]
    fn w36_seven_of_ten_begin_a_rest() {
        let mut ring = Ring::default();
        let told = take(&mut ring, "..........xx.xx.xx.", 0);
        assert!(told.iter().all(Option::is_none), "6 of 10");
        assert_eq!(take(&mut ring, "x", 0), [Some(Why::Failures)]);
        assert_eq!(
            take(&mut ring, ".x", 0),
            [None, None],
            "they are not counted again"
        );
    }

    #[test]
    fn w36_an_attempt_from_before_a_rest_is_not_judged() {
        let mut ring = Ring::default();
        ring.forgive(1_000);
        for _ in 0..10 {
            let late = sample(false, 999);
            assert_eq!(ring.take(&[late], &Health::default(), 2_000), None);
        }
        assert_eq!(ring.figures(0).success_rate, Some(0.0));
        assert_eq!(take(&mut ring, "xx.", 2_000), [None; 3]);
        ring.forgive(3_000);
        assert_eq!(take(&mut ring, "xx", 3_000), [None; 2]);
    }

    #[test]
    fn w36_the_last_hundred_are_kept() {
        let mut ring = Ring::default();
        assert_eq!(ring.figures(0), Figures::default());
        for latency_ms in 0..250 {
            let mut sample = sample(latency_ms % 4 > 0, 0);
            sample.latency_ms = latency_ms;
            ring.take(&[sample], &Health::default(), 5);
        }
        let figures = ring.figures(5);
        assert_eq!(figures.success_rate, Some(0.75));
        assert!(
            figures
                .latency_ms
                .is_some_and(|mean| (198.0..202.0).contains(&mean))
        );
        assert_eq!((ring.unreported().count(), ring.total()), (100, 250));
        ring.reported(240);
        assert_eq!(ring.unreported().count(), 10);
        assert_eq!(ring.unreported().last(), Some((true, 249)));
        ring.reported(999);
        assert_eq!(ring.unreported().count(), 0);
    }

    #[test]
    fn w36_headroom_has_an_end() {
        let mut ring = Ring::default();
        let mut sample = sample(true, 0);
        let limits = Limits {
            retry_after_ms: None,
            headroom: Some(30),
            headroom_ms: 50,
        };
        sample.limits = Some(limits);
        ring.take(&[sample.clone()], &Health::default(), 100);
        assert_eq!((ring.headroom(149), ring.headroom(150)), (Some(30), None));
        assert_eq!(
            (ring.figures(100).headroom, ring.figures(150).headroom),
            (0.3, 1.0)
        );
        sample.limits = Some(Limits {
            headroom: None,
            ..limits
        });
        ring.take(&[sample], &Health::default(), 100);
        assert_eq!(ring.headroom(149), Some(30), "nothing was told");
    }

    #[test]
    fn w36_a_ring_is_read_as_it_was_written() {
        let mut ring = Ring::default();
        take(&mut ring, ".x.xxx..", 77);
        assert_eq!(Ring::read(Some(&ring.write())), ring);
        let whole = ring.write();
        for end in 0..whole.len() {
            let cut = Ring::read(Some(&whole[..end]));
            assert!(cut.attempts.len() < ring.attempts.len());
        }
        assert_eq!(Ring::read(None), Ring::default());
        assert_eq!(Ring::read(Some(&[0xff; 99])), Ring::default());
        let long = [whole.clone(), vec![0; 13 * 200]].concat();
        assert_eq!(Ring::read(Some(&long)).attempts.len(), LAST);
    }
}
