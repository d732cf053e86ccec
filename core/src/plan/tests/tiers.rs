//! W24: no plan weakens a tier.

#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn w24_a_function_does_not_fall_to_a_weaker_tier() {
    assert_eq!(ask("ollm::function_name::t").route(), ["a/safe"]);
}

#[test]
fn w24_what_names_a_weaker_model_is_refused() {
    for ask in [
        ask("safe").header(wire::FORCE_MODEL, "m"),
        ask("safe").balancer(&[("m", 1.0), ("n", 0.5)]),
        ask("safer").header(wire::FORCE_MODEL, "safe"),
        ask("ollm::function_name::s").header(wire::FORCE_MODEL, "m"),
    ] {
        let reply = ask.plan().unwrap_err().reply();
        assert_eq!(reply.status, 503, "{ask:?}");
        assert!(reply.body.contains("tier_unavailable"), "{}", reply.body);
    }
    let stronger = ask("safe").header(wire::FORCE_MODEL, "safer");
    assert_eq!(stronger.route(), ["b/safer", "a/safer"]);
}

#[test]
fn w24_health_moves_nothing_to_a_weaker_tier() {
    let cooling = Standing::Cooling {
        until: 61_000,
        why: Why::Failures,
    };
    let ask = ask("safe").fallbacks(&["m"]).stands("a:safe", cooling);
    let reply = ask.plan().unwrap_err().reply();
    assert_eq!(reply.status, 503);
    assert!(reply.body.contains("tier_unavailable"), "{}", reply.body);
    assert!(
        reply.headers.contains(&("retry-after", "60".to_owned())),
        "{reply:?}"
    );
}

/// Every header, body and health that the planner knows, drawn by chance: 20,000 of them.
#[test]
fn w24_no_plan_weakens_a_tier() {
    const SELECTORS: [&str; 13] = [
        "auto",
        "m",
        "n",
        "safe",
        "safer",
        "only-c",
        "quick",
        "a/m",
        "b/safer",
        "a/safe",
        "ollm::function_name::f",
        "ollm::function_name::t",
        "ollm::function_name::s",
    ];
    let gateway = gateway();
    let mut luck = Luck::new([11; 16]);
    let mut below = |n: usize| usize::try_from(luck.bits() % u64::try_from(n).unwrap()).unwrap();
    let mut planned = 0;
    for round in 0..20_000_u32 {
        let mut one = ask(SELECTORS[below(13)]);
        one.seed = u8::try_from(round % 251).unwrap();
        if below(3) == 0 {
            one = one.header(wire::FORCE_MODEL, SELECTORS[below(13)]);
        }
        if below(4) == 0 {
            one = one.header(wire::FORCE_PROVIDER, ["a", "b", "c"][below(3)]);
        }
        if below(4) == 0 {
            one = one.sequence([r#"["a","b"]"#, r#"["c"]"#, r#"["b","c","a"]"#][below(3)]);
        }
        if below(4) == 0 {
            one = one.pin(["a", "b", "x", "y"][below(4)]);
        }
        if below(3) == 0 {
            one = one.fallbacks(&[SELECTORS[below(13)], SELECTORS[below(13)]]);
        }
        if below(3) == 0 {
            one = one.balancer(&[(SELECTORS[below(13)], 0.4), (SELECTORS[below(13)], 0.6)]);
        }
        for key in [
            "a:m", "b:m", "c:m", "a:safe", "b:safer", "a:safer", "a:n-1", "c:only-c",
        ] {
            let until = 2_000;
            let standing = match below(8) {
                0 => Standing::Cooling {
                    until,
                    why: Why::Failures,
                },
                1 => Standing::Cooling {
                    until,
                    why: Why::RateLimited,
                },
                2 => Standing::HalfOpen,
                3 => Standing::Probing,
                _ => Standing::Ready,
            };
            one = one.stands(key, standing);
        }
        let promised: &[Tier] = match one.selector.as_str() {
            "safe" | "a/safe" | "ollm::function_name::s" => &[Tier::Tee],
            "safer" | "b/safer" => &[Tier::Tee, Tier::Zdr],
            _ => &[],
        };
        let Ok(plan) = one.plan_with(&gateway, &mut |_| round % 2 == 0) else {
            continue;
        };
        planned += 1;
        assert!(!plan.attempts.is_empty() && plan.slots() <= 8);
        for attempt in &plan.attempts {
            for tier in promised.iter().chain(&plan.tiers) {
                assert!(
                    attempt.model.tiers.contains(tier),
                    "{one:?}: {:?}",
                    told(&plan)
                );
            }
        }
    }
    assert!(planned > 5_000, "only {planned} plans");
}
