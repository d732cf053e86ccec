//! The headers in which providers tell of their rate limits → [`Limits`].
//!
//! | header | value |
//! |---|---|
//! | `retry-after` | seconds, or an HTTP date |
//! | `retry-after-ms` | milliseconds; goes before `retry-after`, which is rounded |
//! | `x-ratelimit-{limit,remaining,reset}-<resource>`, also with `-` and nothing after it | counts; `6m0s`, seconds, Unix time |
//! | `anthropic-ratelimit-<resource>-{limit,remaining,reset}` | counts; RFC 3339 |
//!
//! A resource is what the provider counts: `requests`, `input-tokens`, `req-minute`.

use super::Limits;
use super::instant::{Clock, duration, http_date, rfc3339};
use crate::head::Head;

/// Resources of one head that are read.
const RESOURCES: usize = 16;
/// How long a headroom without an end holds good, milliseconds.
const HEADROOM_MS: u64 = 60_000;

/// What one resource's headers say.
struct Resource<'a> {
    name: &'a str,
    limit: Option<u64>,
    remaining: Option<u64>,
    reset_ms: Option<u64>,
}

impl Limits {
    /// Reads the head of a provider's answer; `None` when it tells nothing.
    ///
    /// `Retry-After` counts with 429, 503 and 529 only, where it is about being asked too much; the
    /// reset of a limit with a remaining count of 0. The longest of them holds. What is not
    /// readable is not there. A point in time is measured against the answer's own `date`, or, where it has
    /// none, against `now_ms`, which is asked for then. Source: W36.
    #[must_use]
    pub fn read(head: &Head, status: u16, now_ms: impl Fn() -> u64) -> Option<Self> {
        let date = || head.get("date").and_then(http_date);
        let now_ms = &|| date().unwrap_or_else(&now_ms);
        let (mut after, mut after_ms) = (None, None);
        let mut resources: Vec<Resource<'_>> = Vec::new();
        for (name, value) in head.iter() {
            let value = value.trim();
            match name {
                "retry-after" => after = seconds_or_date(value, now_ms),
                "retry-after-ms" => after_ms = value.parse().ok().and_then(whole),
                _ => {
                    if let Some((name, figure)) = figure(name) {
                        note(&mut resources, name, figure, value, now_ms);
                    }
                }
            }
        }
        let busy = matches!(status, 429 | 503 | 529);
        let told = after_ms.or(after).filter(|_| busy);
        let used_up = resources.iter().filter_map(Resource::used_up_ms).max();
        let scarcest = resources.iter().filter_map(Resource::headroom).min();
        let limits = Self {
            retry_after_ms: told.max(used_up).filter(|rest| *rest > 0),
            headroom: scarcest.map(|(headroom, _)| headroom),
            headroom_ms: scarcest.map_or(0, |(_, reset)| reset),
        };
        (limits != Self::default()).then_some(limits)
    }
}

impl Resource<'_> {
    /// A limit of 0 is none.
    fn counted(&self) -> Option<(u64, u64)> {
        let limit = self.limit.filter(|limit| *limit > 0)?;
        Some((self.remaining?, limit))
    }

    fn used_up_ms(&self) -> Option<u64> {
        let used_up = self.remaining == Some(0) && self.limit != Some(0);
        self.reset_ms.filter(|_| used_up)
    }

    /// What is left, in hundredths, and for how long that holds good.
    fn headroom(&self) -> Option<(u8, u64)> {
        let (remaining, limit) = self.counted()?;
        let part = remaining.saturating_mul(100).checked_div(limit)?.min(100);
        let holds = self.reset_ms.unwrap_or(HEADROOM_MS);
        Some((u8::try_from(part).ok()?, holds))
    }
}

/// What a header's value is.
#[derive(Clone, Copy)]
enum Figure {
    Limit,
    Remaining,
    Reset,
}

/// The resource and the figure that a header is about.
fn figure(name: &str) -> Option<(&str, Figure)> {
    let rest = ["x-ratelimit-", "anthropic-ratelimit-", "ratelimit-"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    let figures = [
        ("limit", Figure::Limit),
        ("remaining", Figure::Remaining),
        ("reset", Figure::Reset),
    ];
    figures.into_iter().find_map(|(word, figure)| {
        let resource = rest.strip_prefix(word).or_else(|| rest.strip_suffix(word));
        Some((resource?.trim_matches('-'), figure))
    })
}

fn note<'a>(
    resources: &mut Vec<Resource<'a>>,
    name: &'a str,
    figure: Figure,
    value: &str,
    now_ms: Clock<'_>,
) {
    let place = resources.iter().position(|own| own.name == name);
    if place.is_none() && resources.len() < RESOURCES {
        resources.push(Resource {
            name,
            limit: None,
            remaining: None,
            reset_ms: None,
        });
    }
    let last = resources.len().saturating_sub(1);
    let Some(resource) = resources.get_mut(place.unwrap_or(last)) else {
        return;
    };
    if resource.name != name {
        return;
    }
    match figure {
        Figure::Limit => resource.limit = value.parse().ok(),
        Figure::Remaining => resource.remaining = value.parse().ok(),
        Figure::Reset => {
            let at = rfc3339(value).map(|at| at.saturating_sub(now_ms()));
            resource.reset_ms = at.or_else(|| duration(value, now_ms));
        }
    }
}

fn seconds_or_date(value: &str, now_ms: Clock<'_>) -> Option<u64> {
    let date = http_date(value).map(|at| at.saturating_sub(now_ms()));
    date.or_else(|| {
        value
            .parse()
            .ok()
            .and_then(|seconds: f64| whole(seconds * 1e3))
    })
}

/// What is negative or not finite is nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0 && number.is_finite()).then_some(number.ceil() as u64)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const NOW: u64 = 1_714_564_800_000;

    fn of(headers: &str) -> (Option<u64>, Option<u8>, u64) {
        let pairs = headers.split('|').filter_map(|line| line.split_once('='));
        let head = Head::new(&pairs.collect::<Vec<_>>());
        let limits = Limits::read(&head, head.status(), || NOW).unwrap_or_default();
        (limits.retry_after_ms, limits.headroom, limits.headroom_ms)
    }

    #[test]
    fn w36_headers_of_rate_limits_are_read() {
        let none = (None, None, 0);
        let rest = |ms| (Some(ms), None, 0);
        let cases = [
            ("", none),
            (":status=429|retry-after=7", rest(7_000)),
            (":status=503|retry-after= 7 ", rest(7_000)),
            (":status=529|retry-after=1.5", rest(1_500)),
            (":status=500|retry-after=7", none),
            (":status=200|retry-after=7", none),
            (
                ":status=429|retry-after=Wed, 01 May 2024 12:00:30 GMT",
                rest(30_000),
            ),
            (
                ":status=429|retry-after=Wed, 01 May 2024 11:00:00 GMT",
                none,
            ),
            (":status=429|retry-after=-1", none),
            (":status=429|retry-after=NaN", none),
            (":status=429|retry-after=inf", none),
            (":status=429|retry-after=soon", none),
            (":status=429|retry-after=1|retry-after-ms=250", rest(250)),
            (":status=429|retry-after-ms=x|retry-after=1", rest(1_000)),
            // OpenAI, Groq: the scarcest of two.
            (
                "x-ratelimit-limit-requests=60|x-ratelimit-remaining-requests=59|x-ratelimit-reset-requests=1s|\
                 x-ratelimit-limit-tokens=150000|x-ratelimit-remaining-tokens=30000|x-ratelimit-reset-tokens=6m0s",
                (None, Some(20), 360_000),
            ),
            (
                ":status=200|x-ratelimit-limit-requests=60|x-ratelimit-remaining-requests=0|\
                 x-ratelimit-reset-requests=2m59.56s",
                (Some(179_560), Some(0), 179_560),
            ),
            // The longest holds.
            (
                ":status=429|retry-after=200|x-ratelimit-remaining-requests=0|x-ratelimit-reset-requests=2m",
                rest(200_000),
            ),
            (
                ":status=429|retry-after=1|x-ratelimit-remaining-tokens=0|x-ratelimit-reset-tokens=2",
                rest(2_000),
            ),
            // Azure leaves the limits out, Mistral has its own resources, others none.
            (
                "x-ratelimit-remaining-tokens=0|x-ratelimit-reset-tokens=10",
                rest(10_000),
            ),
            (
                "x-ratelimit-limit-req-minute=100|x-ratelimit-remaining-req-minute=50",
                (None, Some(50), HEADROOM_MS),
            ),
            (
                "x-ratelimit-limit=10|x-ratelimit-remaining=0|x-ratelimit-reset=1714564801",
                (Some(1_000), Some(0), 1_000),
            ),
            (
                "ratelimit-limit=10|ratelimit-remaining=1|ratelimit-reset=3",
                (None, Some(10), 3_000),
            ),
            // Anthropic.
            (
                "anthropic-ratelimit-requests-limit=50|anthropic-ratelimit-requests-remaining=49|\
                 anthropic-ratelimit-requests-reset=2024-05-01T12:00:01Z|anthropic-ratelimit-output-tokens-limit=8000|\
                 anthropic-ratelimit-output-tokens-remaining=0|anthropic-ratelimit-output-tokens-reset=2024-05-01T12:00:20Z",
                (Some(20_000), Some(0), 20_000),
            ),
            // The answer's own clock: it is a minute ahead.
            (
                "date=Wed, 01 May 2024 12:01:00 GMT|anthropic-ratelimit-tokens-remaining=0|\
                 anthropic-ratelimit-tokens-reset=2024-05-01T12:01:20Z",
                rest(20_000),
            ),
            (
                ":status=429|date=Wed, 01 May 2024 12:01:00 GMT|retry-after=Wed, 01 May 2024 12:01:07 GMT",
                rest(7_000),
            ),
            (
                ":status=429|date=soon|retry-after=Wed, 01 May 2024 12:00:07 GMT",
                rest(7_000),
            ),
            // Nonsense.
            (
                "x-ratelimit-limit-tokens=0|x-ratelimit-remaining-tokens=0|x-ratelimit-reset-tokens=9",
                none,
            ),
            (
                "x-ratelimit-limit-tokens=5|x-ratelimit-remaining-tokens=-1|x-ratelimit-reset-tokens=9",
                none,
            ),
            (
                "x-ratelimit-limit-tokens=5|x-ratelimit-remaining-tokens=7",
                (None, Some(100), HEADROOM_MS),
            ),
            (
                "x-ratelimit-remaining-tokens=0|x-ratelimit-reset-tokens=later",
                none,
            ),
            (
                "x-ratelimit-=1|x-ratelimit-limit=x|anthropic-ratelimit-unified-status=ok",
                none,
            ),
        ];
        for (headers, expected) in cases {
            assert_eq!(of(headers), expected, "{headers}");
        }
    }

    #[test]
    fn w36_resources_of_a_head_are_bounded() {
        let many = |count: usize| {
            let one = |i| format!("x-ratelimit-remaining-r{i}=0|x-ratelimit-reset-r{i}={i}|");
            (1..=count).map(one).collect::<String>()
        };
        assert_eq!(of(&many(16)).0, Some(16_000));
        assert_eq!(of(&many(17)).0, Some(16_000));
    }
}
