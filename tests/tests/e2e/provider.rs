//! The scripted provider itself: it must do what it is told, or the other tests prove nothing.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Version};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sluice_tests::client::{plain, streamed};
use sluice_tests::provider::Turn;
use sluice_tests::{Answer, Caller, Chat, Cut, Provider, Script};

async fn provider(script: impl Into<Script>) -> (Provider, Caller) {
    let provider = Provider::start(script).await;
    let caller = Caller::new(provider.addr(), None);
    (provider, caller)
}

#[tokio::test]
async fn turns_are_taken_in_order_and_requests_are_kept() {
    let script = Script::always(Chat::of(&["later"]))
        .then(Answer::error(429, "slow down").header("retry-after", "7"))
        .then(Chat::of(&["first"]));
    let (provider, caller) = provider(script).await;
    let reply = caller.chat(&plain("m")).header("x-own", "1").send().await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (429, Some("7"))
    );
    assert_eq!(caller.chat(&plain("m")).send().await.said(), "first");
    for _ in 0..2 {
        assert_eq!(caller.chat(&plain("m")).send().await.said(), "later");
    }
    let seen = provider.requests();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[0].header("x-own").as_deref(), Some("1"));
    assert_eq!(seen[0].json(), plain("m"));
    assert_eq!(seen[0].version, Version::HTTP_11);
}

#[tokio::test]
async fn each_way_to_break_is_seen_by_the_other_side() {
    let chat = Chat::default();
    let whole = chat.stream("m", false).bytes().len();
    for answer in [
        Answer::none(Cut::Close),
        Answer::none(Cut::Reset),
        Answer::none(Cut::Stream),
        Answer::garbage("no HTTP\r\n\r\n"),
    ] {
        let (_provider, caller) = provider(answer.clone()).await;
        assert!(
            caller.chat(&streamed("m")).try_stream().await.is_err(),
            "{answer:?}"
        );
    }
    for answer in [
        chat.stream("m", false).cut_after(2, Cut::Close),
        chat.stream("m", false).cut_after(2, Cut::Reset),
        chat.stream("m", false).cut_after(2, Cut::Stream),
        chat.plain("m").cut_after_bytes(20, Cut::Close),
        chat.plain("m").cut_after_bytes(20, Cut::Reset),
    ] {
        let (_provider, caller) = provider(answer.clone()).await;
        let (reply, end) = caller.chat(&streamed("m")).stream().await.rest().await;
        assert!(end.is_err(), "a clean end of {answer:?}");
        assert!(
            reply.body.len() < whole && !reply.body.is_empty(),
            "{}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn gates_and_leavers_are_noticed() {
    let answer = Chat::of(&["a.", "b."]).stream("m", false).gated();
    let (provider, caller) = provider(answer).await;
    let mut stream = caller.chat(&streamed("m")).stream().await;
    stream.read_until("assistant").await;
    provider.release();
    assert!(!stream.read_until("a.").await.contains("b."));
    drop(stream);
    provider.wait_for_aborted(1).await;
}

#[tokio::test]
async fn http_2_is_spoken_on_the_same_port() {
    let (provider, _) = provider(Chat::of(&["over ", "two"])).await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http();
    let send = async || {
        let request = Request::post(format!("http://{}/v1/chat/completions", provider.addr()));
        let request = request.body(Full::from(streamed("m").to_string())).unwrap();
        client.request(request).await
    };
    let body = send()
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    assert_eq!(sluice_tests::sse::text(&body), "over two");
    assert_eq!(provider.request().version, Version::HTTP_2);
    provider.script(Answer::none(Cut::Stream));
    assert!(send().await.is_err());
    provider.script(Chat::default().stream("m", false).cut_after(2, Cut::Stream));
    assert!(send().await.unwrap().into_body().collect().await.is_err());
}

#[tokio::test]
async fn it_is_told_what_to_do_from_outside() {
    let (_provider, caller) = provider(Script::default()).await;
    let script = json!({
        "queue": [{"answer": {"status": 503, "body": [{"text": "x"}]}}],
        "default": {"chat": {"deltas": ["told"], "gap_ms": 1}},
    });
    let put = caller
        .call("PUT", "/_control/script")
        .body(script.to_string());
    assert_eq!(put.send().await.status, 204);
    assert_eq!(caller.chat(&plain("m")).send().await.status, 503);
    assert_eq!(caller.chat(&streamed("m")).send().await.streamed(), "told");
    let seen = caller.get("/_control/requests").await.json();
    assert_eq!(seen.as_array().unwrap().len(), 2);
    let body: Value = serde_json::from_str(seen[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, plain("m"));
    assert_eq!(
        caller
            .call("DELETE", "/_control/requests")
            .send()
            .await
            .status,
        204
    );
    assert_eq!(caller.get("/_control/requests").await.json(), json!([]));
    let refused = caller
        .call("PUT", "/_control/script")
        .body("{\"queu\": []}")
        .send()
        .await;
    assert_eq!(refused.status, 400);
    assert!(matches!(Script::default().default, Turn::Chat(_)));
}
