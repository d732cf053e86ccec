//! What all Envoys say of the providers' health, merged (W36).
//!
//! A cooldown because of a rate limit holds for all: the provider said so. One because of failures holds
//! for all while most of the Envoys that have a say see it so; one has a say that tried the key of
//! late, or whose cooldown it is. An Envoy that is new has none, and follows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use sluice_core::config::Config;
use sluice_core::health::fleet::{Cooling, Fleet as Answer, Report};
use sluice_core::health::{LONGEST_MS, Why};

/// Attempts of one key that figures are made of (S4).
const LAST: usize = 100;
/// How long an attempt gives its Envoy a say, milliseconds.
const SAY_MS: u64 = 10_000;
/// How long an Envoy that is silent is remembered, milliseconds.
const FORGET_MS: u64 = 15_000;
/// Envoys that are remembered at once; of more, the further ones get answers and have no say.
const INSTANCES: usize = 1_000;

/// The fleet's health.
#[derive(Debug)]
pub struct Fleet {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When each Envoy reported last, Unix milliseconds.
    instances: BTreeMap<String, u64>,
    /// All that are configured, and no other.
    keys: BTreeMap<String, Key>,
}

/// What is known of one key.
#[derive(Debug, Default)]
struct Key {
    /// The last attempts of all Envoys: whether each answered, and its latency in milliseconds.
    attempts: VecDeque<(bool, u64)>,
    /// What each Envoy says of it.
    said: BTreeMap<String, Said>,
}

#[derive(Debug, Default)]
struct Said {
    /// Its last attempt, Unix milliseconds.
    tried: u64,
    /// Until when it cools down there, Unix milliseconds, and why.
    cooldown: Option<(u64, Why)>,
    /// Hundredths.
    headroom: Option<u8>,
}

/// The figures of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// How many of the last attempts these figures are made of.
    pub attempts: usize,
    /// Part of them that answered, 0 to 1; `None` without any.
    pub success_rate: Option<f64>,
    /// Mean latency of those that answered, milliseconds.
    pub avg_latency_ms: Option<u64>,
    /// Of ten that answered, nine took at most so long, milliseconds.
    pub p90_latency_ms: Option<u64>,
    /// Of a hundred, ninety-nine.
    pub p99_latency_ms: Option<u64>,
    /// Until when it cools down everywhere, Unix milliseconds; 0 when it does not.
    pub cooldown_until: u64,
    /// What is left of its scarcest limit, 0 to 1; 1 where nothing is known.
    pub headroom: f64,
}

impl Fleet {
    /// A fleet of which nothing is known, for the keys of this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let keys = config.keys().into_iter();
        Self {
            state: Mutex::new(State {
                instances: BTreeMap::new(),
                keys: keys.map(|key| (key.to_owned(), Key::default())).collect(),
            }),
        }
    }

    /// Takes what one Envoy tells, and says what the fleet knows.
    pub fn take(&self, report: Report, now_ms: u64) -> Answer {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget(now_ms);
        let known = state.instances.contains_key(&report.instance);
        if known || state.instances.len() < INSTANCES {
            state.take(report, now_ms);
        }
        let cooling = |(key, known): (&String, &Key)| {
            let (until, why) = known.cooldown(now_ms)?;
            Some(Cooling {
                key: key.clone(),
                remaining_ms: until - now_ms,
                why,
            })
        };
        Answer {
            cooling: state.keys.iter().filter_map(cooling).collect(),
        }
    }

    /// The figures of all keys.
    #[must_use]
    pub fn figures(&self, now_ms: u64) -> BTreeMap<String, Figures> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget(now_ms);
        let each = state.keys.iter();
        each.map(|(key, known)| (key.clone(), known.figures(now_ms)))
            .collect()
    }
}

impl State {
    fn take(&mut self, report: Report, now_ms: u64) {
        for key in self.keys.values_mut() {
            if let Some(said) = key.said.get_mut(&report.instance) {
                (said.cooldown, said.headroom) = (None, None);
            }
        }
        for entry in report.entries {
            let Some(key) = self.keys.get_mut(&entry.key) else {
                continue;
            };
            let said = key.said.entry(report.instance.clone()).or_default();
            if !entry.samples.is_empty() {
                said.tried = now_ms;
            }
            let until = now_ms.saturating_add(entry.cooldown_ms.min(LONGEST_MS));
            said.cooldown = entry.why.map(|why| (until, why));
            said.headroom = entry.headroom.map(|left| left.min(100));
            let new = entry.samples.len().saturating_sub(LAST);
            key.attempts.extend(entry.samples.into_iter().skip(new));
            let old = key.attempts.len().saturating_sub(LAST);
            key.attempts.drain(..old);
        }
        self.instances.insert(report.instance, now_ms);
    }

    fn forget(&mut self, now_ms: u64) {
        let fresh = |seen: &u64| now_ms.saturating_sub(*seen) <= FORGET_MS;
        let before = self.instances.len();
        self.instances.retain(|_, seen| fresh(seen));
        if self.instances.len() < before {
            for key in self.keys.values_mut() {
                key.said.retain(|name, _| self.instances.contains_key(name));
            }
        }
    }
}

impl Key {
    /// Until when it cools down everywhere, and why.
    fn cooldown(&self, now_ms: u64) -> Option<(u64, Why)> {
        let cooling = |said: &Said| said.cooldown.filter(|(until, _)| *until > now_ms);
        let have_a_say = self
            .said
            .values()
            .filter(|said| cooling(said).is_some() || now_ms.saturating_sub(said.tried) <= SAY_MS);
        let most = have_a_say.count() / 2 + 1;
        let cools = || self.said.values().filter_map(cooling);
        let limited = cools()
            .filter(|(_, why)| *why == Why::RateLimited)
            .max_by_key(|cooldown| cooldown.0);
        let mut failing: Vec<_> = cools().filter(|(_, why)| *why == Why::Failures).collect();
        failing.sort_unstable_by_key(|(until, _)| std::cmp::Reverse(*until));
        // As long as most of them say so.
        let failing = failing.get(most - 1).copied();
        limited
            .into_iter()
            .chain(failing)
            .max_by_key(|cooldown| cooldown.0)
    }

    fn figures(&self, now_ms: u64) -> Figures {
        let answered = self.attempts.iter().filter(|(answered, _)| *answered);
        let mut latencies: Vec<_> = answered.map(|(_, latency)| *latency).collect();
        latencies.sort_unstable();
        // The smallest that is no less than so many hundredths of all.
        let rank = |percent: usize| {
            let place = (latencies.len() * percent).div_ceil(100);
            latencies.get(place.checked_sub(1)?).copied()
        };
        let count = latencies.len() as u64;
        let sum = latencies
            .iter()
            .fold(0, |sum: u64, own| sum.saturating_add(*own));
        let headroom = self.said.values().filter_map(|said| said.headroom).min();
        let part = |count: usize| count as f64 / self.attempts.len() as f64;
        Figures {
            attempts: self.attempts.len(),
            success_rate: (!self.attempts.is_empty()).then(|| part(latencies.len())),
            avg_latency_ms: sum.checked_div(count),
            p90_latency_ms: rank(90),
            p99_latency_ms: rank(99),
            cooldown_until: self.cooldown(now_ms).map_or(0, |(until, _)| until),
            headroom: headroom.map_or(1.0, |left| f64::from(left) / 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_core::health::fleet::Entry;

    use super::*;

    const NOW: u64 = 1_000_000;

    fn fleet() -> Fleet {
        let document = br#"{"providers": {"p": {"host": "h"}},
            "models": {"m": {"providers": [{"provider": "p"}]}}}"#;
        Fleet::new(&Config::parse(document).unwrap())
    }

    fn report(instance: &str, samples: &[(bool, u64)], cooldown: Option<(u64, Why)>) -> Report {
        let entry = Entry {
            key: "p:m".to_owned(),
            samples: samples.to_vec(),
            cooldown_ms: cooldown.map_or(0, |(ms, _)| ms),
            why: cooldown.map(|(_, why)| why),
            headroom: None,
        };
        Report {
            instance: instance.to_owned(),
            entries: vec![entry],
        }
    }

    fn told(answer: &Answer) -> Option<(u64, Why)> {
        let cooling = answer.cooling.first()?;
        assert_eq!(cooling.key, "p:m");
        Some((cooling.remaining_ms, cooling.why))
    }

    const FAILED: [(bool, u64); 1] = [(false, 5)];
    const FAILURES: Option<(u64, Why)> = Some((5_000, Why::Failures));

    #[test]
    fn w36_a_rate_limit_at_one_envoy_holds_for_all() {
        let fleet = fleet();
        fleet.take(report("b", &[(true, 1)], None), NOW);
        fleet.take(report("c", &[(true, 1)], None), NOW);
        let cooldown = Some((9_000, Why::RateLimited));
        assert_eq!(
            told(&fleet.take(report("a", &FAILED, cooldown), NOW)),
            cooldown
        );
        let late = fleet.take(report("b", &[], None), NOW + 8_000);
        assert_eq!(told(&late), Some((1_000, Why::RateLimited)));
        assert_eq!(told(&fleet.take(report("b", &[], None), NOW + 9_000)), None);
    }

    #[test]
    fn w36_failures_hold_for_all_when_most_say_so() {
        let fleet = fleet();
        assert_eq!(
            told(&fleet.take(report("a", &FAILED, FAILURES), NOW)),
            FAILURES,
            "it is alone"
        );
        // One that is new follows; one that gets answers does not agree.
        assert_eq!(told(&fleet.take(report("b", &[], None), NOW)), FAILURES);
        assert_eq!(
            told(&fleet.take(report("b", &[(true, 1)], None), NOW)),
            None
        );
        let short = Some((3_000, Why::Failures));
        let both = fleet.take(report("b", &FAILED, short), NOW);
        assert_eq!(told(&both), short, "as long as both say so");
        assert_eq!(
            told(&fleet.take(report("c", &[(true, 1)], None), NOW)),
            short,
            "two of three"
        );
        // Its attempt gives it a say for a while, its cooldown as long as it lasts.
        let fleet = self::fleet();
        fleet.take(report("a", &FAILED, Some((60_000, Why::Failures))), NOW);
        fleet.take(report("b", &[(true, 1)], None), NOW);
        let at = |now| told(&fleet.take(report("b", &[], None), now));
        assert_eq!(at(NOW + 10_000), None);
        assert_eq!(at(NOW + 10_001), Some((49_999, Why::Failures)));
    }

    #[test]
    fn w36_who_is_silent_is_forgotten() {
        let fleet = fleet();
        let cooldown = Some((60_000, Why::RateLimited));
        fleet.take(report("a", &FAILED, cooldown), NOW);
        assert!(told(&fleet.take(report("b", &[], None), NOW + 15_000)).is_some());
        assert_eq!(
            told(&fleet.take(report("b", &[], None), NOW + 15_001)),
            None
        );
        // A report without a key takes back what was said of it.
        fleet.take(report("a", &[], cooldown), NOW);
        let empty = Report {
            instance: "a".to_owned(),
            entries: Vec::new(),
        };
        assert_eq!(told(&fleet.take(empty, NOW)), None);
    }

    #[test]
    fn w36_memory_is_bounded() {
        let fleet = fleet();
        let mut other = report("a", &FAILED, FAILURES);
        other.entries[0].key = "nix:m".to_owned();
        assert_eq!(fleet.take(other, NOW), Answer::default());
        for i in 0..2 * INSTANCES {
            fleet.take(report(&i.to_string(), &[(true, 1); 150], FAILURES), NOW);
        }
        let state = fleet.state.lock().unwrap();
        assert_eq!((state.keys.len(), state.instances.len()), (1, INSTANCES));
        let key = &state.keys["p:m"];
        assert_eq!((key.said.len(), key.attempts.len()), (INSTANCES - 1, LAST));
    }

    #[test]
    fn w36_figures_are_those_of_all_envoys() {
        let fleet = fleet();
        let none = Figures {
            headroom: 1.0,
            ..Figures::default()
        };
        assert_eq!(fleet.figures(NOW)["p:m"], none);
        let half: Vec<_> = (1..=50).map(|ms| (true, ms)).collect();
        fleet.take(report("a", &half, None), NOW);
        let mut other = report("b", &[FAILED; 50].concat(), Some((1_000, Why::RateLimited)));
        other.entries[0].headroom = Some(25);
        fleet.take(other, NOW);
        let expected = Figures {
            attempts: 100,
            success_rate: Some(0.5),
            avg_latency_ms: Some(25),
            p90_latency_ms: Some(45),
            p99_latency_ms: Some(50),
            cooldown_until: NOW + 1_000,
            headroom: 0.25,
        };
        assert_eq!(fleet.figures(NOW)["p:m"], expected);
        let late = fleet.figures(NOW + 15_001)["p:m"];
        assert_eq!(
            (late.cooldown_until, late.headroom, late.attempts),
            (0, 1.0, 100)
        );
    }
}
