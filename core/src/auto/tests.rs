#[cfg(target_os = "unknown")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeMap;

use super::*;
use crate::config::{Config, Weights};

/// Models at the provider `p`, each with its own members.
fn config(models: &str) -> Config {
    let models: Vec<_> = models
        .split('\n')
        .map(|line| {
            line.trim()
                .split_once(' ')
                .unwrap_or_else(|| (line.trim(), ""))
        })
        .map(|(name, more)| {
            let more = if more.is_empty() {
                String::new()
            } else {
                format!(", {more}")
            };
            format!(r#""{name}": {{"providers": [{{"provider": "p"}}]{more}}}"#)
        })
        .collect();
    let document = format!(
        r#"{{"providers": {{"p": {{"host": "p"}}}}, "models": {{{}}}}}"#,
        models.join(",")
    );
    Config::parse(document.as_bytes()).unwrap()
}

fn board(figures: &[(&str, Figures)]) -> Board {
    let figures = figures
        .iter()
        .map(|(model, figures)| (format!("p:{model}"), *figures));
    Board {
        figures: figures.collect::<BTreeMap<_, _>>().into(),
        ..Board::default()
    }
}

fn known(success: f64, latency_ms: f64, headroom: f64) -> Figures {
    Figures {
        success_rate: Some(success),
        latency_ms: Some(latency_ms),
        headroom,
    }
}

/// No chance but among equals.
fn steady() -> Auto {
    Auto {
        explore: 0.0,
        ..Auto::default()
    }
}

fn names(ranked: &Ranked) -> Vec<&str> {
    let names = ranked.order.iter().map(|taken| taken.model.name.as_str());
    names.collect()
}

/// How often each model is first in so many rankings.
fn firsts(models: &str, board: &Board, auto: &Auto, rounds: u32) -> BTreeMap<String, u32> {
    let config = config(models);
    let mut luck = Luck::new([7; 16]);
    let mut firsts = BTreeMap::new();
    for _ in 0..rounds {
        let ranked = rank(
            config.models.values(),
            &Needs::default(),
            board,
            auto,
            &mut luck,
        );
        *firsts.entry(names(&ranked)[0].to_owned()).or_default() += 1;
    }
    firsts
}

fn order(models: &str, needs: &Needs, board: &Board, auto: &Auto) -> String {
    let config = config(models);
    let mut luck = Luck::new([3; 16]);
    names(&rank(config.models.values(), needs, board, auto, &mut luck)).join(" ")
}

#[test]
fn w21_each_need_is_a_filter_with_a_reason() {
    let needing = |capability| Needs {
        capabilities: vec![capability],
        ..Needs::default()
    };
    let of_tokens = |tokens, answer| Needs {
        tokens,
        answer,
        ..Needs::default()
    };
    let can = r#"able "capabilities":
        ["audio","json_mode","json_schema","streaming","tools","vision"]"#
        .replace("\n       ", "");
    let plain = "plain \"capabilities\": [\"reasoning\"]";
    let short = "plain \"context_length\": 8192, \"max_output_tokens\": 100";
    let long = "able \"context_length\": 12000";
    for (able, unable, needs, reason) in [
        (&*can, plain, needing(Capability::Audio), "has no audio"),
        (
            &can,
            plain,
            needing(Capability::JsonMode),
            "has no json_mode",
        ),
        (
            &can,
            plain,
            needing(Capability::JsonSchema),
            "has no json_schema",
        ),
        (
            &can,
            plain,
            needing(Capability::Streaming),
            "has no streaming",
        ),
        (&can, plain, needing(Capability::Tools), "has no tools"),
        (&can, plain, needing(Capability::Vision), "has no vision"),
        (
            long,
            short,
            of_tokens(12_000, None),
            "has a context of 8192 tokens, 12000 are needed",
        ),
        (
            "able",
            short,
            of_tokens(8193, None),
            "has a context of 8192 tokens, 8193 are needed",
        ),
        (
            long,
            short,
            of_tokens(101, Some(101)),
            "has answers of 100 tokens, 101 are asked",
        ),
        (
            "able",
            "plain \"auto\": \"exclude\"",
            Needs::default(),
            "is kept out of `auto`",
        ),
    ] {
        let config = config(&format!("{able}\n{unable}"));
        let board = Board::default();
        let mut luck = Luck::new([1; 16]);
        let ranked = rank(config.models.values(), &needs, &board, &steady(), &mut luck);
        assert_eq!(names(&ranked), ["able"], "{reason}");
        let told: Vec<_> = ranked.left_out.iter().map(ToString::to_string).collect();
        assert_eq!(told, [format!("plain at p {reason}")]);
    }
    let just = of_tokens(8192, Some(100));
    assert_eq!(order(short, &just, &Board::default(), &steady()), "plain");
}

#[test]
fn w21_a_limit_that_is_used_up_is_a_reason_and_an_inactive_model_is_not_there() {
    let config = config("a\nb\noff \"active\": false");
    let board = board(&[
        ("a", known(1.0, 100.0, 0.0)),
        ("b", known(0.0, 8000.0, 0.01)),
    ]);
    let mut luck = Luck::new([1; 16]);
    let needs = Needs::default();
    let ranked = rank(config.models.values(), &needs, &board, &steady(), &mut luck);
    assert_eq!(names(&ranked), ["b"]);
    assert_eq!(ranked.left_out.len(), 1);
    assert_eq!(ranked.left_out[0].reason, Reason::UsedUp);
}

#[test]
fn w21_the_score_is_as_documented() {
    let thinking = Needs {
        reasoning: true,
        ..Needs::default()
    };
    for (more, figures, needs, expected) in [
        // 0.5, 1 and 1500 ms where nothing is known.
        ("", None, Needs::default(), 0.3 + 0.2 + 0.121_875 + 0.05),
        ("", Some(known(1.0, 0.0, 1.0)), Needs::default(), 1.0),
        (
            "",
            Some(known(0.5, 4000.0, 0.5)),
            Needs::default(),
            0.3 + 0.1 + 0.075 + 0.05,
        ),
        // Beyond the ceiling is as bad as at it.
        (
            "",
            Some(known(0.5, 80_000.0, 0.5)),
            Needs::default(),
            0.3 + 0.1 + 0.05,
        ),
        ("", Some(known(1.0, 0.0, 1.0)), thinking.clone(), 0.95),
        (
            r#""capabilities": ["reasoning"]"#,
            Some(known(1.0, 0.0, 1.0)),
            thinking,
            1.0,
        ),
        (
            r#""priority": 3"#,
            Some(known(1.0, 0.0, 1.0)),
            Needs::default(),
            1.06,
        ),
    ] {
        let config = config(&format!("m {more}"));
        let board = board(
            &figures
                .map(|figures| ("m", figures))
                .into_iter()
                .collect::<Vec<_>>(),
        );
        let mut luck = Luck::new([1; 16]);
        let ranked = rank(config.models.values(), &needs, &board, &steady(), &mut luck);
        let score = ranked.order[0].score;
        assert!(
            (score - expected).abs() < 1e-9,
            "{more} {figures:?}: {score}"
        );
    }
}

#[test]
fn w21_the_weights_are_configuration() {
    let models =
        "quick\nsure\nfree\nthinks \"capabilities\": [\"reasoning\"]\nliked \"priority\": 1";
    let board = board(&[
        ("quick", known(0.5, 0.0, 0.5)),
        ("sure", known(1.0, 4000.0, 0.5)),
        ("free", known(0.5, 4000.0, 1.0)),
        ("thinks", known(0.5, 4000.0, 0.5)),
        ("liked", known(0.5, 4000.0, 0.5)),
    ]);
    let needs = Needs {
        reasoning: true,
        ..Needs::default()
    };
    let zero = Weights {
        success: 0.0,
        headroom: 0.0,
        latency: 0.0,
        reasoning: 0.0,
        priority: 0.0,
    };
    for (first, weights) in [
        ("sure", Weights::default()),
        (
            "quick",
            Weights {
                latency: 1.0,
                ..zero
            },
        ),
        (
            "sure",
            Weights {
                success: 1.0,
                ..zero
            },
        ),
        (
            "free",
            Weights {
                headroom: 1.0,
                ..zero
            },
        ),
        (
            "thinks",
            Weights {
                reasoning: 1.0,
                ..zero
            },
        ),
        (
            "liked",
            Weights {
                priority: 1.0,
                ..zero
            },
        ),
    ] {
        let auto = Auto {
            weights,
            ..steady()
        };
        let order = order(models, &needs, &board, &auto);
        assert!(order.starts_with(first), "{first}: {order}");
    }
    let auto = Auto {
        weights: Weights {
            latency: 1.0,
            ..zero
        },
        latency_ceiling_ms: 10_000,
        ..steady()
    };
    assert_eq!(
        order(
            "a\nb",
            &needs,
            &self::board(&[
                ("a", known(0.0, 9000.0, 1.0)),
                ("b", known(1.0, 9900.0, 1.0))
            ]),
            &auto
        ),
        "a b"
    );
}

#[test]
fn w21_equals_get_even_shares_and_others_none() {
    // Of 4000 draws at 1 in 4, 1000 with a deviation of 27.
    let shares = firsts(
        "a\nb\nc\nd\nworse",
        &board(&[("worse", known(0.4, 1500.0, 1.0))]),
        &steady(),
        4000,
    );
    assert_eq!(shares.len(), 4, "{shares:?}");
    assert!(
        shares.values().all(|share| (830..1170).contains(share)),
        "{shares:?}"
    );
    // A step of the priority is more than equal; 500 ms are not.
    let shares = firsts("a \"priority\": 1\nb", &Board::default(), &steady(), 100);
    assert_eq!(shares.len(), 1, "{shares:?}");
    let near = board(&[
        ("a", known(1.0, 1000.0, 1.0)),
        ("b", known(1.0, 1500.0, 1.0)),
    ]);
    assert_eq!(firsts("a\nb", &near, &steady(), 100).len(), 2);
}

#[test]
fn w21_the_last_come_after_all_others() {
    let models = "demo \"auto\": \"last\", \"priority\": 100\na\nb";
    let board = board(&[("a", known(0.0, 8000.0, 0.1))]);
    let eager = Auto {
        explore: 1.0,
        ..Auto::default()
    };
    for auto in [steady(), eager] {
        let order = order(models, &Needs::default(), &board, &auto);
        assert!(order.ends_with(" demo"), "{order}");
    }
    assert_eq!(
        order(
            "demo \"auto\": \"last\"",
            &Needs::default(),
            &board,
            &steady()
        ),
        "demo"
    );
}

#[test]
fn w21_what_only_its_record_keeps_back_is_tried_now_and_then() {
    let record = board(&[
        ("a", known(1.0, 100.0, 1.0)),
        ("failed", known(0.0, 8000.0, 1.0)),
    ]);
    let models = "a\nfailed\nuntried\nworse \"auto\": \"last\"";
    // Of 10000 draws at 1 in 50, 200 with a deviation of 14.
    let shares = firsts(models, &record, &Auto::default(), 10_000);
    assert_eq!(
        shares.keys().collect::<Vec<_>>(),
        ["a", "failed", "untried"]
    );
    assert!(
        (100..300).contains(&(shares["failed"] + shares["untried"])),
        "{shares:?}"
    );
    assert_eq!(firsts(models, &record, &steady(), 1000).len(), 1);
    // One that would be worse with the same record is not.
    let liked = "a \"priority\": 1\nuntried";
    assert_eq!(firsts(liked, &record, &Auto::default(), 1000).len(), 1);
    assert_eq!(
        firsts(liked, &Board::default(), &Auto::default(), 1000).len(),
        1
    );
}
