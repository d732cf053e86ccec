//! The run of bytes that a string may hold as they are: no quote, backslash or control character.

/// Length of the run at the front of `bytes`.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    let (blocks, rest) = bytes.as_chunks::<{ block::LEN }>();
    let mut at = 0;
    for bytes in blocks {
        if let Some(first) = block::first_special(bytes) {
            return at + first;
        }
        at += block::LEN;
    }
    at + rest
        .iter()
        .position(|byte| is_special(*byte))
        .unwrap_or(rest.len())
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Sixteen bytes at once, as Envoy's V8 can.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod block {
    use std::arch::wasm32::{
        i64x2, u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, v128_any_true, v128_or,
    };

    pub(super) const LEN: usize = 16;

    pub(super) fn first_special(bytes: &[u8; LEN]) -> Option<usize> {
        let (halves, _) = bytes.as_chunks::<8>();
        let [low, high] = halves else { return None };
        let block = i64x2(i64::from_le_bytes(*low), i64::from_le_bytes(*high));
        let found = v128_or(
            v128_or(
                u8x16_eq(block, u8x16_splat(b'"')),
                u8x16_eq(block, u8x16_splat(b'\\')),
            ),
            u8x16_lt(block, u8x16_splat(0x20)),
        );
        v128_any_true(found).then(|| u8x16_bitmask(found).trailing_zeros() as usize)
    }
}

/// Eight bytes at once in a word, where there is no such SIMD.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod block {
    pub(super) const LEN: usize = 8;

    const ONES: u64 = u64::from_le_bytes([1; LEN]);
    const HIGH: u64 = ONES << 7;

    pub(super) fn first_special(bytes: &[u8; LEN]) -> Option<usize> {
        let word = u64::from_le_bytes(*bytes);
        // A byte's high bit is set where the byte is below `n`; above the first such byte the
        // borrow can set others, which does not matter.
        let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let found = below(word, 0x20) | equal(b'"') | equal(b'\\');
        (found != 0).then(|| (found.trailing_zeros() >> 3) as usize)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for byte in 0..=255 {
            for at in 0..40 {
                for after in [b'a', 0xff, 0x80, 0x20, b'"', 0] {
                    let mut bytes = vec![b'x'; at];
                    bytes.push(byte);
                    bytes.extend([after; 24]);
                    let expected = bytes.iter().position(|byte| is_special(*byte));
                    assert_eq!(
                        plain_run(&bytes),
                        expected.unwrap_or(bytes.len()),
                        "{byte} {at}"
                    );
                }
            }
        }
    }
}
