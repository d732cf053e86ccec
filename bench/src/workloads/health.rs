//! What an attempt tells: into the ring of its key, and into the list of cooldowns.

use sluice_core::config::Health;
use sluice_core::health::{Cooldowns, Limits, Ring, Sample, Why};

use super::{NOW, Work};

fn sample(key: &str, answered: bool) -> Sample {
    Sample {
        key: key.into(),
        answered,
        limited: false,
        unconnected: false,
        began: NOW,
        latency_ms: 420,
        limits: Some(Limits {
            retry_after_ms: None,
            headroom: Some(80),
            headroom_ms: 1_000,
        }),
    }
}

/// A full ring: read, one attempt taken, figures told, written.
pub(super) fn ring() -> Result<Work, String> {
    let rules = Health::default();
    let samples = [sample("openai:gpt-4o-mini", true)];
    let mut ring = Ring::default();
    for _ in 0..Health::LAST {
        ring.take(&samples, &rules, NOW);
    }
    let bytes = ring.write();
    Ok(Work::new(bytes.len(), move || {
        let mut ring = Ring::read(Some(&bytes));
        let reason = ring.take(&samples, &rules, NOW);
        let figures = ring.figures(NOW);
        let known = usize::from(reason.is_none() && figures.success_rate.is_some());
        Ok(known * ring.write().len())
    }))
}

/// Eight keys that cool down: read, a failure of one taken, standings told, written.
pub(super) fn cooldowns() -> Result<Work, String> {
    let rules = Health::default();
    let keys: Vec<_> = (0..8)
        .map(|i| format!("provider-{i}:gpt-4o-mini"))
        .collect();
    let mut cooldowns = Cooldowns::default();
    for key in &keys {
        cooldowns.take(&[sample(key, false)], Some(Why::Failures), &rules, NOW);
    }
    let failed = keys.first().map(|key| sample(key, false));
    let failed = failed.as_slice().to_vec();
    let bytes = cooldowns.write();
    let later = NOW + rules.cooldown_ms;
    Ok(Work::new(bytes.len(), move || {
        let mut cooldowns = Cooldowns::read(Some(&bytes), &rules, later);
        let change = cooldowns.take(&failed, None, &rules, later);
        let told = cooldowns.standings(later).len();
        Ok(usize::from(change.is_none()) * told * cooldowns.write().len())
    }))
}
