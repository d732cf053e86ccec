//! Streams: chunk by chunk, usage, odd chunking, many at once.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sluice_tests::client::streamed;
use sluice_tests::provider::Piece;
use sluice_tests::{Answer, Chat, Script, Stack, sse};

use crate::expect::{self, MODEL};

#[tokio::test]
async fn a_chunk_is_at_the_caller_before_the_next_is_sent() {
    let chat = Chat::of(&["a.", "b.", "c.", "d.", "e."]);
    let answer = chat.stream(MODEL, false).gated();
    let stack = Stack::builder().provider("openai", answer).start().await;
    // The provider sends a chunk only when it is released, and is released only when the caller has
    // the one before: a gateway that waits for two chunks would never get the second.
    let provider = stack.provider("openai");
    provider.release();
    let mut stream = stack.caller.chat(&streamed(MODEL)).stream().await;
    assert_eq!(stream.status, 200);
    assert!(
        stream.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/event-stream")
    );
    stream.read_until("a.").await;
    let mut delays = Vec::new();
    for delta in ["b.", "c.", "d.", "e."] {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let released = Instant::now();
        provider.release();
        stream.read_until(delta).await;
        delays.push(released.elapsed());
    }
    delays.sort();
    assert!(delays[1] < Duration::from_millis(20), "{delays:?}");
    provider.release();
    provider.release();
    stream.read_until("[DONE]").await;
}

#[tokio::test]
async fn w41_usage_is_always_asked_of_the_provider() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    for options in [
        Value::Null,
        json!({"include_usage": false}),
        json!({"include_usage": true}),
        json!({}),
        json!({"include_obfuscation": false}),
    ] {
        let mut body = streamed(MODEL);
        if !options.is_null() {
            body["stream_options"] = options.clone();
        }
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.streamed(), "Hello!", "{options}: {}", reply.text());
        let seen = stack.provider("openai").request();
        let sent = seen.json();
        assert_eq!(sent["stream_options"]["include_usage"], true, "{options}");
        if options["include_obfuscation"] == false {
            assert_eq!(sent["stream_options"]["include_obfuscation"], false);
        }
        assert_eq!(
            seen.header("content-length"),
            Some(seen.body.len().to_string())
        );
        stack.provider("openai").forget();
    }
}

#[tokio::test]
async fn w41_usage_is_stripped_where_the_caller_did_not_ask() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    for options in [Value::Null, json!({"include_usage": false})] {
        let mut body = streamed(MODEL);
        if !options.is_null() {
            body["stream_options"] = options;
        }
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.streamed(), "Hello!");
        assert_eq!(reply.events().last().unwrap(), "[DONE]");
        for chunk in reply.chunks() {
            assert!(chunk["usage"].is_null(), "{chunk}");
            assert_ne!(chunk["choices"], json!([]), "{chunk}");
        }
    }
}

#[tokio::test]
async fn w41_usage_comes_in_one_more_chunk_where_the_caller_asked() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    let mut body = streamed(MODEL);
    body["stream_options"] = json!({"include_usage": true});
    let reply = stack.caller.chat(&body).send().await;
    assert_eq!(reply.events().last().unwrap(), "[DONE]");
    let mut chunks = reply.chunks();
    let last = chunks.pop().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["total_tokens"], 18);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.get("usage") == Some(&Value::Null)),
        "{chunks:?}"
    );
}

/// A stream with characters of one to four bytes, and what a caller must get of it.
fn wide() -> (Answer, Vec<String>) {
    let answer = Chat::of(&["Grüß", " 😀"]).stream(MODEL, true);
    let plain = Chat::of(&["Grüß", " 😀"]).stream(MODEL, true);
    let mut events = sse::events(&plain.bytes());
    // The chunk with the usage is the gateway's to take out: nobody asked for it.
    events.remove(events.len() - 2);
    (answer, events)
}

#[track_caller]
fn assert_same_events(case: &str, reply: &sluice_tests::client::Reply, expected: &[String]) {
    let mut got = expect::meaning(&reply.events());
    got[0] = expect::without_episode(got[0].take());
    assert_eq!(got, expect::meaning(expected), "{case}");
}

#[tokio::test]
async fn a_stream_may_be_cut_into_chunks_anywhere() {
    let (answer, expected) = wide();
    let bytes = answer.bytes();
    // Two chunks, with the border at every byte; then chunks of every small size.
    let borders = (1..bytes.len()).map(|at| {
        let (front, back) = bytes.split_at(at);
        let mut cut = answer.clone();
        let pause = Piece::WaitMs(3);
        cut.body = vec![Piece::Bytes(front.into()), pause, Piece::Bytes(back.into())];
        cut
    });
    let sizes = (1..8).map(|n| answer.clone().split(n).gap_ms(1));
    let cases: Vec<_> = borders.chain(sizes).collect();
    let count = cases.len();
    let script = cases.into_iter().fold(Script::default(), Script::then);
    let stack = Stack::builder().provider("openai", script).start().await;
    let body = streamed(MODEL);
    let calls = (0..count).map(|_| stack.caller.chat(&body).send());
    let replies: Vec<_> = stream::iter(calls).buffered(32).collect().await;
    for (case, reply) in replies.iter().enumerate() {
        assert_same_events(&format!("case {case}"), reply, &expected);
    }
}

/// The same with the JSON of each event over several lines.
fn many_lines(answer: &Answer) -> Answer {
    let text = String::from_utf8(answer.bytes()).unwrap();
    let events = text.split_inclusive("\n\n");
    Answer::sse(events.map(|event| {
        event
            .replace(",\"", ",\ndata:\"")
            .replacen('{', "{\ndata: ", 1)
    }))
}

#[tokio::test]
async fn lines_may_end_in_crlf_and_comments_may_stand_between() {
    let (answer, expected) = wide();
    let tight = |answer: Answer| {
        let text = String::from_utf8(answer.bytes())
            .unwrap()
            .replace("data: ", "data:");
        Answer::sse([text])
    };
    let cases = [
        ("crlf", answer.clone().crlf()),
        ("pings", answer.clone().pings()),
        (
            "crlf in ones",
            answer.clone().pings().crlf().split(1).gap_ms(1),
        ),
        ("cr", answer.clone().line_ends("\r")),
        (
            "cr in ones",
            answer.clone().pings().line_ends("\r").split(1).gap_ms(1),
        ),
        ("data in many lines", many_lines(&answer)),
        (
            "data in many lines, crlf in ones",
            many_lines(&answer).crlf().split(1).gap_ms(1),
        ),
        ("no space after the colon", tight(answer.clone())),
        (
            "one chunk",
            Answer::sse([String::from_utf8(answer.bytes()).unwrap()]),
        ),
        (
            "fields beside data",
            answer.clone().insert(1, "id: 7\nretry: 10\n\n"),
        ),
    ];
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |name, answer: Answer| {
        stack.provider("openai").script(answer);
        let reply = stack.caller.chat(&streamed(MODEL)).send().await;
        assert_same_events(name, &reply, &expected);
    })
    .await;
}

#[tokio::test]
async fn fifty_streams_at_once_do_not_mix() {
    let echo = Chat::echo().gap_ms(5);
    let stack = Stack::builder().provider("openai", echo).start().await;
    let texts: Vec<_> = (0..50)
        .map(|i| {
            (0..20)
                .map(|word| format!("s{i}w{word} "))
                .collect::<String>()
        })
        .collect();
    let replies = join_all(texts.iter().map(async |text| {
        let mut body = expect::saying(MODEL, text);
        body["stream"] = json!(true);
        stack.caller.chat(&body).send().await
    }));
    for (text, reply) in texts.iter().zip(replies.await) {
        assert_eq!(reply.streamed(), *text);
        assert_eq!(reply.events().last().unwrap(), "[DONE]");
    }
}

#[tokio::test]
async fn tools_stream_as_they_came() {
    let chat = Chat::calls("call_1", "weather", &["{\"city\":", " \"Gr", "az\"}"]);
    let stack = Stack::builder()
        .provider("openai", chat.clone())
        .start()
        .await;
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_same_events(
        "tools",
        &reply,
        &sse::events(&chat.stream(MODEL, false).bytes()),
    );
}

#[tokio::test]
async fn a_caller_that_leaves_takes_the_providers_stream_with_it() {
    let chat = Chat::of(&["one ", "two "]);
    let stack = Stack::builder()
        .provider("openai", chat.stream(MODEL, true).stall_after(3))
        .start()
        .await;
    let mut stream = stack.caller.chat(&streamed(MODEL)).stream().await;
    stream.read_until("two ").await;
    drop(stream);
    stack.provider("openai").wait_for_aborted(1).await;
}

#[tokio::test]
async fn w41_usage_beside_the_finish_reason_is_taken_out_too() {
    // Some providers put the usage on the last chunk with a choice, some on every chunk.
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let chunk = |text: Option<&str>, reason: Option<&str>| {
        let delta = text.map_or(json!({}), |text| json!({"content": text}));
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        let chunk = json!({"id": "x", "object": "chat.completion.chunk", "created": 1,
            "model": MODEL, "choices": [choice], "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let events = [
        chunk(Some("one"), None),
        chunk(None, Some("stop")),
        "data: [DONE]\n\n".into(),
    ];
    let stack = Stack::builder()
        .provider("openai", Answer::sse(events))
        .start()
        .await;
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_eq!(reply.streamed(), "one");
    let chunks = reply.chunks();
    assert_eq!(
        chunks.last().unwrap()["choices"][0]["finish_reason"],
        "stop"
    );
    assert!(
        chunks.iter().all(|chunk| chunk["usage"].is_null()),
        "{chunks:?}"
    );
    let mut body = streamed(MODEL);
    body["stream_options"] = json!({"include_usage": true});
    let mut chunks = stack.caller.chat(&body).send().await.chunks();
    let last = chunks.pop().unwrap();
    assert_eq!((&last["choices"], &last["usage"]), (&json!([]), &usage));
    assert!(
        chunks.iter().all(|chunk| chunk["usage"].is_null()),
        "{chunks:?}"
    );
}

#[tokio::test]
async fn a_delta_may_be_larger_than_any_buffer() {
    let long = "0123456789abcdef".repeat(100_000);
    let stack = Stack::builder()
        .provider("openai", Chat::of(&["a", &long, "z"]))
        .start()
        .await;
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert!(
        reply.streamed() == format!("a{long}z"),
        "{} bytes",
        reply.body.len()
    );
    assert_eq!(reply.events().last().unwrap(), "[DONE]");
}
