#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_hostile_body_gets_a_bounded_answer() {
    let ones = format!(
        r#"{{"model":"m","messages":[{}]}}"#,
        vec!["1"; 50_000].join(",")
    );
    let told = faults(&ones);
    assert_eq!((told.len(), told[100].as_str()), (101, "- more_faults"));
    let fields: Vec<_> = (0..5_000).map(|i| format!("\"u{i}\":1")).collect();
    let many = with(&format!(
        "{},\"ollm::deny_unknown_fields\":true",
        fields.join(",")
    ));
    assert!(faults(&many).contains(&"- invalid_value".to_owned()));
    let long = with(&format!(
        "\"{}\":1,\"ollm::deny_unknown_fields\":true",
        "n".repeat(100_000)
    ));
    let Err(Rejection::Fields(details)) = parse(&long) else {
        panic!()
    };
    assert!(details[0].message.len() < 400 && details[0].pointer.len() < 200);
}

#[test]
fn w51_tags_are_bounded() {
    let tags = |count: usize, value: usize| {
        let tags: Vec<_> = (0..count)
            .map(|i| format!("\"t{i}\":\"{}\"", "v".repeat(value)))
            .collect();
        with(&format!("\"ollm::tags\":{{{}}}", tags.join(",")))
    };
    assert!(parse(&tags(64, 512)).is_ok());
    assert_eq!(faults(&tags(65, 1)), ["ollm::tags invalid_value"]);
    assert_eq!(faults(&tags(1, 513)), ["ollm::tags.t0 invalid_value"]);
}
