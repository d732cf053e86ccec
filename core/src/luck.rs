//! Chance as an argument.

/// A generator of random numbers, seeded from outside.
///
/// xorshift128+: quick, and good enough for ids and weights; never for secrets.
#[derive(Clone, Debug)]
pub struct Luck {
    state: (u64, u64),
}

impl Luck {
    /// A generator from 16 bytes of the host's randomness.
    #[must_use]
    pub fn new(seed: [u8; 16]) -> Self {
        let seed = u128::from_le_bytes(seed);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves are meant")]
        let (low, high) = (seed as u64, (seed >> 64) as u64);
        Self {
            state: (low | 1, high),
        }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let (mut x, y) = self.state;
        x ^= x << 23;
        x ^= (x >> 17) ^ y ^ (y >> 26);
        self.state = (y, x);
        x.wrapping_add(y)
    }

    /// Another generator, seeded by this one.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self {
            state: (self.bits() | 1, self.bits()),
        }
    }

    /// A number in 0..1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    pub fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / 9_007_199_254_740_992.0
    }
}
