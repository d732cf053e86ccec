//! Streams that break after they have begun: no broken one looks whole (W35).

use serde_json::{Value, json};
use sluice_tests::client::{plain, streamed};
use sluice_tests::{Answer, Chat, Cut, Script, Stack};

use crate::expect::{self, MODEL};

#[tokio::test]
async fn w35_a_body_that_ends_early_ends_in_an_error_and_without_done() {
    let chat = Chat::of(&["one ", "two ", "three"]);
    let stack = Stack::builder()
        .steady()
        .provider("openai", Script::default())
        .start()
        .await;
    let cases = [
        ("between two events", chat.stream(MODEL, true).end_after(3)),
        (
            "inside an event",
            chat.stream(MODEL, true)
                .end_after_bytes(chat.stream(MODEL, true).end_after(3).bytes().len() + 40),
        ),
    ];
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |_, answer: Answer| {
        stack.provider("openai").script(answer);
        let reply = stack.caller.chat(&streamed(MODEL)).send().await;
        assert_eq!(reply.status, 200);
        let events = reply.events();
        let last: Value = serde_json::from_str(events.last().unwrap()).unwrap();
        assert_eq!(last["error"]["code"], "upstream_truncated", "{events:?}");
        assert_eq!(last["error"]["type"], "provider_error", "{events:?}");
        assert!(!events.contains(&"[DONE]".to_owned()), "{events:?}");
        assert!(
            reply.text().contains("two "),
            "what came before is there: {events:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn w35_a_reset_is_a_reset_for_the_caller_and_no_clean_end() {
    let chat = Chat::of(&["one ", "two ", "three"]);
    let stack = Stack::builder()
        .steady()
        .provider("openai", Script::default())
        .start()
        .await;
    for cut in [Cut::Reset, Cut::Close] {
        stack
            .provider("openai")
            .script(chat.stream(MODEL, true).cut_after(3, cut));
        let stream = stack.caller.chat(&streamed(MODEL)).stream().await;
        assert_eq!(stream.status, 200);
        let (reply, end) = stream.rest().await;
        assert!(end.is_err(), "{cut:?}: a clean end: {}", reply.text());
        assert!(reply.text().contains("two "), "{cut:?}: {}", reply.text());
        assert!(
            !reply.text().contains("[DONE]"),
            "{cut:?}: {}",
            reply.text()
        );
    }
    assert_eq!(
        stack.provider("openai").requests().len(),
        2,
        "no retry after the first token"
    );
}

#[tokio::test]
async fn w35_a_stream_without_done_is_whole_when_it_has_a_finish_reason() {
    let answer = Chat::of(&["all"]).stream(MODEL, false);
    let count = answer.body.len();
    let stack = Stack::builder()
        .steady()
        .provider("openai", answer.end_after(count - 1))
        .start()
        .await;
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_eq!(reply.streamed(), "all");
    assert!(!reply.text().contains("error"), "{}", reply.text());
    assert_eq!(
        reply.events().last().unwrap(),
        "[DONE]",
        "W41: every whole stream ends so"
    );
}

#[tokio::test]
async fn w35_a_stall_after_the_first_token_ends_as_a_reset() {
    let answer = Chat::of(&["one ", "two "])
        .stream(MODEL, true)
        .stall_after(3);
    let stack = Stack::builder()
        .steady()
        .provider("openai", answer)
        .config(|doc| doc["defaults"]["timeouts"] = json!({"idle_ms": 500}))
        .start()
        .await;
    let stream = stack.caller.chat(&streamed(MODEL)).stream().await;
    let (reply, end) = stream.rest().await;
    assert!(reply.text().contains("two "), "{}", reply.text());
    assert!(end.is_err(), "a clean end: {}", reply.text());
    assert!(!reply.text().contains("[DONE]"), "{}", reply.text());
}

#[tokio::test]
async fn w35_a_broken_event_does_not_break_the_stream() {
    let chat = || Chat::of(&["one ", "two ", "three"]).stream(MODEL, true);
    let stack = Stack::builder()
        .steady()
        .provider("openai", Script::default())
        .start()
        .await;
    let cases = [
        ("a line that is no field", "gpu.internal\n\n", false),
        ("a page", "<html>gpu.internal</html>\n\n", false),
        ("words as data", "data: gpu.internal\n\n", false),
        ("an unknown field", "x-host: gpu.internal\n\n", false),
        ("half a chunk", "data: {\"choices\":[{\"del\n\n", true),
    ];
    let cases = cases.map(|(name, line, leaves)| (name.to_owned(), (line, leaves)));
    expect::each(cases, async |_, (line, leaves)| {
        for answer in [
            chat().insert(3, line),
            chat().insert(3, line).split(7).gap_ms(1),
        ] {
            stack.provider("openai").script(answer);
            let reply = stack.caller.chat(&streamed(MODEL)).send().await;
            let events = reply.events();
            let chunks = events
                .iter()
                .filter_map(|data| serde_json::from_str::<Value>(data).ok());
            let texts = chunks.map(|chunk| chunk["choices"][0]["delta"]["content"].clone());
            let texts: Vec<_> = texts.collect();
            for text in ["one ", "two ", "three"] {
                assert!(texts.contains(&json!(text)), "{events:?}");
            }
            assert_eq!(events.last().unwrap(), "[DONE]", "{events:?}");
            assert!(!reply.text().contains("gpu.internal"), "{}", reply.text());
            assert_eq!(reply.text().contains("\"del\n"), leaves, "{}", reply.text());
        }
    })
    .await;
}

/// The first bytes of a gzip file, and some more that are no text.
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56\x4a\xce\xc8\xcf\x4f\x4e\n\n\x01\0";

#[tokio::test]
async fn w35_an_answer_that_is_encoded_unasked_is_a_failed_attempt() {
    let stack = Stack::builder()
        .steady()
        .provider("openai", Script::default())
        .provider("azure", Chat::of(&["from ", "azure"]))
        .start()
        .await;
    for (body, media) in [
        (plain(MODEL), "application/json"),
        (streamed(MODEL), "text/event-stream"),
    ] {
        for coding in [Some("gzip"), Some("br"), Some("identity, gzip"), None] {
            let mut answer = Answer::new(200, media, GZIP);
            if let Some(coding) = coding {
                answer = answer.header("content-encoding", coding);
            }
            stack.provider("openai").script(answer);
            let reply = stack.caller.chat(&body).send().await;
            assert_eq!(reply.status, 200, "{coding:?}: {}", reply.text());
            assert_eq!(
                expect::route(&reply.headers),
                "openai;malformed,azure;200",
                "{coding:?}"
            );
            assert_eq!(reply.header("content-encoding"), None);
            let sent = stack.provider("openai").request();
            assert_eq!(sent.header("accept-encoding"), None, "it was not asked for");
            stack.provider("openai").forget();
        }
    }
    let refusal = Answer::new(400, "application/json", GZIP).header("content-encoding", "gzip");
    stack.provider("openai").script(refusal);
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    let error = expect::error(&reply, 400, "provider_rejected_request");
    assert!(error["message"].as_str().unwrap().is_ascii(), "{error}");
}

#[tokio::test]
async fn w35_identity_is_no_encoding() {
    let stack = Stack::builder()
        .steady()
        .provider(
            "openai",
            Chat::of(&["as it ", "is"]).header("content-encoding", "Identity"),
        )
        .start()
        .await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.said(), "as it is");
    assert_eq!(reply.header("content-encoding"), None);
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_eq!(reply.streamed(), "as it is");
}
