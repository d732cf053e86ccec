//! What a selector leads to is what is planned.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn w20_selectors_lead_to_models_and_functions() {
    assert_eq!(ask("ollm::model_name::safe").route(), ["a/safe"]);
    assert_eq!(ask("ollm::function_name::f").route().len(), 4);
    let near = |near: &str| Some(near.to_owned());
    assert_eq!(
        ask("saef").plan(),
        Err(Rejection::ModelNotFound {
            name: "saef".to_owned(),
            near: near("safe")
        })
    );
    let gone = ask("gone").plan();
    assert!(matches!(gone, Err(Rejection::ModelNotFound { .. })));
    let function = ask("ollm::function_name::g").plan();
    assert!(matches!(function, Err(Rejection::FunctionNotFound { .. })));
}

#[test]
fn w20_variants_are_drawn_by_weight() {
    let mut first = 0;
    for seed in 0..=255 {
        let ask = Ask {
            seed,
            ..ask("ollm::function_name::f")
        };
        first += usize::from(ask.plan().unwrap().attempts[0].variant.as_deref() == Some("x"));
    }
    assert!((160..224).contains(&first), "3 of 4, not {first} of 256");
}
