//! Streams that break after they have begun: no broken one looks whole (W35).

use serde_json::{Value, json};
use sluice_tests::client::streamed;
use sluice_tests::{Answer, Chat, Cut, Script, Stack};

use crate::expect::{self, MODEL};

#[tokio::test]
async fn w35_a_body_that_ends_early_ends_in_an_error_and_without_done() {
    let chat = Chat::of(&["one ", "two ", "three"]);
    let stack = Stack::builder()
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
