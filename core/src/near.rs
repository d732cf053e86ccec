//! A caller's own words, told back: as much of a name as is told, and "did you mean".

/// Characters of a caller's own words that are told back.
const QUOTED: usize = 128;

/// As much of a caller's own words as is told back.
pub(crate) fn quoted(text: &str) -> &str {
    text.char_indices()
        .nth(QUOTED)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// The candidate nearest to `name`, when one is near enough to be meant.
///
/// Near enough: an edit distance of at most a third of the name's length, rounded up, and at most 3.
#[must_use]
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = name.chars().count().div_ceil(3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= limit * 4)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance in characters, by one row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(128).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(128).enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        for (cb, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let up = *cell;
            left = (up + 1)
                .min(left + 1)
                .min(diagonal + usize::from(ca != *cb));
            diagonal = up;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let names = ["gpt-4o", "gpt-4o-mini", "claude-haiku-4-5"];
        assert_eq!(nearest("gpt-4o-mni", names), Some("gpt-4o-mini"));
        assert_eq!(
            nearest("tempratur", ["temperature", "top_p"]),
            Some("temperature")
        );
        assert_eq!(nearest("llama", names), None);
    }

    #[test]
    fn distances() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "ab"), 2);
        assert_eq!(distance("same", "same"), 0);
    }
}
