//! A batch record by record, so that one that cannot be read does not keep the others back.

/// A [`Batch`](crate::spend::Batch) as JSON, cut by its brackets alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut<'a> {
    /// The texts of its records; nothing says that they are JSON.
    pub records: Vec<&'a [u8]>,
    /// The batch with an empty list.
    pub rest: Vec<u8>,
}

/// Cuts a batch at the first list inside it; `None` when there is none, or it does not end.
///
/// It takes what a reader of the whole refuses: a record that is nested too deep.
#[must_use]
pub fn cut(batch: &[u8]) -> Option<Cut<'_>> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut list = None;
    let mut start = 0;
    let mut records = Vec::new();
    for (at, byte) in batch.iter().enumerate() {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' if depth == 1 && list.is_none() => (list, start) = (Some(at + 1), at + 1),
            b',' if depth == 2 && list.is_some() => {
                records.push(batch.get(start..at)?.trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.checked_sub(1)?,
            _ => continue,
        }
        if let (1, Some(open), b']') = (depth, list, byte) {
            let last = batch.get(start..at)?.trim_ascii();
            if !(last.is_empty() && records.is_empty()) {
                records.push(last);
            }
            let rest = [batch.get(..open)?, batch.get(at..)?].concat();
            return Some(Cut { records, rest });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn of(batch: &str) -> Option<(Vec<&str>, String)> {
        let cut = cut(batch.as_bytes())?;
        let records = cut
            .records
            .iter()
            .map(|text| std::str::from_utf8(text).unwrap());
        Some((records.collect(), String::from_utf8(cut.rest).unwrap()))
    }

    #[test]
    fn w53_a_batch_is_cut_into_its_records() {
        let inside = r#"{"a": [1, {"b": ",]}\\\"["}]}, 7 ,{"c": {"d": [[]]}},"#;
        let batch = format!(r#"{{"x": "[1,2]", "records": [{inside}], "dropped": 3}}"#);
        let records = vec![
            r#"{"a": [1, {"b": ",]}\\\"["}]}"#,
            "7",
            r#"{"c": {"d": [[]]}}"#,
            "",
        ];
        let rest = r#"{"x": "[1,2]", "records": [], "dropped": 3}"#.to_owned();
        assert_eq!(of(&batch), Some((records, rest)));
        let empty = r#"{"records":[ ]}"#;
        assert_eq!(of(empty), Some((vec![], r#"{"records":[]}"#.to_owned())));
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let batch = format!(r#"{{"records":[1,{deep}]}}"#);
        assert_eq!(of(&batch).unwrap().0, ["1", &deep]);
    }

    #[test]
    fn w53_what_has_no_whole_list_is_no_batch() {
        for batch in ["", "[1]", "{}", "]", r#"{"records": [1"#, r#"{"r": ["]"#] {
            assert_eq!(of(batch), None, "{batch}");
        }
    }
}
