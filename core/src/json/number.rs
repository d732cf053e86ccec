//! Numbers as they stand in the text.

use super::Span;

/// A number of the text, in the spelling of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    /// Its spelling.
    pub raw: &'a str,
    /// Where it stands.
    pub span: Span,
}

impl Number<'_> {
    /// Its value; `None` beyond the range of a double (`1e400`).
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.raw
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }

    /// Its value when it is whole, however it is spelled: `4`, `4.0` and `4e0` are the same.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        if let Ok(number) = self.raw.parse() {
            return Some(number);
        }
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let number = self.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and in range, just checked"
        )]
        (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
    }
}

/// Length of the number at the front of `bytes`, or `None` where JSON spells none so.
pub(super) fn number_len(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes.get(at) == Some(&b'0')) {
        return None;
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    Some(at)
}
