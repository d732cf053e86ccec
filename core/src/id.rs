//! Ids of requests: UUIDv7 (RFC 9562), so that they sort by time.

use crate::luck::Luck;

/// A UUIDv7 in its text form.
///
/// Shape: Unix milliseconds and 74 random bits → 36 characters.
#[must_use]
pub fn uuid_v7(now_ms: u64, luck: &mut Luck) -> String {
    let a = (now_ms << 16) | 0x7000 | (luck.bits() >> 52);
    let b = (luck.bits() >> 2) | (0b10 << 62);
    let digit = |half: u8| {
        char::from(if half < 10 {
            b'0' + half
        } else {
            b'a' - 10 + half
        })
    };
    let mut text = String::with_capacity(36);
    let bytes = (u128::from(a) << 64 | u128::from(b)).to_be_bytes();
    for (i, byte) in bytes.into_iter().enumerate() {
        if [4, 6, 8, 10].contains(&i) {
            text.push('-');
        }
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
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
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }
}
