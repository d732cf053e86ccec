//! `auto`: how candidates are scored, and a model's part in it (W21).

use super::fault::ConfigFault;
use super::reader::Reader;

/// The selector that leaves the choice of the model to the gateway.
pub const AUTO: &str = "auto";

/// How the candidates of `auto` are scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Auto {
    /// What each part of the score weighs.
    pub weights: Weights,
    /// The mean latency at which a candidate gets nothing for it, milliseconds.
    pub latency_ceiling_ms: u64,
    /// Part of the requests, 0 to 1, that try first a candidate that only its record keeps back.
    pub explore: f64,
}

impl Default for Auto {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            latency_ceiling_ms: 8000,
            explore: 0.02,
        }
    }
}

/// What each part of the score weighs. The parts are of 0 to 1, the priority apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Part of the last attempts that answered.
    pub success: f64,
    /// What is left of the scarcest limit.
    pub headroom: f64,
    /// 1 at no latency, 0 from the ceiling on.
    pub latency: f64,
    /// Whether it thinks, where that is asked.
    pub reasoning: f64,
    /// Of a model's `priority`, as it is written.
    pub priority: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            success: 0.6,
            headroom: 0.2,
            latency: 0.15,
            reasoning: 0.05,
            priority: 0.02,
        }
    }
}

/// A model's part in `auto`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// It is never taken.
    Exclude,
    /// It is taken by its score.
    #[default]
    Include,
    /// It is taken after all others.
    Last,
}

impl Part {
    pub(super) fn read(r: &mut Reader<'_>) -> Self {
        let words = [
            ("exclude", Self::Exclude),
            ("include", Self::Include),
            ("last", Self::Last),
        ];
        r.choice("auto", "`include`, `exclude` or `last`", &words)
            .unwrap_or_default()
    }
}

pub(super) fn read(r: &mut Reader<'_>) -> Auto {
    let default = Auto::default();
    let explore = r.number("explore").unwrap_or(default.explore);
    if explore > 1.0 {
        let expected = "a number from 0 to 1";
        r.fault("explore", ConfigFault::Invalid { expected });
    }
    Auto {
        weights: r.object("weights", weights).unwrap_or_default(),
        latency_ceiling_ms: r
            .whole("latency_ceiling_ms", 1)
            .unwrap_or(default.latency_ceiling_ms),
        explore,
    }
}

fn weights(r: &mut Reader<'_>) -> Weights {
    let default = Weights::default();
    let mut weight = |name, default| r.number(name).unwrap_or(default);
    Weights {
        success: weight("success", default.success),
        headroom: weight("headroom", default.headroom),
        latency: weight("latency", default.latency),
        reasoning: weight("reasoning", default.reasoning),
        priority: weight("priority", default.priority),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::config::Config;

    fn config(members: &str) -> Result<Config, Vec<String>> {
        let document = format!(
            r#"{{"providers": {{"a": {{"host": "a"}}}}, "models": {{"m": {{"providers":
            [{{"provider": "a"}}], "auto": "last", "priority": 3}}, "n": {{"providers":
            [{{"provider": "a"}}]}}}}, {members}}}"#
        );
        Config::parse(document.as_bytes())
            .map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn w21_what_is_not_configured_is_as_documented() {
        let config = config(r#""auto": {"weights": {"latency": "0.5"}, "explore": 0}"#).unwrap();
        let expected = Auto {
            weights: Weights {
                latency: 0.5,
                ..Weights::default()
            },
            explore: 0.0,
            ..Auto::default()
        };
        assert_eq!(config.auto, expected);
        let part = |name: &str| (config.models[name].auto, config.models[name].priority);
        assert_eq!(part("m"), (Part::Last, 3));
        assert_eq!(part("n"), (Part::Include, 0));
    }

    #[test]
    fn w21_faults_of_its_configuration_are_told() {
        let wrong = r#""auto": {"weights": {"sucess": 1, "latency": -1}, "latency_ceiling_ms": 0,
            "explore": 1.5}"#;
        let mut faults = config(wrong).unwrap_err();
        faults.sort();
        assert_eq!(
            faults,
            [
                "/auto/explore: must be a number from 0 to 1",
                "/auto/latency_ceiling_ms: must be larger",
                "/auto/weights/latency: must be a number of at least 0",
                "/auto/weights/sucess: is not a known member; did you mean `success`?",
            ]
        );
    }

    #[test]
    fn w21_auto_is_a_default_model_and_what_an_alias_leads_to() {
        let config = config(r#""defaults": {"model": "auto"}, "aliases": {"any": "auto"}"#);
        assert_eq!(config.unwrap().defaults.model.as_deref(), Some(AUTO));
    }
}
