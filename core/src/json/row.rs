//! A long string, 64 bytes at once: bit `i` of a mask stands for byte `i` of the row.
//!
//! What comes after a backslash is found without a branch for each, by a borrow that runs through a row of backslashes: Geoff
//! Langdale and Daniel Lemire, Parsing Gigabytes of JSON per Second (2019), 3.1.1.

use masks::Sought;

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
    // 1 where the last byte of the row before was a backslash that escapes.
    let mut carry = 0;
    let (mut at, mut escaped) = (from, false);
    let sought = Sought::new();
    while let Some(row) = text.get(at..).and_then(<[u8]>::first_chunk::<LEN>) {
        let found = sought.special(row);
        if found.control {
            break;
        }
        let (after, next) = after_backslashes(found.backslashes, carry);
        let end = found.quotes & !after;
        // Of the bits below that of the quote.
        let after = after & end.wrapping_sub(1) & !end;
        if after != 0 {
            // Most are these; all others are looked at one by one.
            let common = found.quotes | found.backslashes | sought.newlines(row);
            let others = after & !common;
            if others != 0 && !are_escapes(text, at, others) {
                break;
            }
            escaped = true;
        }
        if end != 0 {
            let rows = Rows { at, escaped };
            return (rows, Some(at + end.trailing_zeros() as usize));
        }
        at += LEN;
        carry = next;
    }
    // Not behind a backslash that escapes what the row begins with.
    let at = at - usize::from(carry != 0);
    (Rows { at, escaped }, None)
}

/// The bytes that an escape's backslash stands before. What is carried goes from row to row.
fn after_backslashes(backslashes: u64, carry: u64) -> (u64, u64) {
    let begins = backslashes & !carry;
    let odd_bits = (begins << 1 | ODD).wrapping_sub(begins);
    let both = odd_bits ^ ODD;
    let after = both ^ (backslashes | carry);
    (after, (both & backslashes) >> (LEN - 1))
}

/// Whether each of these behind a backslash makes an escape.
fn are_escapes(text: &[u8], row: usize, mut letters: u64) -> bool {
    while letters != 0 {
        let place = row + letters.trailing_zeros() as usize;
        let letter = text.get(place..).unwrap_or_default();
        let is_one = match letter {
            [b'u', a, b, c, d, ..] => [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()),
            [letter, ..] => matches!(letter, b'/' | b'b' | b'f' | b'r' | b't'),
            [] => false,
        };
        if !is_one {
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

/// Sixteen bytes at once, as Envoy's V8 can.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod masks {
    use std::arch::wasm32::{
        i64x2, u8x16_bitmask, u8x16_eq, u8x16_min, u8x16_splat, u8x16_sub_sat, v128, v128_any_true,
    };
    use std::hint::black_box;

    use super::{LEN, Special};

    /// What is looked for, each in all bytes of a block.
    pub(super) struct Sought {
        quote: v128,
        backslash: v128,
        newline: v128,
        space: v128,
    }

    impl Sought {
        /// Of what it knows to be a constant V8 makes a block anew for each row.
        pub(super) fn new() -> Self {
            let block = |byte| u8x16_splat(black_box(byte));
            Self {
                quote: block(b'"'),
                backslash: block(b'\\'),
                newline: block(b'n'),
                space: block(b' '),
            }
        }

        pub(super) fn special(&self, row: &[u8; LEN]) -> Special {
            let blocks = blocks(row);
            let [a, b, c, d] = blocks;
            let least = u8x16_min(u8x16_min(a, b), u8x16_min(c, d));
            Special {
                quotes: places(blocks, self.quote),
                backslashes: places(blocks, self.backslash),
                control: v128_any_true(u8x16_sub_sat(self.space, least)),
            }
        }

        /// Where the letter stands that means a line break behind a backslash.
        pub(super) fn newlines(&self, row: &[u8; LEN]) -> u64 {
            places(blocks(row), self.newline)
        }
    }

    fn blocks(row: &[u8; LEN]) -> [v128; 4] {
        let (words, _) = row.as_chunks::<8>();
        let word = |i: usize| words.get(i).map_or(0, |word| i64::from_le_bytes(*word));
        [0, 2, 4, 6].map(|i| i64x2(word(i), word(i + 1)))
    }

    fn places(blocks: [v128; 4], sought: v128) -> u64 {
        let [a, b, c, d] = blocks.map(|block| u64::from(u8x16_bitmask(u8x16_eq(block, sought))));
        a | b << 16 | c << 32 | d << 48
    }
}

/// Byte by byte, where there is no such SIMD.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod masks {
    use super::{LEN, Special};

    pub(super) struct Sought;

    impl Sought {
        pub(super) fn new() -> Self {
            Self
        }

        #[expect(clippy::unused_self, reason = "as with SIMD")]
        pub(super) fn special(&self, row: &[u8; LEN]) -> Special {
            Special {
                quotes: places(row, b'"'),
                backslashes: places(row, b'\\'),
                control: row.iter().any(|byte| *byte < 0x20),
            }
        }

        #[expect(clippy::unused_self, reason = "as with SIMD")]
        pub(super) fn newlines(&self, row: &[u8; LEN]) -> u64 {
            places(row, b'n')
        }
    }

    fn places(row: &[u8; LEN], sought: u8) -> u64 {
        let bits = row.iter().enumerate();
        bits.fold(0, |mask, (i, byte)| mask | u64::from(*byte == sought) << i)
    }
}
