//! When a provider's model cools down (W36).

use super::fault::ConfigFault;
use super::reader::Reader;

/// When a provider's model cools down, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether any of this happens.
    pub enabled: bool,
    /// Failures in a row that begin a cooldown.
    pub failures: u64,
    /// Milliseconds in which they must happen.
    pub window_ms: u64,
    /// The first cooldown, milliseconds; each failed probe doubles it.
    pub cooldown_ms: u64,
    /// The longest cooldown because of failures, milliseconds.
    pub max_cooldown_ms: u64,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            enabled: true,
            failures: 3,
            window_ms: 60_000,
            cooldown_ms: 5_000,
            max_cooldown_ms: 120_000,
        }
    }
}

impl Health {
    /// So many of the last attempts are remembered.
    pub const LAST: u64 = 100;

    /// The cooldown of this level, milliseconds: twice that of the level before, up to the longest.
    #[must_use]
    pub fn cooldown(&self, level: u8) -> u64 {
        let factor = 1_u64.checked_shl(level.into()).unwrap_or(u64::MAX);
        self.cooldown_ms
            .saturating_mul(factor)
            .min(self.max_cooldown_ms)
    }
}

pub(super) fn read(r: &mut Reader<'_>) -> Health {
    let default = Health::default();
    let health = Health {
        enabled: r.flag("enabled").unwrap_or(default.enabled),
        failures: r.whole("failures", 1).unwrap_or(default.failures),
        window_ms: r.whole("window_ms", 1).unwrap_or(default.window_ms),
        cooldown_ms: r.whole("cooldown_ms", 1).unwrap_or(default.cooldown_ms),
        max_cooldown_ms: r
            .whole("max_cooldown_ms", 1)
            .unwrap_or(default.max_cooldown_ms),
    };
    if health.failures > Health::LAST {
        let expected = "at most 100";
        r.fault("failures", ConfigFault::Invalid { expected });
    }
    if health.max_cooldown_ms < health.cooldown_ms {
        let expected = "at least `cooldown_ms`";
        r.fault("max_cooldown_ms", ConfigFault::Invalid { expected });
    }
    health
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w36_rests_grow_up_to_the_longest() {
        let health = Health::default();
        let cools: Vec<_> = [0, 1, 2, 4, 5, 63, 64, 255]
            .map(|level| health.cooldown(level))
            .into();
        assert_eq!(
            cools,
            [
                5_000, 10_000, 20_000, 80_000, 120_000, 120_000, 120_000, 120_000
            ]
        );
    }
}
