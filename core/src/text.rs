//! Short texts, held against each other.

/// Whether two texts are the same. `==` calls the C library where neither length is known before, and that of the Wasm target
/// goes byte by byte.
#[inline]
#[must_use]
pub(crate) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    if a.len() > 16 {
        return a == b;
    }
    // First and last bytes reach over all of them.
    let words = |of: &[u8]| Some((of.first_chunk().copied()?, of.last_chunk().copied()?));
    if let (Some((a, a_end)), Some((b, b_end))) = (words(a), words(b)) {
        return u64::from_le_bytes(a) == u64::from_le_bytes(b)
            && u64::from_le_bytes(a_end) == u64::from_le_bytes(b_end);
    }
    let halves = |of: &[u8]| Some((of.first_chunk().copied()?, of.last_chunk().copied()?));
    if let (Some((a, a_end)), Some((b, b_end))) = (halves(a), halves(b)) {
        return u32::from_le_bytes(a) == u32::from_le_bytes(b)
            && u32::from_le_bytes(a_end) == u32::from_le_bytes(b_end);
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// The first eight bytes of a text as a number, with zeros behind one that is shorter: texts come in the order of these, and
/// those with the same in their own.
pub(crate) const fn head(text: &str) -> u64 {
    let bytes = text.as_bytes();
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let (mut head, mut rest, mut left) = (0, bytes, u64::BITS);
    while let [byte, more @ ..] = rest {
        left -= u8::BITS;
        head |= (*byte as u64) << left;
        rest = more;
    }
    head
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn texts_are_the_same_where_all_bytes_are() {
        let text = "the quick brown fox jumps over it";
        for len in 0..text.len() {
            let a = text.get(..len).unwrap();
            let other = a.to_owned();
            assert!(same(a, &other));
            assert!(!same(a, text) && !same(text, a));
            assert_eq!(head(a), head(&format!("{a}\0")));
            for at in 0..len {
                let mut b = a.to_owned();
                b.replace_range(at..=at, "#");
                assert!(!same(a, &b) && !same(&b, a), "{a:?} {b:?}");
                let order = head(a).cmp(&head(&b)).then(a.cmp(&b));
                assert_eq!(order, a.cmp(&b));
            }
        }
    }
}
