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
    /// There is one when the last `failures` attempts failed within the window and at least half of
    /// the last 10 did, or at least 7 of those. What begins a cooldown is not counted again, nor are
    /// the further attempts that one broken connection fails.
    pub fn take(&mut self, samples: &[Sample], rules: &Health, now_ms: u64) -> Option<Why> {
        // The clock may have been set back.
        self.judged_from = self.judged_from.min(now_ms);
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
            judged: sample.began >= self.judged_from && !self.is_known(sample, now_ms),
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

    /// Whether it may be a part of the failure that was counted last: one connection that breaks fails
    /// all the attempts that are on it.
    fn is_known(&self, sample: &Sample, now_ms: u64) -> bool {
        if !sample.unconnected {
            return false;
        }
        let counted = |tried: &&Tried| tried.judged && !tried.answered && tried.at <= now_ms;
        let last = self.attempts.iter().rev().find(counted);
        last.is_some_and(|last| sample.began < last.at)
    }

    fn is_failing(&self, rules: &Health, now_ms: u64) -> bool {
        let judged = || self.attempts.iter().rev().filter(|tried| tried.judged);
        let wanted = usize::try_from(rules.failures).unwrap_or(LAST);
        let row = judged().take(wanted).take_while(|tried| {
            !tried.answered && now_ms.saturating_sub(tried.at) <= rules.window_ms
        });
        let of = judged().take(OF).count();
        let failed = judged().take(OF).filter(|tried| !tried.answered).count();
        failed >= FAILED || row.count() >= wanted && failed.saturating_mul(2) >= of
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
mod tests;
