//! YAML or JSON bytes → a value, with anchors and aliases resolved.

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::Fault;

/// Nodes that all aliases together may become. A mesh of a thousand clusters with a large
/// document stays below; a bomb of aliases is refused in a moment.
const REPLAYED: usize = 2_000_000;

/// Reads one document. JSON is YAML, so both are taken.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Fault::new("", format!("is not UTF-8 at byte {}", error.valid_up_to())))?;
    // The number of aliases to one anchor is the number of clusters: it says nothing of a bomb.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { enforce_alias_anchor_ratio: false },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: REPLAYED },
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let text = error.to_string().replace('\n', " ");
        Fault::new("", format!("is not YAML: {text}"))
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn yaml(text: &str) -> Value {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn an_alias_stands_for_its_anchor() {
        let value = yaml("a: &x {list: [1, 2.5, \"3\", yes please]}\nb: *x\nc: [*x, *x]");
        assert_eq!(value["a"], value["b"]);
        assert_eq!(
            value["c"][1]["list"],
            serde_json::json!([1, 2.5, "3", "yes please"])
        );
    }

    #[test]
    fn json_is_taken_as_it_is() {
        let text = r#"{"a": [1, "1", true, null, 1.5e3, "\u00e9"]}"#;
        assert_eq!(yaml(text), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn many_aliases_of_one_anchor_are_no_bomb() {
        let uses: String = (0..3_000).map(|i| format!("k{i}: *x\n")).collect();
        assert_eq!(yaml(&format!("x: &x {{a: 1}}\n{uses}"))["k2999"]["a"], 1);
    }

    #[test]
    fn a_bomb_of_aliases_is_refused_soon() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..30 {
            let before = vec![format!("*a{}", i - 1); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{before}]\n"));
        }
        let start = Instant::now();
        let fault = parse(text.as_bytes()).unwrap_err();
        assert!(fault.text.starts_with("is not YAML: "), "{fault}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_is_not_yaml_is_refused_in_one_line() {
        for bytes in ["a: [1", "a: 1\na: 2", "a: *nowhere", "- a\nb: c"] {
            let fault = parse(bytes.as_bytes()).unwrap_err();
            assert!(
                fault.text.starts_with("is not YAML: ") && !fault.text.contains('\n'),
                "{fault}"
            );
        }
        assert_eq!(
            parse(b"a: \xff").unwrap_err().text,
            "is not UTF-8 at byte 3"
        );
    }
}
