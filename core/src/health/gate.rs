//! The keys that are not simply ready: those that rest, and those that are tried after a rest.

use std::collections::BTreeMap;

use super::bytes::{Bytes, put_text};
use super::fleet::Fleet;
use super::{LONGEST_MS, Sample, Standing, Why};
use crate::config::Health;

/// How long the request that tries a key has for it, milliseconds; then another may.
const PROBE_MS: u64 = 10_000;
/// How long after its rest a key that nobody tried is forgotten, milliseconds.
const FORGET_MS: u64 = 600_000;
/// The first byte of the gate's form.
const FORM: u8 = 1;

/// The keys that are not simply ready, as they stand in shared data. Usually there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    keys: BTreeMap<String, Rest>,
}

/// A rest: one that this process began, one that the fleet told of, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    own: Deadline,
    fleet: Deadline,
    /// Failed probes in a row.
    level: u8,
    /// Until when a request is trying it, Unix milliseconds.
    probed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deadline {
    /// Unix milliseconds; 0 when there is none.
    until: u64,
    why: Why,
}

/// What attempts have changed at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A rest has begun.
    Rests {
        /// Milliseconds.
        rest_ms: u64,
        /// Why.
        why: Why,
    },
    /// It answered after its rest: it is ready.
    Recovered,
}

impl Gate {
    /// How each of them stands.
    #[must_use]
    pub fn standings(&self, now_ms: u64) -> BTreeMap<String, Standing> {
        let standing = |rest: &Rest| {
            let Deadline { until, why } = rest.longest();
            match () {
                () if now_ms < until => Standing::Resting { until, why },
                () if now_ms < rest.probed => Standing::Probed,
                () => Standing::Due,
            }
        };
        let each = self.keys.iter();
        each.map(|(key, rest)| (key.clone(), standing(rest)))
            .collect()
    }

    /// Whether all keys are ready.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether [`Gate::take`] would change anything.
    #[must_use]
    pub fn concerns(&self, samples: &[Sample], reason: Option<Why>) -> bool {
        reason.is_some()
            || samples.iter().any(|sample| {
                self.keys.contains_key(&sample.key)
                    || sample.limits.is_some_and(|limits| limits.rest_ms.is_some())
            })
    }

    /// Takes what attempts at one key tell; `reason` is what its ring said to the last of them.
    ///
    /// A failure while it rests changes nothing, nor does a success. After the rest a success takes
    /// it out of the gate, and a failure begins the next rest; only attempts that began after the
    /// rest count. What the provider's headers ask for holds at once; the longest deadline wins.
    pub fn take(
        &mut self,
        samples: &[Sample],
        reason: Option<Why>,
        rules: &Health,
        now_ms: u64,
    ) -> Option<Change> {
        self.forget(now_ms);
        let last = samples.len().saturating_sub(1);
        let each = samples.iter().enumerate();
        each.filter_map(|(i, sample)| {
            let reason = reason.filter(|_| i == last);
            let change = self.judge(sample, reason, rules, now_ms);
            self.limited(sample, now_ms).or(change)
        })
        .last()
    }

    fn judge(
        &mut self,
        sample: &Sample,
        reason: Option<Why>,
        rules: &Health,
        now_ms: u64,
    ) -> Option<Change> {
        let (level, why) = match (self.keys.get(&sample.key), reason) {
            (None, None) => return None,
            (None, Some(why)) => (0, why),
            (Some(rest), _) => {
                let until = rest.longest().until;
                if now_ms < until || sample.began < until {
                    return None;
                }
                if sample.answered {
                    self.keys.remove(&sample.key);
                    return Some(Change::Recovered);
                }
                let why = if sample.limited {
                    Why::RateLimited
                } else {
                    Why::Failures
                };
                (rest.level.saturating_add(1), why)
            }
        };
        let rest_ms = rules.rest_ms(level);
        let own = Deadline::after(rest_ms, why, now_ms);
        self.keys.insert(
            sample.key.clone(),
            Rest {
                own,
                level,
                ..Rest::NONE
            },
        );
        Some(Change::Rests { rest_ms, why })
    }

    /// Begins the rest that the provider asks for.
    fn limited(&mut self, sample: &Sample, now_ms: u64) -> Option<Change> {
        let rest_ms = sample.limits?.rest_ms?.min(LONGEST_MS);
        let why = Why::RateLimited;
        let asked = Deadline::after(rest_ms, why, now_ms);
        let rest = self.keys.entry(sample.key.clone()).or_insert(Rest::NONE);
        if asked.until <= rest.own.until {
            return None;
        }
        rest.own = asked;
        rest.probed = 0;
        Some(Change::Rests { rest_ms, why })
    }

    /// Claims the one try of a key whose rest is over: `true` for who is to try it.
    pub fn claim(&mut self, key: &str, now_ms: u64) -> bool {
        let rest = self.keys.get_mut(key);
        let Some(rest) = rest.filter(|rest| rest.longest().until.max(rest.probed) <= now_ms) else {
            return false;
        };
        rest.probed = now_ms.saturating_add(PROBE_MS);
        true
    }

    /// Gives back a claim of `claimed_ms`: the request that has it came to no attempt. Another one's claim stays.
    pub fn release(&mut self, key: &str, claimed_ms: u64) {
        let rest = self.keys.get_mut(key);
        let own = claimed_ms.saturating_add(PROBE_MS);
        if let Some(rest) = rest.filter(|rest| rest.probed == own) {
            rest.probed = 0;
        }
    }

    /// Takes what the fleet knows, of the keys that `known` has. Its word goes for all of them: what
    /// it no longer tells of need not rest for its sake.
    pub fn merge(
        &mut self,
        fleet: &Fleet,
        known: impl Fn(&str) -> bool,
        rules: &Health,
        now_ms: u64,
    ) {
        self.forget(now_ms);
        for (key, rest) in &mut self.keys {
            if !fleet.resting.iter().any(|told| told.key == *key) {
                rest.fleet.until = rest.fleet.until.min(now_ms);
            }
        }
        for told in fleet.resting.iter().filter(|told| known(&told.key)) {
            let most = match told.why {
                Why::Failures => rules.max_cooldown_ms,
                Why::RateLimited => LONGEST_MS,
            };
            let rest = self.keys.entry(told.key.clone()).or_insert(Rest::NONE);
            rest.fleet = Deadline::after(told.remaining_ms.min(most), told.why, now_ms);
        }
    }

    /// The rest of a key that this process began: milliseconds, and why.
    #[must_use]
    pub fn own_rest(&self, key: &str, now_ms: u64) -> Option<(u64, Why)> {
        let own = self.keys.get(key)?.own;
        let rest_ms = own.until.checked_sub(now_ms).filter(|rest| *rest > 0)?;
        Some((rest_ms, own.why))
    }

    fn forget(&mut self, now_ms: u64) {
        let over = |rest: &Rest| rest.longest().until.saturating_add(FORGET_MS) < now_ms;
        self.keys.retain(|_, rest| !over(rest));
    }

    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![FORM];
        for (key, rest) in &self.keys {
            if !put_text(&mut out, key) {
                continue;
            }
            for Deadline { until, why } in [rest.own, rest.fleet] {
                out.extend(until.to_le_bytes());
                out.push(u8::from(why == Why::RateLimited));
            }
            out.push(rest.level);
            out.extend(rest.probed.to_le_bytes());
        }
        out
    }

    /// Reads the gate; what is not there or not readable is empty.
    #[must_use]
    pub fn read(bytes: Option<&[u8]>) -> Self {
        bytes
            .and_then(|bytes| Self::parse(Bytes(bytes)))
            .unwrap_or_default()
    }

    fn parse(mut bytes: Bytes<'_>) -> Option<Self> {
        (bytes.byte()? == FORM).then_some(())?;
        let mut keys = BTreeMap::new();
        while !bytes.0.is_empty() {
            let key = bytes.text()?.to_owned();
            let mut deadline = || {
                let until = bytes.long()?;
                let why = match bytes.byte()? {
                    0 => Why::Failures,
                    _ => Why::RateLimited,
                };
                Some(Deadline { until, why })
            };
            let rest = Rest {
                own: deadline()?,
                fleet: deadline()?,
                level: bytes.byte()?,
                probed: bytes.long()?,
            };
            keys.insert(key, rest);
        }
        Some(Self { keys })
    }
}

impl Rest {
    const NONE: Self = Self {
        own: Deadline::NONE,
        fleet: Deadline::NONE,
        level: 0,
        probed: 0,
    };

    fn longest(&self) -> Deadline {
        if self.own.until >= self.fleet.until {
            self.own
        } else {
            self.fleet
        }
    }
}

impl Deadline {
    const NONE: Self = Self {
        until: 0,
        why: Why::Failures,
    };

    fn after(rest_ms: u64, why: Why, now_ms: u64) -> Self {
        Self {
            until: now_ms.saturating_add(rest_ms),
            why,
        }
    }
}

#[cfg(test)]
mod tests;
