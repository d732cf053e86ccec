//! Ids of requests: UUIDv7 (RFC 9562), so that they sort by time.

use crate::luck::Luck;

/// A UUIDv7 in its text form.
///
/// Shape: Unix milliseconds and 74 random bits → 36 characters.
#[must_use]
pub fn uuid_v7(now_ms: u64, luck: &mut Luck) -> String {
    let a = (now_ms << 16) | 0x7000 | (luck.bits() >> 52);
    let b = (luck.bits() >> 2) | (0b10 << 62);
    let [first, second, third, fourth] = [a >> 32, a, b >> 32, b].map(digits);
    let mut text = [b'-'; 36];
    text[..8].copy_from_slice(&first);
    text[9..13].copy_from_slice(&second[..4]);
    text[14..18].copy_from_slice(&second[4..]);
    text[19..23].copy_from_slice(&third[..4]);
    text[24..28].copy_from_slice(&third[4..]);
    text[28..].copy_from_slice(&fourth);
    String::from_utf8(text.to_vec()).unwrap_or_default()
}

/// The lower half of a word as eight hexadecimal digits, all at once.
fn digits(word: u64) -> [u8; 8] {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    // Half a byte into a byte of its own.
    let apart = word & 0xffff_ffff;
    let apart = (apart | apart << 16) & 0x0000_ffff_0000_ffff;
    let apart = (apart | apart << 8) & 0x00ff_00ff_00ff_00ff;
    let apart = (apart | apart << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (apart + EACH * 6) >> 4 & EACH;
    (apart + EACH * u64::from(b'0') + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w50_ids_are_uuid_v7_and_differ() {
        let mut luck = Luck::new([7; 16]);
        let ids: Vec<_> = (0..1000)
            .map(|_| uuid_v7(1_763_683_200_123, &mut luck))
            .collect();
        for id in &ids {
            assert_eq!(id.len(), 36);
            assert!(id.starts_with("019aa3b5-ec7b-7"), "{id}");
            assert!(
                matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'),
                "{id}"
            );
        }
        assert_eq!(&digits(0x1_0123_4567), b"01234567");
        assert_eq!(&digits(0x89ab_cdef), b"89abcdef");
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }
}
