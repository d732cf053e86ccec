#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn what_nobody_needs_again_is_edited_where_it_stands() {
    let body = b"0123456789";
    let edit = |from, to, text: &'static str| Edit::replace(from..to, text);
    for edits in [
        vec![],
        vec![edit(0, 0, "a")],
        vec![edit(8, 10, "longer than before")],
        vec![edit(1, 4, ""), edit(4, 4, "x"), edit(9, 10, "yz")],
        (0..5).map(|at| edit(at, at + 1, "ab")).collect(),
        vec![edit(9, 20, "past the end")],
    ] {
        assert_eq!(apply_to(body.to_vec(), &edits), apply(body, &edits));
    }
    let (prefix, covered) = apply_to(body.to_vec(), &[edit(2, 3, "xy"), edit(5, 6, "")]);
    assert_eq!((prefix.as_slice(), covered), (&b"01xy34"[..], 6));
}
