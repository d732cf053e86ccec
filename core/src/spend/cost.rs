//! Record × catalogue → cost, in integers.

use super::record::{Record, Usage};
use crate::config::{Config, Price};

/// What a record costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Nano-USD (10⁻⁹ USD), rounded up once over the sum; `None` is unknown, never 0.
    pub nano_usd: Option<u64>,
}

/// The cost of a record at the catalogue's prices.
///
/// Unknown when the provider is not known, the price of a kind of token that was used is not, or
/// the usage is not. A record that no provider served costs 0. Source: W50.
#[must_use]
pub fn price(record: &Record, config: &Config) -> Cost {
    let Some(provider) = &record.provider else {
        return Cost { nano_usd: Some(0) };
    };
    let price = config.models.get(&record.model).and_then(|model| {
        let mut candidates = model.candidates.iter();
        let sent = record.request_model.as_ref();
        candidates
            .find(|c| c.provider.name == *provider && sent.is_none_or(|sent| *sent == c.model))?
            .price
    });
    Cost {
        nano_usd: price.and_then(|price| cost_of(&record.usage, &price)),
    }
}

/// What tokens cost at a price, nano-USD, rounded up; `None` is unknown.
#[must_use]
pub fn cost_of(usage: &Usage, price: &Price) -> Option<u64> {
    let cached = usage.cached_tokens.unwrap_or_default();
    let written = usage.cache_write_tokens.unwrap_or_default();
    let plain = usage
        .prompt_tokens?
        .saturating_sub(cached)
        .saturating_sub(written);
    let parts = [
        (plain, price.input),
        (cached, price.cached_input.or(price.input)),
        (written, price.cache_write.or(price.input)),
        (usage.completion_tokens?, price.output),
    ];
    let mut sum: u128 = 0;
    for (tokens, price) in parts {
        if tokens > 0 {
            sum = sum.checked_add(u128::from(tokens).checked_mul(u128::from(price?))?)?;
        }
    }
    u64::try_from(sum.div_ceil(1_000_000)).ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const PRICE: Price = Price {
        input: Some(150_000_000),
        cached_input: Some(75_000_000),
        cache_write: None,
        output: Some(600_000_000),
    };

    fn usage(prompt: u64, cached: u64, completion: u64) -> Usage {
        Usage {
            prompt_tokens: Some(prompt),
            cached_tokens: Some(cached),
            completion_tokens: Some(completion),
            ..Usage::default()
        }
    }

    #[test]
    fn w50_cost_is_the_sum_of_the_parts() {
        assert_eq!(
            cost_of(&usage(1000, 400, 10), &PRICE),
            Some(600 * 150 + 400 * 75 + 10 * 600)
        );
        assert_eq!(cost_of(&usage(0, 0, 0), &PRICE), Some(0));
        let odd = Price {
            input: Some(37_500),
            ..PRICE
        };
        assert_eq!(cost_of(&usage(1, 0, 0), &odd), Some(1), "rounded up");
    }

    #[test]
    fn w50_unknown_is_unknown_and_never_zero() {
        assert_eq!(cost_of(&Usage::default(), &PRICE), None);
        assert_eq!(
            cost_of(
                &usage(1, 0, 1),
                &Price {
                    output: None,
                    ..PRICE
                }
            ),
            None
        );
        assert_eq!(
            cost_of(
                &usage(1, 0, 0),
                &Price {
                    output: None,
                    ..PRICE
                }
            ),
            Some(150)
        );
        assert_eq!(
            cost_of(&usage(u64::MAX, 0, u64::MAX), &PRICE),
            None,
            "too large to say"
        );
    }

    #[test]
    fn w50_no_provider_no_cost() {
        let config = Config::parse(
            br#"{"providers": {"p": {"host": "h"}}, "models": {"m": {"providers": [{"provider": "p"}]}}}"#,
        )
        .unwrap();
        assert_eq!(price(&Record::default(), &config).nano_usd, Some(0));
        let served = Record {
            provider: Some("p".into()),
            model: "m".into(),
            ..Record::default()
        };
        assert_eq!(price(&served, &config).nano_usd, None, "no price is known");
    }
}
