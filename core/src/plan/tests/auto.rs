//! W21: what the planner makes of `auto`.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::Capability;

/// For every seed, so that no chance among equals is left out.
fn each(ask: &Ask) -> impl Iterator<Item = Plan> {
    (0..40).map(|seed| {
        Ask {
            seed,
            ..ask.clone()
        }
        .plan()
        .unwrap()
    })
}

#[test]
fn w21_auto_plans_all_that_can_serve() {
    for plan in each(&ask("auto")) {
        let mut all = told(&plan);
        assert_eq!(all.len(), 8);
        // A model that promises a tier comes after those that do not, and they may fall to it.
        assert!(
            all.iter().take(6).all(|one| !one.contains("/safe")),
            "{all:?}"
        );
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 8, "each once");
        assert!(matches!(plan.attempts[0].by, By::Auto(score) if score > 0.0));
    }
}

#[test]
fn w30_headers_go_before_auto() {
    for plan in each(&ask("auto").sequence(r#"["c","b"]"#)) {
        let all = told(&plan);
        assert!(all[..3].iter().all(|one| one.starts_with("c/")), "{all:?}");
        assert_eq!(all[3..], ["b/m", "b/safer"]);
    }
    for plan in each(&ask("auto").header(wire::FORCE_PROVIDER, "b")) {
        assert_eq!(told(&plan), ["b/m", "b/safer"]);
    }
    for plan in each(&ask("nonsense").header(wire::FORCE_MODEL, "auto")) {
        assert_eq!(plan.attempts[0].by, By::Forced);
    }
    for plan in each(&ask("only-c").fallbacks(&["auto"])) {
        let all = told(&plan);
        assert_eq!((all[0].as_str(), all.len()), ("c/only-c", 8));
    }
}

#[test]
fn w21_when_nothing_can_serve_the_reasons_are_told() {
    let needs = Needs {
        capabilities: vec![Capability::Vision],
        ..Needs::default()
    };
    let ask = Ask {
        needs,
        ..ask("auto")
    };
    let Err(Rejection::NoProvider { reasons, .. }) = ask.plan() else {
        panic!()
    };
    assert!(
        reasons
            .iter()
            .all(|reason| reason.ends_with("has no vision")),
        "{reasons:?}"
    );
}

#[test]
fn w36_auto_passes_by_what_cools_down() {
    let limited = Standing::Cooling {
        until: 2_000,
        why: Why::RateLimited,
    };
    let keys = ["a:m", "b:m", "c:m", "a:n-1", "c:n"];
    let ask = keys
        .iter()
        .fold(ask("auto"), |ask, key| ask.stands(key, limited));
    for plan in each(&ask) {
        assert_eq!(told(&plan)[0], "c/only-c");
    }
}

#[test]
fn w21_the_needs_are_read_once_however_often_auto_is_named() {
    let gateway = gateway();
    let asked = std::cell::Cell::new(0);
    let routing = Routing {
        balancer: vec![
            Weighted {
                model: "auto".to_owned(),
                weight: 0.5
            };
            64
        ],
        fallbacks: vec!["auto".to_owned(); 5],
        retry: None,
    };
    let wish = Wish {
        selector: "auto",
        variant: None,
        routing: &routing,
        asked: &Asked::default(),
        needs: &|| {
            asked.set(asked.get() + 1);
            Needs::default()
        },
        own: None,
    };
    let mut care = Care {
        board: &Board::default(),
        claim: &mut |_| true,
        now_ms: 0,
    };
    let plan = Plan::new(&wish, &gateway, &mut care, &mut Luck::new([1; 16])).unwrap();
    assert_eq!((plan.attempts.len(), asked.get()), (8, 1));
}
