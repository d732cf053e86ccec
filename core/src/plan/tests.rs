#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::head::Head;
use crate::health::{Board, Standing, Why};
use crate::request::{Retry, Weighted};
use crate::wire;

mod auto;
mod endpoint;
mod health;
mod kept;
mod selectors;
mod tiers;

const DOCUMENT: &str = r#"{
    "providers": {"a": {"host": "a"}, "b": {"host": "b"}, "c": {"host": "c",
        "auth": {"env": "C_KEY"}}},
    "models": {
        "m": {"providers": [{"provider": "c"}, {"provider": "a"}, {"provider": "b"}]},
        "n": {"providers": [{"provider": "a", "model": "n-1"}, {"provider": "c"}]},
        "safe": {"providers": [{"provider": "a"}], "tiers": ["tee"]},
        "safer": {"providers": [{"provider": "b"}, {"provider": "a"}], "tiers": ["zdr", "tee"]},
        "only-c": {"providers": [{"provider": "c"}]},
        "gone": {"providers": [{"provider": "a"}], "active": false}},
    "functions": {
        "f": {"variants": {"x": {"model": "m", "weight": 3}, "y": {"model": "only-c", "weight": 1}}},
        "t": {"variants": {"x": {"model": "safe", "weight": 1}, "y": {"model": "m", "weight": 0}}},
        "s": {"variants": {"x": {"model": "safe"}, "y": {"model": "safer"}}}},
    "aliases": {"quick": "n"},
    "defaults": {"failover_order": ["b"]}
}"#;

fn gateway() -> Gateway {
    gateway_with(Some("k"))
}

fn gateway_with(key: Option<&str>) -> Gateway {
    let config = Config::parse(DOCUMENT.as_bytes()).unwrap();
    Gateway::new(config, |_| key.map(str::to_owned))
}

/// What a test asks, piece by piece.
#[derive(Clone, Debug, Default)]
struct Ask {
    selector: String,
    variant: Option<String>,
    routing: Routing,
    headers: Vec<(String, String)>,
    needs: Needs,
    board: Board,
    seed: u8,
}

fn ask(selector: &str) -> Ask {
    Ask {
        selector: selector.to_owned(),
        seed: 3,
        ..Ask::default()
    }
}

impl Ask {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn sequence(self, names: &str) -> Self {
        self.header(wire::FAILOVER_SEQUENCE, names)
    }

    fn pin(mut self, variant: &str) -> Self {
        self.variant = Some(variant.to_owned());
        self
    }

    fn fallbacks(mut self, models: &[&str]) -> Self {
        self.routing.fallbacks = models.iter().map(ToString::to_string).collect();
        self
    }

    fn balancer(mut self, models: &[(&str, f64)]) -> Self {
        let weighted = models.iter().map(|(model, weight)| Weighted {
            model: (*model).to_owned(),
            weight: *weight,
        });
        self.routing.balancer = weighted.collect();
        self
    }

    fn retry(mut self, count: u8) -> Self {
        let on_codes = vec![429];
        self.routing.retry = Some(Retry { count, on_codes });
        self
    }

    fn stands(mut self, key: &str, standing: Standing) -> Self {
        self.board.standings.insert(key.to_owned(), standing);
        self
    }

    fn plan(&self) -> Result<Plan, Rejection> {
        self.plan_with(&gateway(), &mut |_| true)
    }

    fn plan_with(
        &self,
        gateway: &Gateway,
        claim: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Plan, Rejection> {
        self.with(gateway, claim, Plan::new)
    }

    /// With another way to plan.
    fn with<T>(
        &self,
        gateway: &Gateway,
        claim: &mut dyn FnMut(&str) -> bool,
        plan: impl FnOnce(&Wish<'_>, &Gateway, &mut Care<'_>, &mut Luck) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        let head = Head::new(&self.headers);
        let asked = Asked::read(&head, &gateway.config, None)?;
        let wish = Wish {
            own: None,
            selector: &self.selector,
            variant: self.variant.as_deref(),
            routing: &self.routing,
            asked: &asked,
            needs: &|| self.needs.clone(),
        };
        let spread = u128::from(self.seed).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let mut luck = Luck::new(spread.to_le_bytes());
        let mut care = Care {
            board: &self.board,
            claim,
            now_ms: 1_000,
        };
        plan(&wish, gateway, &mut care, &mut luck)
    }

    /// The attempts, `provider/model` each.
    #[track_caller]
    fn route(&self) -> Vec<String> {
        told(&self.plan().unwrap())
    }
}

fn told(plan: &Plan) -> Vec<String> {
    let name = |p: &Planned| format!("{}/{}", p.candidate.provider.name, p.model.name);
    plan.attempts.iter().map(name).collect()
}

/// What was left, `provider/model reason` each.
fn left(plan: &Plan) -> Vec<String> {
    let told = |left: &Left| {
        let (provider, model) = (&left.provider.name, &left.model.name);
        format!("{provider}/{model} {}", left.reason)
    };
    plan.left.iter().map(told).collect()
}

#[test]
fn w30_the_default_order_sorts_and_adds_none() {
    assert_eq!(ask("m").route(), ["b/m", "c/m", "a/m"]);
    assert_eq!(ask("safe").sequence("").route(), ["a/safe"]);
}

#[test]
fn w30_the_header_names_all_that_may_be_tried() {
    let plan = ask("m").sequence(r#"["a","c","a"]"#).plan().unwrap();
    assert_eq!(told(&plan), ["a/m", "c/m"]);
    assert_eq!(
        left(&plan),
        ["b/m is not in x-opengateway-failover-sequence"]
    );
    let plan = ask("safe").sequence(r#"["b","a"]"#).plan().unwrap();
    assert_eq!(told(&plan), ["a/safe"]);
    assert_eq!(left(&plan), ["b/safe does not have the model"]);
    let Err(Rejection::NoProvider { reasons, .. }) = ask("safe").sequence(r#"["b"]"#).plan() else {
        panic!()
    };
    assert_eq!(reasons[0], "b does not have the model");
    assert_eq!(ask("m").sequence("[]").route().len(), 3, "empty is absent");
}

#[test]
fn w30_a_malformed_header_is_refused() {
    for header in ["a,b", "[\"a\"", "{}", "\"a\"", "[1]", "[\"a\"] x", "null"] {
        let plan = ask("m").sequence(header).plan();
        assert_eq!(plan, Err(Rejection::FailoverSequence), "{header}");
    }
    let unknown = |header| Rejection::UnknownProvider {
        header,
        name: "nix".to_owned(),
    };
    let plan = ask("m").sequence(r#"["a","nix"]"#).plan();
    assert_eq!(plan, Err(unknown(wire::FAILOVER_SEQUENCE)));
    let plan = ask("m").header(wire::FORCE_PROVIDER, "nix").plan();
    assert_eq!(plan, Err(unknown(wire::FORCE_PROVIDER)));
    for header in [
        wire::FORCE_PROVIDER,
        wire::FORCE_MODEL,
        wire::FAILOVER_SEQUENCE,
    ] {
        let plan = ask("m").header(header, "").header(header, "").plan();
        assert_eq!(plan, Err(Rejection::HeaderTwice { header }));
    }
}

#[test]
fn w30_force_headers_go_before_everything() {
    let forced = || ask("m").header(wire::FORCE_PROVIDER, "a");
    assert_eq!(forced().route(), ["a/m"]);
    assert_eq!(forced().sequence(r#"["b"]"#).route(), ["a/m"]);
    assert_eq!(forced().pin("b").route(), ["a/m"]);
    assert_eq!(
        forced().fallbacks(&["n", "c/n", "only-c"]).route(),
        ["a/m", "a/n"]
    );
    let model = || ask("m").header(wire::FORCE_MODEL, "quick");
    assert_eq!(model().route(), ["a/n", "c/n"]);
    assert_eq!(model().sequence(r#"["c"]"#).route(), ["c/n"]);
    let plan = model()
        .fallbacks(&["safe"])
        .balancer(&[("safe", 1.0)])
        .plan()
        .unwrap();
    assert_eq!((told(&plan).len(), plan.notes.len()), (2, 2));
    assert_eq!(model().pin("nonsense").route(), ["a/n", "c/n"]);
    assert_eq!(
        ask("nonsense").header(wire::FORCE_MODEL, "c/n").route(),
        ["c/n"]
    );
    let both = model().header(wire::FORCE_PROVIDER, "c");
    assert_eq!(both.route(), ["c/n"]);
    let none = ask("only-c").header(wire::FORCE_PROVIDER, "a").plan();
    assert!(
        matches!(none, Err(Rejection::NoProvider { .. })),
        "{none:?}"
    );
    let reply = ask("m")
        .header(wire::FORCE_MODEL, "mm")
        .plan()
        .unwrap_err()
        .reply();
    assert_eq!(reply.status, 404);
    assert!(
        reply.body.contains(r#""param":"x-gateway-force-model""#),
        "{}",
        reply.body
    );
}

#[test]
fn w22_a_pin_goes_before_orq_and_the_callers_sequence() {
    let names = r#"["a","b"]"#;
    assert_eq!(ask("m").pin("c").sequence(names).route(), ["c/m"]);
    assert_eq!(ask("a/m").route(), ["a/m"]);
    assert_eq!(ask("a/m").sequence(r#"["b","c"]"#).route(), ["b/m", "c/m"]);
    let function = "ollm::function_name::f";
    assert_eq!(ask(function).pin("y").route(), ["c/only-c"]);
    assert_eq!(ask(function).pin("x").sequence(r#"["a"]"#).route(), ["a/m"]);
    let plan = ask("m").pin("c").fallbacks(&["n"]).plan().unwrap();
    assert_eq!(told(&plan), ["c/m"]);
    assert_eq!(
        plan.notes,
        ["orq.fallbacks is not used: `ollm::variant_name` pins the route"]
    );
}

#[test]
fn w30_fallbacks_come_after_the_model_and_at_their_own_providers() {
    let plan = ask("safe").fallbacks(&["safer", "a/safer", "quick"]).plan();
    let plan = plan.unwrap();
    assert_eq!(told(&plan), ["a/safe", "b/safer", "a/safer"]);
    assert_eq!(plan.attempts[1].by, By::Fallback(0));
    assert_eq!(
        left(&plan),
        [
            "a/safer is in the plan already",
            "a/n has a model without the tier `tee`",
            "c/n has a model without the tier `tee`"
        ]
    );
    let plain = ask("n").fallbacks(&["m"]);
    assert_eq!(plain.route(), ["a/n", "c/n", "b/m", "c/m", "a/m"]);
    // The header binds the body's model; among the others it sorts.
    let bound = plain.sequence(r#"["c","a"]"#);
    assert_eq!(bound.route(), ["c/n", "a/n", "c/m", "a/m", "b/m"]);
    let unknown = ask("m")
        .fallbacks(&["n", "nope"])
        .plan()
        .unwrap_err()
        .reply();
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.body.contains(r#""param":"orq.fallbacks[1].model""#),
        "{}",
        unknown.body
    );
}

#[test]
fn w30_the_load_balancer_draws_in_the_place_of_the_model() {
    let mut first = 0;
    for seed in 0..=255 {
        let ask = Ask {
            seed,
            ..ask("m")
                .balancer(&[("only-c", 0.3), ("a/n", 0.1)])
                .fallbacks(&["b/m"])
        };
        let route = ask.route();
        assert_eq!((route.len(), route[2].as_str()), (3, "b/m"));
        first += usize::from(route[0] == "c/only-c");
    }
    assert!((160..224).contains(&first), "3 of 4, not {first} of 256");
    let plan = ask("m")
        .balancer(&[("n", 0.5)])
        .sequence(r#"["b"]"#)
        .plan()
        .unwrap();
    assert_eq!(told(&plan), ["a/n", "c/n"]);
    assert!(
        plan.notes[0].starts_with("model is not used"),
        "{:?}",
        plan.notes
    );
    let unknown = ask("m")
        .balancer(&[("n", 0.5), ("x", 0.5)])
        .plan()
        .unwrap_err()
        .reply();
    assert!(
        unknown.body.contains("orq.load_balancer[1].model"),
        "{}",
        unknown.body
    );
}

#[test]
fn w31_retries_are_cut_before_providers_are() {
    let tries = |ask: Ask| {
        let plan = ask.plan().unwrap();
        let tries: Vec<_> = plan.attempts.iter().map(|planned| planned.tries).collect();
        assert!(plan.slots() <= 8);
        (tries, plan.notes.len())
    };
    assert_eq!(tries(ask("safe").retry(5)), (vec![5], 0));
    assert_eq!(tries(ask("m").retry(1)), (vec![1, 1, 1], 0));
    assert_eq!(tries(ask("m").retry(3)), (vec![3, 2, 0], 1));
    assert_eq!(
        tries(ask("n").fallbacks(&["m", "only-c"]).retry(5)),
        (vec![2, 0, 0, 0, 0, 0], 1)
    );
}

#[test]
fn w30_at_most_eight_attempts() {
    let all = ["m", "n", "only-c", "safe", "safer"];
    let plan = ask("m").fallbacks(&all).retry(2).plan().unwrap();
    assert_eq!((plan.attempts.len(), plan.slots()), (8, 8));
    let over = left(&plan);
    assert_eq!(
        over.last().unwrap(),
        "a/safer comes after the 8 attempts that a plan may have"
    );
}

#[test]
fn a_provider_without_its_key_is_left_out() {
    let plan = |selector| ask(selector).plan_with(&gateway_with(None), &mut |_| true);
    assert_eq!(told(&plan("m").unwrap()), ["b/m", "a/m"]);
    let Err(Rejection::NoProvider { reasons, .. }) = plan("only-c") else {
        panic!()
    };
    assert_eq!(reasons, ["c has no key"]);
}
