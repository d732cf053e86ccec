//! Short texts, held against each other.

/// Whether two texts are the same. `==` calls the C library where neither length is known before, and that of the Wasm target
/// goes byte by byte.
#[inline]
pub(crate) fn same(a: &str, b: &str) -> bool {
    same_bytes(a.as_bytes(), b.as_bytes())
}

/// The same of bytes.
#[inline]
pub(crate) fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() > 16 {
        return by_words(a, b);
    }
    // First and last bytes reach over all of them.
    if let (Some(a), Some(b)) = (ends::<8>(a), ends::<8>(b)) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (ends::<4>(a), ends::<4>(b)) {
        return a == b;
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

#[inline]
fn ends<const N: usize>(of: &[u8]) -> Option<([u8; N], [u8; N])> {
    Some((*of.first_chunk()?, *of.last_chunk()?))
}

/// Of more than eight bytes, as many of each.
fn by_words(a: &[u8], b: &[u8]) -> bool {
    let (words, _) = a.as_chunks::<8>();
    let (others, _) = b.as_chunks::<8>();
    words.iter().zip(others).all(|(a, b)| a == b) && a.last_chunk::<8>() == b.last_chunk::<8>()
}

/// What stands before and behind the first of an ASCII character.
pub(crate) fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The first eight bytes of a text as a number, with zeros behind one that is shorter: texts come in the order of these, and
/// those with the same in their own.
pub(crate) const fn head(text: &str) -> u64 {
    let bytes = text.as_bytes();
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    // First and last four reach over all of them.
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_be_bytes(*first), u32::from_be_bytes(*last));
        let behind = (8 - bytes.len()) as u32 * u8::BITS;
        return (first as u64) << 32 | ((last as u64) << behind) & 0xffff_ffff;
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
