//! A provider's answer: a stream of 200 words chunk by chunk, and a plain one.

use std::sync::Arc;

use sluice_core::answer::{Echo, Plain, Step, Stream};
use sluice_core::scrub::Private;

use super::{Work, told};
use crate::bodies::answer;

/// Words of the streamed answer.
const WORDS: usize = 200;
const USAGE: &str = r#"{"prompt_tokens":2114,"completion_tokens":200,"total_tokens":2314,"prompt_tokens_details":{"cached_tokens":1920,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#;

/// The events of a streamed answer as OpenAI sends them to who asks for usage: role, words, finish
/// reason, usage, `[DONE]`.
pub(super) fn events() -> Vec<Vec<u8>> {
    let event = |choices: &str, usage: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\",\
             \"created\":1763683200,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\
             \"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{choices}],\"usage\":{usage},\
             \"obfuscation\":\"x7Gf2k\"}}\n\n"
        )
        .into_bytes()
    };
    let choice = |delta: &str, finish: &str| {
        format!(r#"{{"index":0,"delta":{{{delta}}},"logprobs":null,"finish_reason":{finish}}}"#)
    };
    let words = [
        "Measure",
        " first",
        ",",
        " dann",
        " **eins**",
        " à",
        "\\n\\n",
        " 一つ",
    ];
    let role = r#""role":"assistant","content":"","refusal":null"#;
    let mut events = vec![event(&choice(role, "null"), "null")];
    events.extend(words.iter().cycle().take(WORDS).map(|word| {
        let delta = format!(r#""content":"{word}""#);
        event(&choice(&delta, "null"), "null")
    }));
    events.push(event(&choice("", "\"stop\""), "null"));
    events.push(event("", USAGE));
    events.push(b"data: [DONE]\n\n".to_vec());
    events
}

/// The gateway asked for the usage, and the caller did not: it does not leave.
pub(super) fn usage_dropped() -> Result<Work, String> {
    stream(events(), false)
}

pub(super) fn usage_asked() -> Result<Work, String> {
    stream(events(), true)
}

/// As a network may cut it.
pub(super) fn odd_splits() -> Result<Work, String> {
    let all = events().concat();
    stream(all.chunks(97).map(<[u8]>::to_vec).collect(), false)
}

fn stream(chunks: Vec<Vec<u8>>, asked: bool) -> Result<Work, String> {
    let echo = echo();
    let private = private();
    Ok(Work::new(chunks.concat().len(), move || {
        let mut stream = Stream::new(asked, echo.clone(), Arc::clone(&private));
        let mut left = 0;
        let end = (&[][..], true);
        for (chunk, end) in chunks.iter().map(|chunk| (&chunk[..], false)).chain([end]) {
            match stream.push(chunk, end) {
                Step::Fail(failure) => return Err(told(failure)),
                Step::Hold => {}
                Step::Open(Some(front)) | Step::Replace(front) => left += front.prefix.len(),
                Step::Open(None) | Step::Pass => left += chunk.len(),
            }
        }
        if stream.usage.is_none() || !stream.is_done() {
            return Err("the stream was not read to its end".to_owned());
        }
        Ok(left)
    }))
}

/// Read whole, and the episode put at its front.
pub(super) fn plain() -> Result<Work, String> {
    let body = plain_body();
    let echo = echo();
    let private = private();
    Ok(Work::new(body.len(), move || {
        let plain = Plain::read(&body).map_err(told)?;
        Ok(plain.front(&body, &echo, &private).prefix.len())
    }))
}

/// A plain answer of four paragraphs.
pub(super) fn plain_body() -> Vec<u8> {
    let content = answer(1);
    format!(
        r#"{{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion","created":1763683200,"model":"gpt-4o-mini-2024-07-18","choices":[{{"index":0,"message":{{"role":"assistant","content":"{content}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{USAGE},"service_tier":"default","system_fingerprint":"fp_44709d6fcb"}}"#
    )
    .into_bytes()
}

fn echo() -> Echo {
    Echo {
        episode: "019aa3b5-ec7b-7abc-8def-0123456789ab".to_owned(),
        provider_type: "openai",
        ..Echo::default()
    }
}

fn private() -> Arc<Private> {
    Arc::new(Private::new(Some("sk-0123456789abcdef"), "api.openai.com"))
}
