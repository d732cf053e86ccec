//! Who delivers.

use super::{pair, unpair};

/// How long a lease holds without being renewed, milliseconds.
pub const LEASE_MS: u64 = 3_000;
/// The right to deliver, as it stands in shared data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The VM that holds it: a random number of its own.
    pub owner: u64,
    /// When it runs out, Unix milliseconds.
    pub until: u64,
}

impl Lease {
    /// The lease that `owner` may take or renew now; `None` while another holds it.
    #[must_use]
    pub fn take(found: Option<&[u8]>, owner: u64, now_ms: u64) -> Option<Self> {
        let held = found.and_then(Self::read);
        let free = held.is_none_or(|held| held.owner == owner || held.until <= now_ms);
        free.then_some(Self {
            owner,
            until: now_ms.saturating_add(LEASE_MS),
        })
    }

    /// Its bytes.
    #[must_use]
    pub fn write(&self) -> [u8; 16] {
        pair(self.owner, self.until)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (owner, until) = unpair(bytes.try_into().ok()?);
        Some(Self { owner, until })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w53_one_delivers_until_its_lease_runs_out() {
        let mine = Lease::take(None, 1, 1_000).unwrap();
        let bytes = mine.write();
        assert_eq!(Lease::take(Some(&bytes), 2, 1_000 + LEASE_MS - 1), None);
        assert!(Lease::take(Some(&bytes), 1, 1_500).is_some_and(|lease| lease.until == 4_500));
        assert!(Lease::take(Some(&bytes), 2, 1_000 + LEASE_MS).is_some());
        assert!(Lease::take(Some(b"nonsense"), 2, 0).is_some());
    }
}
