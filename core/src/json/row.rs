//! A long string, 64 bytes at once: bit `i` of a mask stands for byte `i` of the row.
//!
//! What comes after a backslash is found without a branch for each, by a borrow that runs through a row of backslashes: Geoff
//! Langdale and Daniel Lemire, Parsing Gigabytes of JSON per Second (2019), 3.1.1.

use super::string::escape;

const LEN: usize = 64;
const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// How far the rows of a string were read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    /// Where reading goes on, never inside an escape.
    pub(super) at: usize,
    /// Whether there was an escape.
    pub(super) escaped: bool,
}

/// Reads rows of a string until its closing quote, which is given, or until there is no row more, or one in which
/// something is wrong or may be.
pub(super) fn pass(text: &[u8], from: usize) -> (Rows, Option<usize>) {
    let mut rows = Rows {
        at: from,
        escaped: false,
    };
    // 1 where the last byte of the row before was a backslash that escapes.
    let mut carry = 0;
    let mut at = from;
    while let Some(row) = text.get(at..).and_then(<[u8]>::first_chunk::<LEN>) {
        let found = masks::special(row);
        if found.control {
            break;
        }
        let after = after_backslashes(found.backslashes, &mut carry);
        let end = found.quotes & !after;
        // All bits below that of the quote.
        let before = end.wrapping_sub(1) & !end;
        let after = after & before;
        if after != 0 {
            let letters = masks::letters(row);
            if after & !letters.simple & !letters.u != 0 || !are_units(text, at, after & letters.u)
            {
                break;
            }
            rows.escaped = true;
        }
        if end != 0 {
            return (rows, Some(at + end.trailing_zeros() as usize));
        }
        at += LEN;
        // Not behind a backslash that escapes what the next row begins with.
        rows.at = at - usize::from(carry != 0);
    }
    (rows, None)
}

/// The bytes that an escape's backslash stands before. `carry` goes from row to row.
fn after_backslashes(backslashes: u64, carry: &mut u64) -> u64 {
    let begins = backslashes & !*carry;
    let odd_bits = (begins << 1 | ODD).wrapping_sub(begins);
    let both = odd_bits ^ ODD;
    let after = both ^ (backslashes | *carry);
    *carry = (both & backslashes) >> (LEN - 1);
    after
}

/// Whether each of these letters `u` has its four digits.
fn are_units(text: &[u8], row: usize, mut letters: u64) -> bool {
    while letters != 0 {
        let place = row + letters.trailing_zeros() as usize;
        if escape(text, place.saturating_sub(1)).is_err() {
            return false;
        }
        letters &= letters - 1;
    }
    true
}

/// What a row has that ends or bends a string.
struct Special {
    quotes: u64,
    backslashes: u64,
    /// Whether it has a control character.
    control: bool,
}

/// What may stand behind a backslash.
struct Letters {
    /// All but `u`.
    simple: u64,
    u: u64,
}

/// Sixteen bytes at once, as Envoy's V8 can.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod masks {
    use std::arch::wasm32::{
        i8x16, i8x16_swizzle, i64x2, u8x16_bitmask, u8x16_eq, u8x16_min, u8x16_ne, u8x16_shr,
        u8x16_splat, v128, v128_and, v128_any_true,
    };

    use super::{LEN, Letters, Special};

    fn blocks(row: &[u8; LEN]) -> [v128; 4] {
        let (words, _) = row.as_chunks::<8>();
        let word = |i: usize| words.get(i).map_or(0, |word| i64::from_le_bytes(*word));
        [0, 2, 4, 6].map(|i| i64x2(word(i), word(i + 1)))
    }

    fn mask([a, b, c, d]: [v128; 4]) -> u64 {
        let mask = |block| u64::from(u8x16_bitmask(block));
        mask(a) | mask(b) << 16 | mask(c) << 32 | mask(d) << 48
    }

    pub(super) fn special(row: &[u8; LEN]) -> Special {
        let blocks = blocks(row);
        let of = |byte| mask(blocks.map(|block| u8x16_eq(block, u8x16_splat(byte))));
        let [a, b, c, d] = blocks;
        let least = u8x16_min(u8x16_min(a, b), u8x16_min(c, d));
        let control = u8x16_eq(u8x16_min(least, u8x16_splat(0x1f)), least);
        Special {
            quotes: of(b'"'),
            backslashes: of(b'\\'),
            control: v128_any_true(control),
        }
    }

    pub(super) fn letters(row: &[u8; LEN]) -> Letters {
        let blocks = blocks(row);
        Letters {
            simple: mask(blocks.map(simple)),
            u: mask(blocks.map(|block| u8x16_eq(block, u8x16_splat(b'u')))),
        }
    }

    /// Looked up by both halves of a byte: it is one of them where the halves have a bit in common.
    fn simple(block: v128) -> v128 {
        // 1: `"` and `/`, 2: `\`, 4: `b`, `f`, `n`, 8: `r`, `t`.
        let high = i8x16(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
        let low = i8x16(0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1);
        let by_high = i8x16_swizzle(high, u8x16_shr(block, 4));
        let by_low = i8x16_swizzle(low, v128_and(block, u8x16_splat(0xf)));
        u8x16_ne(v128_and(by_high, by_low), u8x16_splat(0))
    }
}

/// Byte by byte, where there is no such SIMD.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod masks {
    use super::{LEN, Letters, Special};

    fn mask(row: &[u8; LEN], is: impl Fn(u8) -> bool) -> u64 {
        let bits = row.iter().enumerate();
        bits.fold(0, |mask, (i, byte)| mask | u64::from(is(*byte)) << i)
    }

    pub(super) fn special(row: &[u8; LEN]) -> Special {
        Special {
            quotes: mask(row, |byte| byte == b'"'),
            backslashes: mask(row, |byte| byte == b'\\'),
            control: row.iter().any(|byte| *byte < 0x20),
        }
    }

    pub(super) fn letters(row: &[u8; LEN]) -> Letters {
        Letters {
            simple: mask(row, |byte| br#""\/bfnrt"#.contains(&byte)),
            u: mask(row, |byte| byte == b'u'),
        }
    }
}
