//! Numbers as they stand in the text.

use super::Span;

/// Digits that are fewer than 64 bits have in any case.
const SHORT: usize = 18;

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

    /// Its value when it is whole, however it is spelled: `4`, `4.0`, `40e-1` are the same.
    ///
    /// Decided from the digits, not by way of a double: `1.00000000000000000001` is not whole, and
    /// `9007199254740993.0` is not a neighbour of it. `None` too beyond 64 bits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let (negative, number) = match self.raw.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, self.raw),
        };
        let mut short = number.bytes().take(SHORT);
        let value = short.try_fold(0, |value, digit| {
            let is_one = digit.is_ascii_digit();
            is_one.then_some(value * 10 + i64::from(digit & 0x0f))
        });
        if let Some(value) = value.filter(|_| number.len() <= SHORT) {
            return Some(if negative { -value } else { value });
        }
        let (number, exponent) = number.split_once(['e', 'E']).unwrap_or((number, ""));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = whole.bytes().chain(fraction.bytes());
        let zeros = digits.clone().rev().take_while(|digit| *digit == b'0');
        let zeros = zeros.count();
        let Some(kept @ 1..) = (whole.len() + fraction.len()).checked_sub(zeros) else {
            return Some(0);
        };
        // It is the digits that are kept, the last of them not 0, times this power of ten.
        let power = power(exponent)
            .saturating_add(length(zeros))
            .saturating_sub(length(fraction.len()));
        if power < 0 {
            return None;
        }
        // Downwards: the least of 64 bits is further from 0 than the most.
        let mut value: i64 = 0;
        for digit in digits.take(kept) {
            value = value
                .checked_mul(10)?
                .checked_sub(i64::from(digit & 0x0f))?;
        }
        // Not 0, so that it leaves the 64 bits after a few rounds, whatever the power.
        for _ in 0..power {
            value = value.checked_mul(10)?;
        }
        if negative {
            Some(value)
        } else {
            value.checked_neg()
        }
    }
}

/// An exponent as it is spelled, with its sign or without. Beyond 64 bits it is the most of them:
/// no text is so long that its digits make up for that.
fn power(exponent: &str) -> i64 {
    let power = plain(exponent.trim_start_matches(['+', '-']));
    if exponent.starts_with('-') {
        -power
    } else {
        power
    }
}

/// The value of digits, and the most of 64 bits beyond them.
fn plain(digits: &str) -> i64 {
    digits.bytes().fold(0, |value: i64, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit & 0x0f))
    })
}

fn length(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// Length of the number at the front of `bytes`, or `None` where JSON spells none so.
pub(super) fn number_len(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    // Most are digits alone.
    let whole = digits(0);
    let ends = !matches!(bytes.get(whole), Some(b'.' | b'e' | b'E'));
    if ends && (whole == 1 || whole > 1 && bytes.first() != Some(&b'0')) {
        return Some(whole);
    }
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
