//! Order by one piece of code.
//!
//! Each type that the standard library sorts, and each map that it collects, brings 10 to 25 KB of
//! its own into the module. Here keys are numbers, which are sorted once for all types.

use std::collections::BTreeMap;

/// Sorts by a key, the smallest first; equals stay in their order.
pub fn by_key<T>(items: &mut Vec<T>, key: impl Fn(&T) -> u128) {
    let mut keyed: Vec<_> = items.iter().map(key).zip(0_usize..).collect();
    if keyed.is_sorted() {
        return;
    }
    keyed.sort_unstable();
    let mut taken: Vec<_> = items.drain(..).map(Some).collect();
    let in_order = keyed.iter().filter_map(|(_, i)| taken.get_mut(*i)?.take());
    items.extend(in_order);
}

/// A key of two parts, the first of which decides before the second.
#[must_use]
pub fn pair(first: u64, second: u64) -> u128 {
    u128::from(first) << 64 | u128::from(second)
}

/// A key by which the larger number comes first. Not a number comes where its bits put it.
#[must_use]
pub fn larger_first(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 {
        bits
    } else {
        !(bits | 1 << 63)
    }
}

/// A map of these pairs; the last of equal keys stays.
#[must_use]
pub fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn equals_stay_in_their_order() {
        let mut items: Vec<_> = [3, 1, 2, 1, 3, 2].into_iter().zip('a'..).collect();
        by_key(&mut items, |(key, _)| *key);
        let told: String = items.iter().map(|(_, name)| *name).collect();
        assert_eq!(told, "bdcfae");
    }

    #[test]
    fn larger_numbers_come_first() {
        let mut numbers = vec![0.5, -1.0, f64::NEG_INFINITY, 2.0, 0.0, f64::INFINITY, -0.25];
        let mut expected = numbers.clone();
        by_key(&mut numbers, |number| larger_first(*number).into());
        expected.sort_by(|a, b| b.total_cmp(a));
        assert_eq!(numbers, expected);
    }

    #[test]
    fn the_first_part_of_a_pair_decides() {
        assert!(pair(1, 0) > pair(0, u64::MAX) && pair(1, 2) < pair(1, 3));
        assert_eq!(map([("a", 1), ("b", 2), ("a", 3)])["a"], 3);
    }
}
