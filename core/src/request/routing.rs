//! What `orq` asks of the route: models by weight, models to try next, tries of the same provider.

use super::value;

/// Tries more of the same provider where `orq.retry` names no number (W31).
const TRIES: u8 = 3;
/// The statuses that are tried again where it names none (W31).
const CODES: [u16; 1] = [429];
/// The share of a model of `orq.load_balancer` that names none (S3).
const WEIGHT: f64 = 0.5;

/// What a body asks of the route (W30, W31). All of it empty: nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routing {
    /// `orq.load_balancer`: the models to draw from, in the place of `model`.
    pub balancer: Vec<Weighted>,
    /// `orq.fallbacks`: the models to try next, in order.
    pub fallbacks: Vec<String>,
    /// `orq.retry`.
    pub retry: Option<Retry>,
}

impl Routing {
    /// Whether it asks nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let Self {
            balancer,
            fallbacks,
            retry,
        } = self;
        balancer.is_empty() && fallbacks.is_empty() && retry.is_none()
    }
}

/// One model of `orq.load_balancer`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// Its selector.
    pub model: String,
    /// Its share, relative to the sum of all.
    pub weight: f64,
}

/// `orq.retry`: tries of the same provider before the next one (W31).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Tries after the first.
    pub count: u8,
    /// The provider's statuses that are tried again.
    pub on_codes: Vec<u16>,
}

impl Routing {
    /// Takes a member of `orq`, whose shape has been checked; others than these are left.
    pub(super) fn take(&mut self, name: &str, raw: &str) {
        match name {
            "fallbacks" => self.fallbacks = value::list(raw, model),
            "load_balancer" => {
                let models = value::member(raw, "models").unwrap_or(raw);
                self.balancer = value::list(models, weighted);
            }
            "retry" => self.retry = Some(retry(raw)),
            _ => {}
        }
    }
}

fn model(raw: &str) -> Option<String> {
    value::member(raw, "model").and_then(value::text)
}

fn weighted(raw: &str) -> Option<Weighted> {
    let weight = value::member(raw, "weight").and_then(|raw| raw.parse().ok());
    Some(Weighted {
        model: model(raw)?,
        weight: weight.unwrap_or(WEIGHT),
    })
}

fn retry(raw: &str) -> Retry {
    let count = value::member(raw, "count").and_then(value::whole);
    let codes = value::member(raw, "on_codes")
        .map(|raw| value::list(raw, |raw| u16::try_from(value::whole(raw)?).ok()));
    Retry {
        count: count
            .and_then(|count| u8::try_from(count).ok())
            .unwrap_or(TRIES),
        on_codes: codes.unwrap_or_else(|| CODES.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn take(name: &str, raw: &str) -> Routing {
        let mut routing = Routing::default();
        routing.take(name, raw);
        routing
    }

    #[test]
    fn w30_both_forms_of_the_load_balancer() {
        let models =
            r#"[{"model":"a","weight":0.7},{"model":"b"},{"weight":1e-1,"model":"\u0063"}]"#;
        let new = format!(r#"{{"type":"weight_based","models":{models}}}"#);
        for raw in [models, &new] {
            let told: Vec<_> = take("load_balancer", raw)
                .balancer
                .into_iter()
                .map(|one| (one.model, one.weight))
                .collect();
            let expected = [("a", 0.7), ("b", 0.5), ("c", 0.1)];
            assert_eq!(
                told,
                expected.map(|(model, weight)| (model.to_owned(), weight))
            );
        }
    }

    #[test]
    fn w30_fallbacks_in_order() {
        let routing = take("fallbacks", r#"[{"model":"b"},{"model":"a/c"}]"#);
        assert_eq!(routing.fallbacks, ["b", "a/c"]);
    }

    #[test]
    fn w31_retry_has_defaults() {
        for (raw, count, codes) in [
            ("{}", 3, &[429][..]),
            (r#"{"count":5}"#, 5, &[429]),
            (r#"{"on_codes":[500,502]}"#, 3, &[500, 502]),
            (r#"{"count":1,"on_codes":[]}"#, 1, &[]),
            (r#"{"count":null,"on_codes":null}"#, 3, &[429]),
        ] {
            let retry = take("retry", raw).retry.unwrap();
            assert_eq!(
                (retry.count, retry.on_codes.as_slice()),
                (count, codes),
                "{raw}"
            );
        }
    }
}
