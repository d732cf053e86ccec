//! Dates and durations as providers write them into headers.

/// Tells the time when it is asked, Unix milliseconds.
pub(super) type Clock<'a> = &'a dyn Fn() -> u64;

/// A year has as many days in any place after its February.
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110) → Unix milliseconds.
pub(super) fn http_date(text: &str) -> Option<u64> {
    let mut words = text.split_once(',')?.1.split_ascii_whitespace();
    let day = digits(words.next()?)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let year = digits(words.next()?)?;
    let time = clock(words.next()?)?;
    (words.next()? == "GMT").then_some(())?;
    let days = days(year, u64::try_from(month).ok()?, day)?;
    days.checked_mul(86_400_000)?.checked_add(time)
}

/// `2024-05-01T12:00:00.5Z`, also with an offset (RFC 3339) → Unix milliseconds.
pub(super) fn rfc3339(text: &str) -> Option<u64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.split('-').map(digits);
    let days = days(parts.next()??, parts.next()??, parts.next()??)?;
    let (time, offset, east) = match rest.strip_suffix(['Z', 'z']) {
        Some(time) => (time, 0, true),
        None => {
            let (time, offset) = rest.split_once(['+', '-'])?;
            (time, clock(&format!("{offset}:00"))?, rest.contains('+'))
        }
    };
    let at = days.checked_mul(86_400_000)?.checked_add(clock(time)?)?;
    if east {
        at.checked_sub(offset)
    } else {
        at.checked_add(offset)
    }
}

/// `6m0s`, `1h2m3.5s`, `20ms`, or plain seconds → milliseconds. A plain number that is too large
/// for a duration is a point in time, Unix seconds or milliseconds.
pub(super) fn duration(text: &str, now_ms: Clock<'_>) -> Option<u64> {
    let ends = |text: &str| text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let Some(_) = ends(text) else {
        let number: f64 = text.parse().ok()?;
        return Some(match number {
            n if n >= 1e12 => whole(n).saturating_sub(now_ms()),
            n if n >= 1e9 => whole(n * 1e3).saturating_sub(now_ms()),
            n => whole(n * 1e3),
        });
    };
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let (number, tail) = rest.split_at_checked(ends(rest)?)?;
        let end = tail.find(|c: char| c.is_ascii_digit());
        let (unit, tail) = tail.split_at_checked(end.unwrap_or(tail.len()))?;
        let factor = match unit {
            "us" | "µs" => 1e-3,
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 6e4,
            "h" => 3.6e6,
            "d" => 8.64e7,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * factor;
        rest = tail;
    }
    Some(whole(sum))
}

/// Rounded up; out of range is the nearest that there is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn whole(number: f64) -> u64 {
    number.ceil() as u64
}

fn digits(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// `08:49:37`, also with a fraction → milliseconds of the day.
fn clock(text: &str) -> Option<u64> {
    let mut parts = text.splitn(3, ':');
    let hours = digits(parts.next()?).filter(|hours| *hours < 24)?;
    let minutes = digits(parts.next()?).filter(|minutes| *minutes < 60)?;
    let seconds = parts.next()?;
    let plain = seconds
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = seconds.parse().ok().filter(|_| plain)?;
    // A leap second is one.
    (seconds < 61.0).then(|| hours * 3_600_000 + minutes * 60_000 + whole(seconds * 1e3))
}

/// Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the day
/// that comes and goes is the last one.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let known = (1970..=9999).contains(&year) && (1..=12).contains(&month);
    if !known || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leaps = year / 4 - year / 100 + year / 400;
    (year * 365 + leaps + (153 * month + 2) / 5 + day - 1).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn dates_are_read() {
        let cases = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777_000)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 29 Feb 2024 23:59:60 GMT", Some(1_709_251_200_000)),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("Sun, 06 Nov 1969 08:49:37 GMT", None),
            ("Sun, 32 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", None),
            ("", None),
            (",", None),
        ];
        for (text, expected) in cases {
            assert_eq!(http_date(text), expected, "{text}");
        }
        let cases = [
            ("2024-05-01T12:00:00Z", Some(1_714_564_800_000)),
            ("2024-05-01T12:00:00.25Z", Some(1_714_564_800_250)),
            ("2024-05-01T14:00:00+02:00", Some(1_714_564_800_000)),
            ("2024-05-01 10:30:00-01:30", Some(1_714_564_800_000)),
            ("1970-01-01T00:00:00+01:00", None),
            ("2024-05-01T12:00:00", None),
            ("2024-05-01T12:00Z", None),
            ("2024-13-01T12:00:00Z", None),
            ("2024-05T12:00:00Z", None),
            ("2024-05-01T12:00:infZ", None),
            ("T", None),
        ];
        for (text, expected) in cases {
            assert_eq!(rfc3339(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_are_read() {
        let now = 1_700_000_000_000;
        let cases = [
            ("1s", Some(1_000)),
            ("6m0s", Some(360_000)),
            ("20ms", Some(20)),
            ("2m59.56s", Some(179_560)),
            ("1h2m3.5s", Some(3_723_500)),
            ("1d", Some(86_400_000)),
            ("500µs", Some(1)),
            ("60", Some(60_000)),
            ("0.5", Some(500)),
            ("0", Some(0)),
            ("1700000002", Some(2_000)),
            ("1700000000700", Some(700)),
            ("1600000000", Some(0)),
            (&"9".repeat(400), Some(u64::MAX - now)),
            ("-1", None),
            ("1x", None),
            ("s", None),
            ("1s2", None),
            ("1.2.3", None),
            ("", None),
            ("inf", None),
            ("NaN", None),
            ("ünd", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text, &|| now), expected, "{text}");
        }
    }
}
