//! Who has a handful of records.

use super::{LEASE_MS, pair, unpair};

/// How old a sign of life becomes before it is given again, milliseconds.
const RENEWED_MS: u64 = 1_000;

/// The VMs that gather records, each with its last sign of life, as they stand in shared data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners(Vec<(u64, u64)>);

impl Owners {
    /// Reads what [`write`](Self::write) gave; what is not there or not readable is empty.
    #[must_use]
    pub fn read(bytes: Option<&[u8]>) -> Self {
        let (pairs, _) = bytes.unwrap_or_default().as_chunks::<16>();
        Self(pairs.iter().copied().map(unpair).collect())
    }

    /// Their bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let pairs = self.0.iter().map(|(owner, seen)| pair(*owner, *seen));
        pairs.flatten().collect()
    }

    /// A sign of life of this one; not so often that it is seldom something else that changes.
    pub fn renew(&mut self, owner: u64, now_ms: u64) {
        match self.0.iter_mut().find(|(own, _)| *own == owner) {
            Some((_, seen)) if now_ms.abs_diff(*seen) < RENEWED_MS => {}
            Some((_, seen)) => *seen = now_ms,
            None => self.0.push((owner, now_ms)),
        }
    }

    /// Those that have given no sign of life for long.
    #[must_use]
    pub fn gone(&self, now_ms: u64) -> Vec<u64> {
        // The clock may have been set, either way.
        let gone = |(_, seen): &&(u64, u64)| now_ms.abs_diff(*seen) > LEASE_MS;
        let gone = self.0.iter().filter(gone);
        gone.map(|(owner, _)| *owner).collect()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().map(|(owner, _)| *owner)
    }

    /// Takes one off the list.
    pub fn remove(&mut self, owner: u64) {
        self.0.retain(|(own, _)| *own != owner);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w53_who_gives_no_sign_of_life_is_gone() {
        let mut owners = Owners::default();
        owners.renew(u64::MAX, 10_000);
        owners.renew(2, 10_000);
        let before = owners.clone();
        owners.renew(2, 10_000 + RENEWED_MS - 1);
        assert_eq!(owners, before, "not yet again");
        owners.renew(2, 12_000);
        let read = Owners::read(Some(&owners.write()));
        assert_eq!(read, owners);
        assert!(read.all().eq([u64::MAX, 2]));
        assert!(read.gone(10_000 + LEASE_MS).is_empty());
        assert_eq!(read.gone(10_000 + LEASE_MS + 1), [u64::MAX]);
        assert_eq!(read.gone(1_000), [u64::MAX, 2], "the clock was set back");
        owners.remove(u64::MAX);
        assert!(owners.all().eq([2]));
    }

    #[test]
    fn w53_what_is_not_readable_is_empty() {
        assert_eq!(Owners::read(None), Owners::default());
        assert_eq!(Owners::read(Some(b"nonsense")), Owners::default());
    }
}
