//! What became of a request, against what had to.

use std::fmt::{self, Debug};

use serde_json::Value;
use sluice_core::spend::{EndReason, Outcome, Record, UsageSource};
use sluice_tests::client::{SILENCE, plain};
use sluice_tests::sse;

use super::fault::{Break, End, FIRST_USED, Fault, SECOND_USED, second, token};
use super::run::Seen;
use crate::expect::{self, MODEL};

/// One fault, asked for in one way, with one provider as the first.
pub(super) struct Row {
    pub(super) fault: &'static str,
    pub(super) stream: bool,
    pub(super) names: [&'static str; 2],
    /// `x-gateway-route`, without times.
    pub(super) route: String,
    /// How the answer ended for the caller.
    pub(super) ending: Ending,
    /// `end` of the record, and the outcome of each attempt.
    pub(super) told: String,
    /// What is not as it must be.
    pub(super) wrong: Vec<String>,
}

/// How an answer ended for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Whole: it has all that an answer has.
    Whole,
    /// Cleanly, with an error of this code as the last event.
    Error(String),
    /// With a reset.
    Reset,
    /// In another way.
    Odd(String),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.pad("whole"),
            Self::Error(code) => f.pad(code),
            Self::Reset => f.pad("reset"),
            Self::Odd(how) => f.pad(how),
        }
    }
}

impl Row {
    /// Compares.
    pub(super) fn new(fault: &Fault, stream: bool, names: [&'static str; 2], seen: &Seen) -> Self {
        let mut row = Self {
            fault: fault.name,
            stream,
            names,
            route: String::new(),
            ending: ending(seen, stream),
            told: "no record".to_owned(),
            wrong: Vec::new(),
        };
        if seen.headers.contains_key("x-gateway-route") {
            row.route = expect::route(&seen.headers);
        }
        let end = fault.end(stream);
        row.caller(seen, end, fault);
        match &seen.entry {
            None => row.wrong.push("there is no record".to_owned()),
            Some(entry) => {
                row.told = told(&entry.record);
                row.record(&entry.record, end);
                row.money(&entry.record, entry.cost_nano_usd, end);
            }
        }
        row
    }

    /// What the caller sees.
    fn caller(&mut self, seen: &Seen, end: End, fault: &Fault) {
        let [first, second] = self.names;
        self.same("status", &seen.status, &200);
        let served = if matches!(end, End::Second(..)) {
            second
        } else {
            first
        };
        self.same(
            "x-gateway-provider",
            &seen.header("x-gateway-provider"),
            &served,
        );
        let route = match end {
            End::Second(Some(status), Outcome::Status) => format!("{first};{status},{second};200"),
            End::Second(_, outcome) => format!("{first};{},{second};200", outcome.as_str()),
            End::First | End::Broken(..) => format!("{first};200"),
        };
        self.same("x-gateway-route", &self.route.clone(), &route);
        let ending = match end {
            End::First | End::Second(..) => Ending::Whole,
            End::Broken(_, Break::Event(code)) => Ending::Error(code.to_owned()),
            End::Broken(_, Break::Reset | Break::Stall) => Ending::Reset,
        };
        self.same("the end", &self.ending.clone(), &ending);
        match whole(end, fault, self.stream) {
            Some(bytes) => self.same(
                "the answer",
                &said(&seen.body, self.stream),
                &said(&without_usage(&bytes), self.stream),
            ),
            None => {
                let End::Broken(tokens, _) = end else {
                    return;
                };
                let said: String = (1..=tokens).map(token).collect();
                self.same("the tokens", &tolerant(&seen.body), &said);
            }
        }
    }

    /// What the record says of it.
    fn record(&mut self, record: &Record, end: End) {
        let [first, second] = self.names;
        let attempts: Vec<_> = record
            .attempts
            .iter()
            .map(|own| (own.provider.as_str(), own.status, own.outcome))
            .collect();
        let (reason, served, expected) = match end {
            End::Second(status, outcome) => (
                EndReason::Complete,
                second,
                vec![
                    (first, status, outcome),
                    (second, Some(200), Outcome::Answered),
                ],
            ),
            End::First => (
                EndReason::Complete,
                first,
                vec![(first, Some(200), Outcome::Answered)],
            ),
            End::Broken(_, how) => {
                let (reason, outcome) = match how {
                    Break::Event(_) | Break::Reset => (EndReason::Truncated, Outcome::Truncated),
                    Break::Stall => (EndReason::IdleTimeout, Outcome::IdleTimeout),
                };
                (reason, first, vec![(first, Some(200), outcome)])
            }
        };
        self.same("attempts", &attempts, &expected);
        self.same("end", &record.end, &reason);
        self.same("provider", &record.provider.as_deref(), &Some(served));
        self.same("the record's status", &record.status, &200);
        let stream = self.stream;
        self.same("stream", &record.stream, &stream);
        let lasted: u64 = record.attempts.iter().map(|own| own.duration_ms).sum();
        let first_token = record.first_token_ms.unwrap_or(u64::MAX);
        if lasted > record.duration_ms || first_token > record.duration_ms {
            self.wrong.push(format!("its times: {record:?}"));
        }
    }

    /// What was used, and what it costs.
    fn money(&mut self, record: &Record, cost: Option<u64>, end: End) {
        let (source, used) = match end {
            End::Second(..) => (UsageSource::Provider, SECOND_USED),
            End::First => (UsageSource::Provider, FIRST_USED),
            // Nothing but what came is known: four bytes are a token.
            End::Broken(tokens, _) => {
                let prompt = plain(MODEL)["messages"].to_string().len().div_ceil(4);
                (UsageSource::Estimated, (prompt as u64, tokens as u64))
            }
        };
        let usage = (record.usage.prompt_tokens, record.usage.completion_tokens);
        self.same("usage", &usage, &(Some(used.0), Some(used.1)));
        self.same("usage_source", &record.usage_source, &Some(source));
        self.same("cost", &cost, &Some(used.0 * 150 + used.1 * 600));
    }

    fn same<T: PartialEq + Debug>(&mut self, what: &str, got: &T, expected: &T) {
        if got != expected {
            let wrong = format!("{what}: {got:?} and not {expected:?}");
            self.wrong.push(wrong);
        }
    }
}

/// The answer that the caller must get whole, as its provider sends it.
fn whole(end: End, fault: &Fault, stream: bool) -> Option<Vec<u8>> {
    match end {
        End::First => Some(fault.way.answer(stream)?.bytes()),
        End::Second(..) if stream => Some(second().stream(MODEL, true).bytes()),
        End::Second(..) => Some(second().plain(MODEL).bytes()),
        End::Broken(..) => None,
    }
}

/// An answer as JSON, without the episode that the gateway adds.
fn said(bytes: &[u8], stream: bool) -> Vec<Value> {
    let mut all = if stream {
        expect::meaning(&sse::events(bytes))
    } else {
        let text = String::from_utf8_lossy(bytes);
        vec![serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text))]
    };
    let first = all.first_mut().and_then(Value::as_object_mut);
    first.map(|chunk| chunk.remove("episode_id"));
    all
}

/// A stream without the chunk of its usage, for which no caller here asks.
fn without_usage(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let events = text.split_inclusive("\n\n");
    let kept =
        events.filter(|event| !(event.starts_with("data:") && event.contains("\"choices\":[]")));
    kept.collect::<String>().into_bytes()
}

/// The text of all deltas that can be read.
fn tolerant(bytes: &[u8]) -> String {
    let events = sse::events(bytes).into_iter();
    let chunks = events.filter_map(|data| serde_json::from_str::<Value>(&data).ok());
    let texts = chunks.filter_map(|chunk| {
        let text = chunk["choices"][0]["delta"]["content"].as_str();
        text.map(str::to_owned)
    });
    texts.collect()
}

/// How an answer ended.
fn ending(seen: &Seen, stream: bool) -> Ending {
    let text = String::from_utf8_lossy(&seen.body);
    let done = text.contains("[DONE]");
    match (&seen.end, stream) {
        (Err(error), _) if seen.status == 0 || done || error == SILENCE => {
            Ending::Odd(error.clone())
        }
        (Err(_), _) => Ending::Reset,
        (Ok(()), false) => match serde_json::from_slice::<Value>(&seen.body) {
            Ok(json) if json["choices"].is_array() => Ending::Whole,
            _ => Ending::Odd(text.into_owned()),
        },
        (Ok(()), true) => {
            let events = sse::events(&seen.body);
            let last = events.last().map(String::as_str).unwrap_or_default();
            let json: Value = serde_json::from_str(last).unwrap_or_default();
            match json["error"]["code"].as_str() {
                Some(code) if !done => Ending::Error(code.to_owned()),
                None if last == "[DONE]" => Ending::Whole,
                _ => Ending::Odd(text.into_owned()),
            }
        }
    }
}

/// `complete: failed, answered`.
fn told(record: &Record) -> String {
    let end = serde_json::to_value(record.end).unwrap_or_default();
    let outcomes: Vec<_> = record
        .attempts
        .iter()
        .map(|own| own.outcome.as_str())
        .collect();
    format!(
        "{}: {}",
        end.as_str().unwrap_or_default(),
        outcomes.join(", ")
    )
}
