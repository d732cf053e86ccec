//! The time limits of one request (W32).

use crate::config::Timeouts;
use crate::head::Head;
use crate::reject::Rejection;
use crate::wire;

/// Milliseconds by which Envoy's clock may be ahead: its timers start when the loop of its events
/// woke up, which was before the filter ran.
const AHEAD: u64 = 1000;

/// What [`callers`] takes, as a regular expression of JSON Schema: all that it matches is taken. What
/// is taken beyond it is longer than 30 000 years.
pub const PATTERN: &str = concat!(
    "^(0*[1-9][0-9]{0,18}(ms)?",
    r"|(0*[1-9][0-9]{0,11}(\.[0-9]{1,3})?|0+\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9]))[smh])$",
);

/// The time limits of one request, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// Of each attempt: at a stream up to its first token, at a plain answer up to its end.
    pub attempt: u64,
    /// Between two tokens of an answer that has begun.
    pub idle: u64,
    /// Of all attempts together, up to the end of the answer.
    pub total: u64,
    /// Whether `attempt` is the caller's own, and shorter than the configured one.
    pub callers: bool,
}

impl TimeLimits {
    /// The limits of a request whose caller asks for these.
    ///
    /// The smallest of the caller's holds. It may raise the limit up to the first token, though not
    /// above the total; of a plain answer it can only lower it.
    #[must_use]
    pub fn new(config: &Timeouts, stream: bool, callers: [Option<u64>; 2]) -> Self {
        let own = callers.into_iter().flatten().min();
        let (configured, most) = if stream {
            (config.first_token_ms, config.total_ms)
        } else {
            (config.answer_ms, config.answer_ms)
        };
        Self {
            attempt: own
                .map_or(configured, |own| own.min(most))
                .min(config.total_ms),
            idle: config.idle_ms,
            total: config.total_ms,
            callers: own.is_some_and(|own| own < configured),
        }
    }
}

/// Whether a limit of Envoy's that runs since `started` is over.
#[must_use]
pub fn is_over(limit: u64, started: u64, now_ms: u64) -> bool {
    let waited = now_ms.saturating_sub(started);
    // Of a short limit a tenth.
    may_be_over(limit, waited) && waited.saturating_mul(10) >= limit.saturating_mul(9)
}

/// Whether a tick that comes each `period` milliseconds is so late that the worker stood still, or the
/// clock was set: what came meanwhile has not been read.
#[must_use]
pub fn is_late_tick(last: u64, now_ms: u64, period: u64) -> bool {
    now_ms.saturating_sub(last) > period.saturating_mul(5).saturating_add(2_000)
}

/// Whether Envoy may have ended an attempt by its limit, when it ended after `waited` milliseconds
/// without saying why: its timer may be early by its clock.
#[must_use]
pub fn may_be_over(limit: u64, waited: u64) -> bool {
    waited.saturating_add(AHEAD) >= limit
}

/// The caller's limit in milliseconds, if it sends one.
///
/// # Errors
///
/// [`Rejection::InvalidTimeout`] where it is none, or stands twice. Source: W32.
pub fn callers(head: &Head) -> Result<Option<u64>, Rejection> {
    let mut values = head.values(wire::TIMEOUT);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let limit = milliseconds(value).filter(|_| values.next().is_none());
    limit.map(Some).ok_or(Rejection::InvalidTimeout)
}

/// `30s`, `1.5s`, `500ms`, `1m`, `1h`, or whole milliseconds: more than 0.
fn milliseconds(text: &str) -> Option<u64> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = text.split_at_checked(unit.unwrap_or(text.len()))?;
    let (whole, part) = match number.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (number, None),
    };
    let thousandth = match unit {
        "" | "ms" if part.is_none() => return digits(whole).filter(|ms| *ms > 0),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let part = match part {
        None => 0,
        Some(part) if part.len() <= 3 => {
            digits(part).and_then(|_| digits(&format!("{part:0<3}")))?
        }
        Some(_) => return None,
    };
    let thousandths = digits(whole)?.checked_mul(1000)?.checked_add(part)?;
    thousandths.checked_mul(thousandth).filter(|ms| *ms > 0)
}

/// Digits and nothing else: the standard library takes a sign too.
fn digits(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn head(values: &[&str]) -> Head {
        let headers = values.iter().map(|value| (wire::TIMEOUT, value));
        Head::new(&headers.collect::<Vec<_>>())
    }

    #[test]
    fn w32_the_header_is_a_time_with_its_unit_or_milliseconds() {
        for (text, expected) in [
            ("30s", 30_000),
            ("500ms", 500),
            ("1m", 60_000),
            ("2h", 7_200_000),
            ("1500", 1500),
            ("007", 7),
            ("1.5s", 1500),
            ("0.25m", 15_000),
            ("0.001s", 1),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(callers(&head(&[text])), Ok(Some(expected)), "{text}");
        }
        assert_eq!(callers(&head(&[])), Ok(None));
    }

    #[test]
    fn w32_what_is_no_time_is_refused() {
        for text in [
            "",
            "0",
            "0s",
            "0ms",
            "0.0s",
            "0.000m",
            "-1",
            "-1s",
            "+1",
            "+1s",
            "s",
            "ms",
            ".",
            ".5s",
            "1.s",
            "1.5",
            "1.5ms",
            "1.0001s",
            "1.2.3s",
            "1.-5s",
            "1.+5s",
            "1 s",
            " 1s",
            "1s ",
            "1S",
            "1sec",
            "1s2",
            "1d",
            "1e3",
            "0x10",
            "1_000",
            "1,5s",
            "1s,2s",
            "NaN",
            "inf",
            "١s",
            "1µs",
            "18446744073709551616",
            "18446744073709551615s",
            "99999999999999999999999999h",
        ] {
            assert_eq!(
                callers(&head(&[text])),
                Err(Rejection::InvalidTimeout),
                "{text:?}"
            );
        }
        assert_eq!(
            callers(&head(&["1s", "1s"])),
            Err(Rejection::InvalidTimeout)
        );
    }

    const CONFIG: Timeouts = Timeouts {
        first_token_ms: 30,
        answer_ms: 300,
        idle_ms: 60,
        total_ms: 600,
    };

    #[test]
    fn w32_the_smallest_limit_holds() {
        let of = |stream, callers| {
            let limits = TimeLimits::new(&CONFIG, stream, callers);
            (limits.attempt, limits.callers)
        };
        assert_eq!(of(true, [None, None]), (30, false));
        assert_eq!(of(true, [Some(20), None]), (20, true));
        assert_eq!(of(true, [None, Some(10)]), (10, true));
        assert_eq!(of(true, [Some(20), Some(10)]), (10, true));
        assert_eq!(
            of(true, [Some(30), None]),
            (30, false),
            "no shorter than the gateway's"
        );
        assert_eq!(
            of(true, [Some(90), None]),
            (90, false),
            "it may wait longer"
        );
        assert_eq!(
            of(true, [Some(u64::MAX), None]),
            (600, false),
            "but not past the total"
        );
        assert_eq!(of(false, [None, None]), (300, false));
        assert_eq!(of(false, [Some(20), None]), (20, true));
        assert_eq!(of(false, [Some(400), None]), (300, false));
        let short = Timeouts {
            total_ms: 25,
            ..CONFIG
        };
        assert_eq!(TimeLimits::new(&short, true, [None, None]).attempt, 25);
    }

    #[test]
    fn a_tick_is_late_by_seconds() {
        assert!(!is_late_tick(1_000, 4_000, 200) && is_late_tick(1_000, 4_001, 200));
        assert!(!is_late_tick(9_000, 1_000, 200), "the clock was set back");
        assert!(!is_late_tick(0, u64::MAX, u64::MAX));
    }

    #[test]
    fn a_limit_is_over_a_little_before_its_time() {
        for (limit, before, over) in [(1, 0, 1), (1000, 899, 900), (30_000, 28_999, 29_000)] {
            assert!(!is_over(limit, 7, 7 + before), "{limit}");
            assert!(is_over(limit, 7, 7 + over), "{limit}");
        }
        assert!(is_over(u64::MAX, 0, u64::MAX) && !is_over(u64::MAX, 9, 0));
    }
}
