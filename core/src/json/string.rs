//! Where a string ends: a block of bytes at a time, in which its quote, its escapes and what may not stand in it are found
//! at once.

use super::fault::{Fault, FaultKind};
use super::row;
use super::scalar::escape_len;

/// Blocks that are looked at one by one: most strings end in them.
const BLOCKS: usize = 4;

/// Length of a string's text that goes on here, up to its closing quote; `None` where it has none or is broken. That it is
/// UTF-8 is not looked at.
#[must_use]
pub fn string_len(text: &[u8]) -> Option<usize> {
    string_end(text, 0).ok().map(|(end, _)| end)
}

/// Whether a text stands in a JSON string as it is.
pub(super) fn is_plain(text: &[u8]) -> bool {
    let (blocks, rest) = text.as_chunks();
    if !blocks.iter().all(|block| block::special(block) == 0) {
        return false;
    }
    if let Some(last) = text.last_chunk() {
        return block::special(last) == 0;
    }
    if let Some(both) = both_ends(rest) {
        let (blocks, _) = both.as_chunks();
        return blocks.iter().all(|block| block::special(block) == 0);
    }
    let plain = |byte: &u8| *byte >= 0x20 && !matches!(byte, b'"' | b'\\');
    rest.iter().all(plain)
}

/// The first and the last bytes of a short text, which reach over all of it; those of less than four do not.
fn both_ends(text: &[u8]) -> Option<[u8; 16]> {
    let mut both = [0; 16];
    let (words, _) = both.as_chunks_mut::<8>();
    let [first, last] = words else { return None };
    if let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) {
        (*first, *last) = (*head, *tail);
    } else {
        let half = |part: Option<&[u8; 4]>| part.map(|part| u64::from(u32::from_le_bytes(*part)));
        let (head, tail) = (half(text.first_chunk())?, half(text.last_chunk())?);
        *first = (head | tail << 32).to_le_bytes();
        *last = *first;
    }
    Some(both)
}

/// Reads on from behind the opening quote → where the closing one stands, and whether an escape came before it.
#[expect(
    clippy::inline_always,
    reason = "each of its two callers is where time goes"
)]
#[inline(always)]
pub(super) fn string_end(text: &[u8], from: usize) -> Result<(usize, bool), Fault> {
    let mut at = from;
    for _ in 0..BLOCKS {
        let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk) else {
            break;
        };
        let special = block::special(block);
        if special != 0 {
            let place = at + (special.trailing_zeros() >> block::SHIFT) as usize;
            if text.get(place) == Some(&b'"') {
                return Ok((place, false));
            }
            return escaped(text, at);
        }
        at += block::LEN;
    }
    rows(text, at, false)
}

/// The same where an escape comes before the quote, or something is wrong.
#[inline(never)]
fn escaped(text: &[u8], from: usize) -> Result<(usize, bool), Fault> {
    let (mut at, mut escaped) = (from, false);
    for _ in 0..BLOCKS {
        let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk) else {
            break;
        };
        let mut special = block::special(block);
        let mut next = at + block::LEN;
        while special != 0 {
            let place = at + (special.trailing_zeros() >> block::SHIFT) as usize;
            match text.get(place) {
                Some(b'"') => return Ok((place, escaped)),
                Some(b'\\') => {
                    escaped = true;
                    let end = place + escape(text, place)?;
                    if end >= at + block::LEN {
                        next = end;
                        break;
                    }
                    special &= u64::MAX << ((end - at) << block::SHIFT);
                }
                Some(..0x20) => return Err(control_character(place)),
                _ => special &= special - 1,
            }
        }
        at = next;
    }
    rows(text, at, escaped)
}

/// The same where the string is long, or ends near the end of the text.
#[inline(never)]
fn rows(text: &[u8], at: usize, escaped: bool) -> Result<(usize, bool), Fault> {
    let (rows, end) = row::pass(text, at);
    let escaped = escaped | rows.escaped;
    match end {
        Some(end) => Ok((end, escaped)),
        None => bytes(text, rows.at, escaped),
    }
}

/// The same byte by byte, where no row is left, or something is wrong.
fn bytes(text: &[u8], mut at: usize, mut escaped: bool) -> Result<(usize, bool), Fault> {
    loop {
        match text.get(at) {
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => {
                escaped = true;
                at += escape(text, at)?;
            }
            Some(..0x20) => return Err(control_character(at)),
            Some(_) => at += 1,
            None => {
                let kind = FaultKind::End;
                return Err(Fault { at, kind });
            }
        }
    }
}

pub(super) fn escape(text: &[u8], at: usize) -> Result<usize, Fault> {
    escape_len(text.get(at..).unwrap_or_default(), at)
}

fn control_character(at: usize) -> Fault {
    let kind = FaultKind::ControlCharacter;
    Fault { at, kind }
}

/// Sixteen bytes at once, as Envoy's V8 can.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod block {
    use std::arch::wasm32::{i64x2, u8x16_bitmask, u8x16_eq, u8x16_min, u8x16_splat, v128_or};

    pub(super) const LEN: usize = 16;
    /// A byte has one bit of what `special` gives.
    pub(super) const SHIFT: u32 = 0;

    /// The bits of the quotes, the backslashes and the control characters.
    pub(super) fn special(bytes: &[u8; LEN]) -> u64 {
        let (halves, _) = bytes.as_chunks::<8>();
        let [low, high] = halves else {
            return u64::MAX;
        };
        let block = i64x2(i64::from_le_bytes(*low), i64::from_le_bytes(*high));
        let quote = u8x16_eq(block, u8x16_splat(b'"'));
        let backslash = u8x16_eq(block, u8x16_splat(b'\\'));
        let control = u8x16_eq(u8x16_min(block, u8x16_splat(0x1f)), block);
        u8x16_bitmask(v128_or(v128_or(quote, backslash), control)).into()
    }
}

/// Eight bytes at once in a word, where there is no such SIMD.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod block {
    pub(super) const LEN: usize = 8;
    /// A byte has eight bits of what `special` gives.
    pub(super) const SHIFT: u32 = 3;

    const ONES: u64 = u64::from_le_bytes([1; LEN]);
    const HIGH: u64 = ONES << 7;

    /// The high bits of the quotes, the backslashes and the control characters; behind the first of them perhaps of others,
    /// by the borrow of a subtraction.
    pub(super) fn special(bytes: &[u8; LEN]) -> u64 {
        let word = u64::from_le_bytes(*bytes);
        let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        below(word, 0x20) | equal(b'"') | equal(b'\\')
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
            for at in (0..80).chain(120..200) {
                for after in [b'a', 0xff, 0x80, 0x20, b'"', 0] {
                    let mut text = vec![b'x'; at];
                    text.push(byte);
                    text.extend([after; 140]);
                    assert_eq!(
                        string_end(&text, 0),
                        bytes(&text, 0, false),
                        "{byte} {at} {after}"
                    );
                }
            }
        }
    }

    #[test]
    fn w17_strings_of_any_make_end_where_they_do_byte_by_byte() {
        // What is refused, then what is not, then the end.
        let pieces = [
            "\\u00g",
            "\\x",
            "\u{1}",
            "\\",
            "\\n",
            "\\\"",
            "\\\\",
            "\\u00e9",
            "é",
            "a",
            "some more of it",
            "\u{7f}",
            "!",
            "#",
            "[",
            "]",
            "\"",
        ];
        let mut state = 7_u32;
        let mut next = move |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            usize::try_from(state >> 8).unwrap() % below
        };
        let mut ends = [0, 0];
        for _ in 0..20_000 {
            let (length, from) = (next(60), next(6));
            let text: String = (0..length)
                .map(|_| pieces[from + next(pieces.len() - from)])
                .collect();
            let end = string_end(text.as_bytes(), 0);
            assert_eq!(end, bytes(text.as_bytes(), 0, false), "{text:?}");
            ends[usize::from(end.is_ok())] += 1;
        }
        assert!(ends.iter().all(|count| *count > 1_000), "{ends:?}");
    }
}
