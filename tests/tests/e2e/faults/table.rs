//! The faults.

use serde_json::{Value, json};
use sluice_core::spend::Outcome;
use sluice_tests::{Answer, Behind, Cut, Protocol};

use super::fault::{Break, End, Fault, first, plain, stream};
use super::run::LIMIT_MS;

/// Longer than any limit.
const FOREVER_MS: u64 = 60_000;
/// Bytes of the plain answer, of which it has more than twice as many.
const HALF: usize = 200;
/// Enough for Envoy to read what has come.
const READ_MS: u64 = 100;

/// All faults.
pub(super) fn faults() -> Vec<Fault> {
    [
        connections(),
        statuses(),
        answers(),
        cuts(),
        silences(),
        streams(),
        http_2(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The second answers; the first gave a 200 that came to this.
fn after_200(outcome: Outcome) -> End {
    End::Second(Some(200), outcome)
}

/// The second answers; the first gave no status.
fn without_status(outcome: Outcome) -> End {
    End::Second(None, outcome)
}

/// No connection, or one that breaks before an answer.
fn connections() -> Vec<Fault> {
    let failed = without_status(Outcome::Failed);
    vec![
        Fault::never("connection refused", Behind::Refusing),
        Fault::never("DNS failure", Behind::Unresolved),
        Fault::never("TLS: unknown authority", Behind::Untrusted),
        Fault::never("TLS: provider speaks none", Behind::Clear),
        Fault::same("reset before headers", &Answer::none(Cut::Reset), failed),
        Fault::same("close before headers", &Answer::none(Cut::Close), failed),
        Fault::same("no HTTP", &Answer::garbage("SSH-2.0-x\r\n"), failed),
    ]
}

/// Statuses that lead to the next provider.
fn statuses() -> Vec<Fault> {
    let status = |name, answer: Answer| {
        let end = End::Second(Some(answer.status), Outcome::Status);
        Fault::same(name, &answer, end)
    };
    let limited = Answer::error(429, "slow down");
    vec![
        status("429", limited.clone()),
        status("429, Retry-After", limited.header("retry-after", "7")),
        status("401", Answer::error(401, "no")),
        status("500", Answer::error(500, "no")),
        status("500 HTML", Answer::html(500)),
        status("503", Answer::error(503, "no")),
        status("503 empty", Answer::empty(503)),
    ]
}

/// A 200 that is whole and no answer.
fn answers() -> Vec<Fault> {
    let malformed = after_200(Outcome::Malformed);
    let in_band = after_200(Outcome::InBandError);
    let error = json!({"error": {"message": "overloaded", "type": "server_error"}});
    let event = Answer::sse([format!("event: error\ndata: {error}\n\n")]);
    let empty =
        json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": []});
    let empty_stream = Answer::sse([chunk(&json!([])), "data: [DONE]\n\n".to_owned()]);
    let page = Answer::html(200);
    let gzip = |answer: Answer| answer.header("content-encoding", "gzip");
    vec![
        Fault::same("200 error JSON", &Answer::json(200, &error), in_band),
        Fault::new(
            "200 error event",
            (event.clone(), malformed),
            (event, in_band),
        ),
        Fault::same("200 HTML", &page, malformed),
        Fault::same("200 empty", &Answer::empty(200), malformed),
        Fault::new(
            "empty choices",
            (Answer::json(200, &empty), malformed),
            (empty_stream, malformed),
        ),
        Fault::new(
            "the other kind of answer",
            (stream(), malformed),
            (plain(), malformed),
        ),
        Fault::new(
            "wrong content type",
            (typed(plain(), "text/plain"), End::First),
            (typed(stream(), "application/json"), End::First),
        ),
        Fault::new(
            "compressed unasked",
            (gzip(plain()), malformed),
            (gzip(stream()), malformed),
        ),
    ]
}

/// Connections and bodies that end too early.
fn cuts() -> Vec<Fault> {
    let failed = after_200(Outcome::Failed);
    let malformed = after_200(Outcome::Malformed);
    let told = End::Broken(40, Break::Event("upstream_truncated"));
    // A reset throws away what Envoy has not read yet: it must have the time to read.
    let head = |answer: Answer, cut| (answer.cut_after(0, cut).wait_after(0, READ_MS), failed);
    let half = |cut| {
        (
            plain().cut_after_bytes(HALF, cut).wait_after(1, READ_MS),
            failed,
        )
    };
    let late = |cut| (stream().cut_after(41, cut), End::Broken(40, Break::Reset));
    vec![
        Fault::new(
            "reset after headers",
            head(plain(), Cut::Reset),
            head(stream(), Cut::Reset),
        ),
        Fault::new(
            "close after headers",
            head(plain(), Cut::Close),
            head(stream(), Cut::Close),
        ),
        Fault::new(
            "end after headers",
            (plain().end_after(0).chunked(), malformed),
            (stream().end_after(0), malformed),
        ),
        Fault::new(
            "reset at 40 of 60 tokens",
            half(Cut::Reset),
            late(Cut::Reset),
        ),
        Fault::new(
            "close at 40 of 60 tokens",
            half(Cut::Close),
            late(Cut::Close),
        ),
        Fault::new(
            "end at 40 of 60 tokens",
            (plain().end_after_bytes(HALF).chunked(), malformed),
            (stream().end_after(41), told),
        ),
    ]
}

/// Providers that say nothing for too long, or too slowly.
fn silences() -> Vec<Fault> {
    let late = after_200(Outcome::Timeout);
    // The rest of the body comes much later.
    let stalled = plain()
        .cut_after_bytes(HALF, Cut::Close)
        .wait_after(1, FOREVER_MS);
    let pings = std::iter::repeat_n(": ping\n\n".to_owned(), 40);
    let drip_ms = LIMIT_MS / 20;
    vec![
        Fault::new(
            "silence before headers",
            (
                plain().wait_ms(FOREVER_MS),
                without_status(Outcome::Timeout),
            ),
            (
                stream().wait_ms(FOREVER_MS),
                without_status(Outcome::Timeout),
            ),
        ),
        Fault::new(
            "stall before the first token",
            (plain().first_byte_after_ms(FOREVER_MS), late),
            (stream().stall_after(1), late),
        ),
        Fault::new(
            "stall at 20 tokens",
            (stalled, late),
            (stream().stall_after(21), End::Broken(20, Break::Stall)),
        ),
        Fault::new(
            "slow drip, in time",
            (plain().split(100).gap_ms(5), End::First),
            (stream().split(200).gap_ms(5), End::First),
        ),
        Fault::new(
            "slow drip, too slow",
            (plain().split(10).gap_ms(drip_ms), late),
            (Answer::sse(pings).gap_ms(drip_ms), late),
        ),
    ]
}

/// Streams in which one event is wrong; a plain answer is wrong in the same place.
fn streams() -> Vec<Fault> {
    let malformed = after_200(Outcome::Malformed);
    let in_band = after_200(Outcome::InBandError);
    let broken = "data: {\"choices\":[{\"del\n\n";
    let error = json!({"error": {"message": "overloaded", "type": "server_error"}});
    let event = format!("data: {error}\n\n");
    let mut both = error.clone();
    both["choices"] = json!([]);
    vec![
        Fault::new(
            "broken event before content",
            (
                Answer::new(200, "application/json", "{\"choices\":[{\"mes"),
                malformed,
            ),
            (stream().insert(1, broken), malformed),
        ),
        Fault::new(
            "broken event at 20 tokens",
            (broken_in_the_middle(), malformed),
            (stream().insert(21, broken), End::First),
        ),
        Fault::new(
            "error event after the role",
            (Answer::json(200, &both), in_band),
            (stream().insert(1, &event), in_band),
        ),
        Fault::new(
            "error event at 20 tokens",
            (Answer::json(200, &both), in_band),
            (
                stream().insert(21, &event).end_after(22),
                End::Broken(20, Break::Event("upstream_error")),
            ),
        ),
    ]
}

/// What HTTP/2 alone can do.
fn http_2() -> Vec<Fault> {
    let over = |name, plain, streamed| Fault::over(Protocol::H2c, name, plain, streamed);
    let before = without_status(Outcome::Failed);
    let after = after_200(Outcome::Failed);
    // A frame GOAWAY: no stream was processed, error ENHANCE_YOUR_CALM.
    let goaway = Answer::garbage("\0\0\u{8}\u{7}\0\0\0\0\0\0\0\0\0\0\0\0\u{b}");
    let reset = Answer::none(Cut::Stream);
    vec![
        over(
            "RST_STREAM before headers",
            (reset.clone(), before),
            (reset, before),
        ),
        over(
            "GOAWAY before headers",
            (goaway.clone(), before),
            (goaway, before),
        ),
        over(
            "RST_STREAM after headers",
            (plain().chunked().cut_after(0, Cut::Stream), after),
            (stream().cut_after(0, Cut::Stream), after),
        ),
        over(
            "RST_STREAM at 40 of 60 tokens",
            (plain().cut_after_bytes(HALF, Cut::Stream), after),
            (
                stream().cut_after(41, Cut::Stream),
                End::Broken(40, Break::Reset),
            ),
        ),
    ]
}

/// The answer with another content type.
fn typed(mut answer: Answer, media: &str) -> Answer {
    answer.headers.retain(|(name, _)| name != "content-type");
    answer.header("content-type", media)
}

/// The plain answer with a quote too many.
fn broken_in_the_middle() -> Answer {
    let mut bytes = plain().bytes();
    bytes.insert(HALF, b'"');
    Answer::new(200, "application/json", bytes)
}

/// A chunk with these choices.
fn chunk(choices: &Value) -> String {
    let model = first().model;
    let chunk = json!({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": model,
        "choices": choices});
    format!("data: {chunk}\n\n")
}
