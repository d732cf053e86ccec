//! Providers over HTTP/1.1, h2c and TLS with ALPN.

use hyper::Version;
use serde_json::json;
use sluice_tests::client::{plain, streamed};
use sluice_tests::{Answer, Chat, Cut, Protocol, Stack};

use crate::expect::{self, MODEL};

#[tokio::test]
async fn a_provider_may_speak_http_1() {
    speaks(Protocol::Http1, Version::HTTP_11).await;
}

#[tokio::test]
async fn a_provider_may_speak_http_2_in_the_clear() {
    speaks(Protocol::H2c, Version::HTTP_2).await;
}

#[tokio::test]
async fn a_provider_may_choose_http_1_by_alpn() {
    speaks(Protocol::TlsHttp1, Version::HTTP_11).await;
}

#[tokio::test]
async fn a_provider_may_choose_http_2_by_alpn() {
    speaks(Protocol::TlsH2, Version::HTTP_2).await;
}

/// Answers, failover and a cut stream over one protocol.
async fn speaks(protocol: Protocol, version: Version) {
    let stack = Stack::builder()
        .steady()
        .provider_over(protocol, "openai", Chat::echo())
        .provider("azure", Chat::of(&["from ", "azure"]))
        .config(|doc| doc["defaults"]["timeouts"]["first_token_ms"] = json!(600))
        .start()
        .await;
    let mut body = expect::saying(MODEL, "eins zwei drei");
    let reply = stack.caller.chat(&body).send().await;
    assert_eq!(reply.said(), "eins zwei drei");
    body["stream"] = json!(true);
    let reply = stack.caller.chat(&body).send().await;
    assert_eq!(reply.streamed(), "eins zwei drei");
    assert_eq!(reply.events().last().unwrap(), "[DONE]");
    let openai = stack.provider("openai");
    for seen in openai.requests() {
        assert_eq!(seen.version, version);
        assert_eq!(
            seen.header("content-length"),
            Some(seen.body.len().to_string())
        );
        assert_eq!(seen.authority.as_deref(), Some("api.openai.com"));
    }
    // What goes wrong leads to the next provider.
    let chat = Chat::default();
    let cases = [
        ("a status", Answer::error(503, "no")),
        ("a reset before the headers", Answer::none(Cut::Stream)),
        ("a connection lost", Answer::none(Cut::Reset)),
        (
            "a message that is cut",
            chat.stream(MODEL, true).cut_after(1, Cut::Stream),
        ),
        ("a stall", chat.stream(MODEL, true).stall_after(1)),
        ("no headers", chat.stream(MODEL, true).wait_ms(60_000)),
    ];
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |_, answer: Answer| {
        openai.script(answer);
        let reply = stack.caller.chat(&streamed(MODEL)).send().await;
        assert_eq!(reply.streamed(), "from azure");
    })
    .await;
    // After the first token it is the caller's reset.
    openai.script(chat.stream(MODEL, true).cut_after(3, Cut::Stream));
    let stream = stack.caller.chat(&streamed(MODEL)).stream().await;
    assert!(stream.rest().await.1.is_err(), "a clean end");
}

#[tokio::test]
async fn a_provider_with_another_names_certificate_is_not_spoken_to() {
    let stack = Stack::builder()
        .provider_over(Protocol::TlsH2, "openai", Chat::default())
        .provider("azure", Chat::of(&["from azure"]))
        .bootstrap(|bootstrap| {
            let tls = &mut bootstrap.cluster("openai")["transport_socket"]["typed_config"];
            let context = &mut tls["common_tls_context"]["validation_context"];
            let names = &mut context["match_typed_subject_alt_names"];
            assert_eq!(
                names[0]["matcher"]["exact"], "api.openai.com",
                "the reference checks SAN"
            );
            names[0]["matcher"]["exact"] = json!("another.example");
        })
        .start()
        .await;
    assert_eq!(
        stack.caller.chat(&plain(MODEL)).send().await.said(),
        "from azure"
    );
    assert!(stack.provider("openai").requests().is_empty());
}

#[tokio::test]
async fn trailers_may_end_a_providers_message() {
    let chat = Chat::of(&["with ", "trailers"]);
    let stack = Stack::builder()
        .provider_over(Protocol::H2c, "openai", Chat::default())
        .provider("azure", Chat::of(&["from ", "azure"]))
        .start()
        .await;
    let openai = stack.provider("openai");
    openai.script(chat.plain(MODEL).trailer("x-own", "provider-canary"));
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.said(), "with trailers");
    openai.script(chat.stream(MODEL, true).trailer("x-own", "provider-canary"));
    let reply = stack.caller.chat(&streamed(MODEL)).send().await;
    assert_eq!(reply.streamed(), "with trailers");
    assert_eq!(reply.events().last().unwrap(), "[DONE]");
    // What is broken is still found, when it ends with them.
    openai.script(Answer::json(200, &json!({"error": {"message": "x"}})).trailer("a", "b"));
    assert_eq!(
        stack.caller.chat(&plain(MODEL)).send().await.said(),
        "from azure"
    );
    openai.script(chat.stream(MODEL, true).end_after(1).trailer("a", "b"));
    assert_eq!(
        stack.caller.chat(&streamed(MODEL)).send().await.streamed(),
        "from azure"
    );
    openai.script(chat.stream(MODEL, true).end_after(2).trailer("a", "b"));
    // Behind trailers no last event has a place: the end is a reset, never a clean one.
    let (reply, end) = stack
        .caller
        .chat(&streamed(MODEL))
        .stream()
        .await
        .rest()
        .await;
    assert!(
        end.is_err() && !reply.text().contains("[DONE]"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn w01_a_caller_may_speak_http_2_and_end_its_body_with_trailers() {
    let stack = Stack::builder()
        .provider("openai", Chat::default())
        .start()
        .await;
    for trailers in [false, true] {
        for body in [plain(MODEL), streamed(MODEL)] {
            let (status, answer) = stack.caller.over_http_2(&body.to_string(), trailers).await;
            let text = String::from_utf8_lossy(&answer);
            assert_eq!(status, 200, "{text}");
            let said = if body["stream"] == true {
                sluice_tests::sse::text(&answer)
            } else {
                text.contains("Hello!").to_string()
            };
            assert!(["Hello!", "true"].contains(&said.as_str()), "{text}");
            let seen = stack.provider("openai").request();
            assert_eq!(
                seen.header("content-length"),
                Some(seen.body.len().to_string())
            );
            assert_eq!(seen.header("transfer-encoding"), None);
            stack.provider("openai").forget();
        }
    }
}
