//! Plans that are kept are those that would be made.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// The plan as it is kept, and the one that is made.
fn both(kept: &mut Kept, ask: &Ask) -> [Result<Plan, Rejection>; 2] {
    let plan = ask.with(&gateway(), &mut |_| true, |wish, gateway, care, luck| {
        kept.plan(wish, gateway, care, luck)
    });
    let made = ask.plan().map(|mut plan| {
        plan.forget_reasons();
        plan
    });
    [plan.map(|plan| (*plan).clone()), made]
}

#[test]
fn what_is_kept_is_what_would_be_made() {
    let all = |selector| {
        let ask = || ask(selector);
        [
            ask(),
            ask().sequence(r#"["a"]"#),
            ask().header(wire::FORCE_PROVIDER, "a"),
            ask().header(wire::FORCE_MODEL, "n"),
            ask().pin("a"),
            ask().fallbacks(&["n"]),
            ask().balancer(&[("n", 1.0)]),
            ask().retry(2),
            ask().stands("a:m", Standing::HalfOpen),
            ask(),
        ]
    };
    let selectors = [
        "m",
        "quick",
        "a/m",
        "safe",
        "only-c",
        "gone",
        "nix",
        "auto",
        "ollm::function_name::f",
    ];
    let mut kept = Kept::default();
    for _ in 0..2 {
        for ask in selectors.into_iter().flat_map(all) {
            let [plan, made] = both(&mut kept, &ask);
            assert_eq!(plan, made, "{ask:?}");
        }
    }
}

#[test]
fn it_is_made_once_and_luck_each_time() {
    let (mut kept, gateway) = (Kept::default(), gateway());
    let mut plan = |ask: &Ask| {
        let plan = ask.with(&gateway, &mut |_| true, |wish, gateway, care, luck| {
            kept.plan(wish, gateway, care, luck)
        });
        plan.unwrap()
    };
    assert!(Arc::ptr_eq(&plan(&ask("m")), &plan(&ask("m"))));
    assert!(!Arc::ptr_eq(&plan(&ask("m")), &plan(&ask("m").retry(1))));
    let first = |seed| {
        let ask = Ask {
            seed,
            ..ask("ollm::function_name::f")
        };
        plan(&ask).attempts[0].variant.clone()
    };
    let drawn: std::collections::BTreeSet<_> = (0..50).map(first).collect();
    assert_eq!(drawn.len(), 2);
}

#[test]
fn few_are_kept() {
    let models: Vec<_> = (0..40).map(|i| format!("a/m{i}")).collect();
    let listed: Vec<_> = models
        .iter()
        .map(|name| {
            format!(
                "\"{}\": {{\"providers\": [{{\"provider\": \"a\"}}]}}",
                name.trim_start_matches("a/")
            )
        })
        .collect();
    let document = format!(
        "{{\"providers\": {{\"a\": {{\"host\": \"a\"}}}}, \"models\": {{{}}}}}",
        listed.join(",")
    );
    let gateway = Gateway::new(Config::parse(document.as_bytes()).unwrap(), |_| None);
    let mut kept = Kept::default();
    for model in models.iter().chain(&models) {
        let plan = ask(model).with(&gateway, &mut |_| true, |wish, gateway, care, luck| {
            kept.plan(wish, gateway, care, luck)
        });
        assert_eq!(
            plan.unwrap().attempts[0].model.name,
            model.trim_start_matches("a/")
        );
    }
    assert!(kept.last.len() <= 16);
}
