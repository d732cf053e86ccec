//! The attempts of `auto` (W21).

use super::{Plan, Planned, as_strong};
use crate::auto::{Taken, rank};
use crate::config::AUTO;
use crate::gateway::{Gateway, Secret};
use crate::health::Board;
use crate::luck::Luck;
use crate::reject::Rejection;
use crate::request::Needs;

/// Reasons that are told: a catalogue can have thousands of candidates.
const REASONS: usize = 16;

impl Plan {
    /// The plan of `auto`: the first says which tiers hold (W24).
    pub(super) fn auto(
        sequence: Option<&[String]>,
        gateway: &Gateway,
        needs: &Needs,
        luck: &mut Luck,
    ) -> Result<Self, Rejection> {
        let config = &gateway.config;
        let board = Board::default();
        let mut ranked = rank(config.models.values(), needs, &board, &config.auto, luck);
        let mut reasons: Vec<_> = ranked.left_out.iter().map(ToString::to_string).collect();
        let mut attempts: Vec<Planned> = Vec::new();
        if let Some(sequence) = sequence {
            let place = |taken: &Taken| {
                let name = &taken.candidate.provider.name;
                sequence.iter().position(|other| other == name)
            };
            ranked.order.retain(|taken| place(taken).is_some());
            ranked.order.sort_by_key(place);
        }
        for taken in ranked.order {
            let provider = &taken.candidate.provider;
            if let Secret::Missing(_) = gateway.secret(provider) {
                reasons.push(format!("{} has no key", provider.name));
                continue;
            }
            if attempts
                .first()
                .is_none_or(|first| as_strong(&taken.model, &first.model))
            {
                attempts.push(Planned {
                    model: taken.model,
                    candidate: taken.candidate,
                    variant: None,
                });
            }
        }
        attempts.truncate(config.defaults.limits.attempts);
        if attempts.is_empty() {
            reasons.sort_unstable();
            reasons.dedup();
            reasons.truncate(REASONS);
            let model = AUTO.to_owned();
            return Err(Rejection::NoProvider { model, reasons });
        }
        Ok(Self { attempts })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::config::{Capability, Config};

    fn plan(sequence: &[&str], needs: &Needs, seed: u8) -> Result<Vec<String>, Rejection> {
        let config = Config::parse(
            br#"{"providers": {"a": {"host": "a"}, "b": {"host": "b"},
                "c": {"host": "c", "auth": {"env": "C_KEY"}}},
            "models": {
                "m": {"providers": [{"provider": "c"}, {"provider": "a"}, {"provider": "b"}]},
                "safe": {"providers": [{"provider": "a"}], "tiers": ["tee"]}}}"#,
        );
        let gateway = Gateway::new(config.unwrap(), |_| None);
        let sequence: Vec<_> = sequence.iter().map(ToString::to_string).collect();
        let sequence = Some(sequence.as_slice()).filter(|names| !names.is_empty());
        let plan = Plan::auto(sequence, &gateway, needs, &mut Luck::new([seed; 16]))?;
        let name = |p: &Planned| format!("{}/{}", p.candidate.provider.name, p.model.name);
        Ok(plan.attempts.iter().map(name).collect())
    }

    #[test]
    fn w21_auto_plans_all_that_can_serve() {
        for seed in 0..40 {
            let mut all = plan(&[], &Needs::default(), seed).unwrap();
            // What promises less does not follow (W24).
            if all[0] == "a/safe" {
                assert_eq!(all.len(), 1);
                continue;
            }
            all.sort();
            assert_eq!(all, ["a/m", "a/safe", "b/m"]);
        }
    }

    #[test]
    fn w30_auto_keeps_to_the_callers_order() {
        for seed in 0..40 {
            let all = plan(&["c", "b"], &Needs::default(), seed).unwrap();
            assert_eq!(all, ["b/m"]);
            let all = plan(&["b", "a"], &Needs::default(), seed).unwrap();
            assert_eq!(all[0], "b/m");
            assert_eq!(all.len(), 3);
        }
    }

    #[test]
    fn w21_when_nothing_can_serve_the_reasons_are_told() {
        let needs = Needs {
            capabilities: vec![Capability::Vision],
            ..Needs::default()
        };
        let Err(Rejection::NoProvider { model, reasons }) = plan(&[], &needs, 1) else {
            panic!()
        };
        assert_eq!(model, "auto");
        let at = ["m at a", "m at b", "m at c", "safe at a"];
        assert_eq!(reasons, at.map(|at| format!("{at} has no vision")));
    }
}
