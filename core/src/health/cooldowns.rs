//! The keys that are not simply ready: those that cool down, and those that are tried after a cooldown.

use std::collections::BTreeMap;

use super::bytes::{Bytes, put_text};
use super::fleet::Fleet;
use super::{Claim, LONGEST_MS, Sample, Standing, Why};
use crate::config::Health;
use crate::sorted;

/// How long the request that tries a key has for it, milliseconds; then another may.
const PROBE_MS: u64 = 10_000;
/// How long after its cooldown a key that nobody tried is forgotten, milliseconds.
const FORGET_MS: u64 = 600_000;
/// The first byte of the list of cooldowns's form.
const FORM: u8 = 1;

/// The keys that are not simply ready, as they stand in shared data. Usually there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cooldowns {
    keys: BTreeMap<String, Cooldown>,
}

/// A cooldown: one that this process began, one that the fleet told of, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cooldown {
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

/// What attempts have changed at the list of cooldowns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A cooldown has begun.
    CoolsDown {
        /// Milliseconds.
        cooldown_ms: u64,
        /// Why.
        why: Why,
    },
    /// It answered after its cooldown: it is ready.
    Recovered,
}

impl Cooldowns {
    /// How each of them stands.
    #[must_use]
    pub fn standings(&self, now_ms: u64) -> BTreeMap<String, Standing> {
        let standing = |cooldown: &Cooldown| {
            let Deadline { until, why } = cooldown.longest();
            match () {
                () if now_ms < until => Standing::Cooling { until, why },
                () if now_ms < cooldown.probed => Standing::Probing,
                () => Standing::HalfOpen,
            }
        };
        let each = self.keys.iter();
        sorted::map(each.map(|(key, cooldown)| (key.clone(), standing(cooldown))))
    }

    /// Whether all keys are ready.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether [`Cooldowns::take`] would change anything.
    #[must_use]
    pub fn concerns(&self, samples: &[Sample], reason: Option<Why>) -> bool {
        reason.is_some()
            || samples.iter().any(|sample| {
                self.keys.contains_key(&*sample.key)
                    || sample
                        .limits
                        .is_some_and(|limits| limits.retry_after_ms.is_some())
            })
    }

    /// Takes what attempts at one key tell; `reason` is what its ring said to the last of them.
    ///
    /// A failure while it cools down changes nothing, nor does a success. After the cooldown a success takes
    /// it off the list, and a failure begins the next cooldown; only attempts that began after the
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
        let (level, why) = match (self.keys.get(&*sample.key), reason) {
            (None, None) => return None,
            (None, Some(why)) => (0, why),
            (Some(cooldown), _) => {
                let until = cooldown.longest().until;
                if now_ms < until || sample.began < until {
                    return None;
                }
                if sample.answered {
                    self.keys.remove(&*sample.key);
                    return Some(Change::Recovered);
                }
                let why = if sample.limited {
                    Why::RateLimited
                } else {
                    Why::Failures
                };
                (cooldown.level.saturating_add(1), why)
            }
        };
        let cooldown_ms = rules.cooldown(level);
        let own = Deadline::after(cooldown_ms, why, now_ms);
        self.keys.insert(
            sample.key.to_string(),
            Cooldown {
                own,
                level,
                ..Cooldown::NONE
            },
        );
        Some(Change::CoolsDown { cooldown_ms, why })
    }

    /// Begins the cooldown that the provider asks for.
    fn limited(&mut self, sample: &Sample, now_ms: u64) -> Option<Change> {
        let cooldown_ms = sample.limits?.retry_after_ms?.min(LONGEST_MS);
        let why = Why::RateLimited;
        let asked = Deadline::after(cooldown_ms, why, now_ms);
        let cooldown = self
            .keys
            .entry(sample.key.to_string())
            .or_insert(Cooldown::NONE);
        if asked.until <= cooldown.own.until {
            return None;
        }
        cooldown.own = asked;
        cooldown.probed = 0;
        Some(Change::CoolsDown { cooldown_ms, why })
    }

    /// Claims the one try of a key whose cooldown is over: `true` for who is to try it.
    pub fn claim(&mut self, key: &str, now_ms: u64) -> bool {
        let cooldown = self.keys.get_mut(key);
        let Some(cooldown) =
            cooldown.filter(|cooldown| cooldown.longest().until.max(cooldown.probed) <= now_ms)
        else {
            return false;
        };
        cooldown.probed = now_ms.saturating_add(PROBE_MS);
        true
    }

    /// Gives a claim back whose request has learned nothing: another may try the key at once.
    pub fn unclaim(&mut self, claim: &Claim) {
        let until = claim.at.saturating_add(PROBE_MS);
        let cooldown = self.keys.get_mut(&*claim.key);
        if let Some(cooldown) = cooldown.filter(|cooldown| cooldown.probed == until) {
            cooldown.probed = 0;
        }
    }

    /// Takes what the fleet knows, of the keys that `known` has. Its word goes for all of them: what
    /// it no longer tells of need not cool down for its sake.
    pub fn merge(
        &mut self,
        fleet: &Fleet,
        known: impl Fn(&str) -> bool,
        rules: &Health,
        now_ms: u64,
    ) {
        self.forget(now_ms);
        for (key, cooldown) in &mut self.keys {
            if !fleet.cooling.iter().any(|told| told.key == *key) {
                cooldown.fleet.until = cooldown.fleet.until.min(now_ms);
            }
        }
        for told in fleet.cooling.iter().filter(|told| known(&told.key)) {
            let most = longest_ms(told.why, rules);
            let cooldown = self.keys.entry(told.key.clone()).or_insert(Cooldown::NONE);
            cooldown.fleet = Deadline::after(told.remaining_ms.min(most), told.why, now_ms);
        }
    }

    /// The cooldown of a key that this process began: milliseconds, and why.
    #[must_use]
    pub fn own_cooldown(&self, key: &str, now_ms: u64) -> Option<(u64, Why)> {
        let own = self.keys.get(key)?.own;
        let cooldown_ms = own
            .until
            .checked_sub(now_ms)
            .filter(|cooldown| *cooldown > 0)?;
        Some((cooldown_ms, own.why))
    }

    /// Leaves the keys that nobody has tried for long.
    pub fn forget(&mut self, now_ms: u64) {
        let over =
            |cooldown: &Cooldown| cooldown.longest().until.saturating_add(FORGET_MS) < now_ms;
        self.keys.retain(|_, cooldown| !over(cooldown));
    }

    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![FORM];
        for (key, cooldown) in &self.keys {
            if !put_text(&mut out, key) {
                continue;
            }
            for Deadline { until, why } in [cooldown.own, cooldown.fleet] {
                out.extend(until.to_le_bytes());
                out.push(u8::from(why == Why::RateLimited));
            }
            out.push(cooldown.level);
            out.extend(cooldown.probed.to_le_bytes());
        }
        out
    }

    /// Reads the list of cooldowns; what is not there or not readable is empty. Where the clock has
    /// been set back, no cooldown is longer than it can be.
    #[must_use]
    pub fn read(bytes: Option<&[u8]>, rules: &Health, now_ms: u64) -> Self {
        let mut own = bytes
            .and_then(|bytes| Self::parse(Bytes(bytes)))
            .unwrap_or_default();
        for cooldown in own.keys.values_mut() {
            for Deadline { until, why } in [&mut cooldown.own, &mut cooldown.fleet] {
                *until = (*until).min(now_ms.saturating_add(longest_ms(*why, rules)));
            }
            cooldown.probed = cooldown.probed.min(now_ms.saturating_add(PROBE_MS));
        }
        own
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
            let cooldown = Cooldown {
                own: deadline()?,
                fleet: deadline()?,
                level: bytes.byte()?,
                probed: bytes.long()?,
            };
            keys.insert(key, cooldown);
        }
        Some(Self { keys })
    }
}

/// How long a cooldown can be.
fn longest_ms(why: Why, rules: &Health) -> u64 {
    match why {
        Why::Failures => rules.max_cooldown_ms,
        Why::RateLimited => LONGEST_MS,
    }
}

impl Cooldown {
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

    fn after(cooldown_ms: u64, why: Why, now_ms: u64) -> Self {
        Self {
            until: now_ms.saturating_add(cooldown_ms),
            why,
        }
    }
}

#[cfg(test)]
mod tests;
