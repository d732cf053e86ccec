//! What Envoys tell the sidecar of their providers, and what it answers: the types of
//! `POST /internal/health`.
//!
//! Times are durations: no two clocks need agree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cooldowns, Ring, Why};

/// The route.
pub const ROUTE: &str = "/internal/health";
/// How often an Envoy reports that has something to tell, milliseconds.
pub const EVERY_MS: u64 = 1_000;
/// How often one reports that has not, milliseconds.
pub const AT_LEAST_MS: u64 = 5_000;

/// What one Envoy tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The Envoy process: any text that is its own.
    pub instance: String,
    /// The keys of which there is something to tell.
    pub entries: Vec<Entry>,
}

/// What one Envoy tells of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// `provider:model`.
    pub key: String,
    /// The attempts since the last report, oldest first: whether each answered, and its latency in
    /// milliseconds.
    pub samples: Vec<(bool, u64)>,
    /// For how long it cools down there, milliseconds; 0 when it does not.
    pub cooldown_ms: u64,
    /// Why it cools down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// What is left of its scarcest limit, in hundredths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headroom: Option<u8>,
}

/// What the sidecar answers: the keys that cool down everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fleet {
    /// The keys.
    pub cooling: Vec<Cooling>,
}

/// A key that cools down everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooling {
    /// `provider:model`.
    pub key: String,
    /// For how long, milliseconds.
    pub remaining_ms: u64,
    /// Why.
    pub why: Why,
}

impl Report {
    /// What there is to tell; a key of which there is nothing is left out.
    #[must_use]
    pub fn new(
        instance: String,
        rings: &BTreeMap<&str, Ring>,
        cooldowns: &Cooldowns,
        now_ms: u64,
    ) -> Self {
        let entry = |(key, ring): (&&str, &Ring)| {
            let cooldown = cooldowns.own_cooldown(key, now_ms);
            let entry = Entry {
                key: (*key).to_owned(),
                samples: ring.unreported().collect(),
                cooldown_ms: cooldown.map_or(0, |(cooldown_ms, _)| cooldown_ms),
                why: cooldown.map(|(_, why)| why),
                headroom: ring.headroom(now_ms),
            };
            (!entry.samples.is_empty() || cooldown.is_some() || entry.headroom.is_some())
                .then_some(entry)
        };
        let entries = rings.iter().filter_map(entry).collect();
        Self { instance, entries }
    }

    /// Whether it need not wait: there are attempts in it, or keys that cool down.
    #[must_use]
    pub fn is_news(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| !entry.samples.is_empty() || entry.cooldown_ms > 0)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::config::Health;
    use crate::health::sample;

    #[test]
    fn w36_a_report_tells_what_is_new() {
        let (rules, mut ring, mut cooldowns) =
            (Health::default(), Ring::default(), Cooldowns::default());
        let report = |ring: &Ring, cooldowns: &Cooldowns, now| {
            let rings = BTreeMap::from([("k", ring.clone()), ("other", Ring::default())]);
            Report::new("e1".to_owned(), &rings, cooldowns, now)
        };
        assert!(!report(&ring, &cooldowns, 0).is_news());
        ring.take(&[sample(true, 0), sample(false, 0)], &rules, 0);
        cooldowns.take(&[sample(false, 0)], Some(Why::Failures), &rules, 0);
        let told = report(&ring, &cooldowns, 1_000);
        let json = r#"{"instance":"e1","entries":[{"key":"k","samples":[[true,5],[false,5]],"cooldown_ms":4000,"why":"failures"}]}"#;
        assert_eq!(serde_json::to_string(&told).unwrap(), json);
        assert_eq!(serde_json::from_str::<Report>(json).unwrap(), told);
        ring.reported(2);
        assert!(report(&ring, &cooldowns, 4_999).is_news(), "it cools");
        let later = report(&ring, &cooldowns, 5_000);
        assert!(!later.is_news() && later.entries.is_empty());
    }
}
