//! Bad input: its status and shape, and that no provider saw it (W10 to W18, W60).

use serde_json::{Value, json};
use sluice_tests::client::{CHAT, plain, streamed};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect::{self, MODEL};

async fn stack() -> Stack {
    Stack::builder()
        .steady()
        .provider("openai", Script::default())
        .start()
        .await
}

#[tokio::test]
async fn w17_what_is_no_body_of_json_is_refused() {
    let stack = stack().await;
    let whole = plain(MODEL).to_string();
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(
            "{{\"model\":\"{MODEL}\",\"messages\":[{{\"role\":\"user\",\"content\":\"x\"}}],\"x\":{open}{close}}}"
        )
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("not JSON", b"hello".to_vec(), "invalid_json"),
        (
            "form data",
            b"model=gpt-4o-mini&messages=hi".to_vec(),
            "invalid_json",
        ),
        (
            "cut JSON",
            whole.as_bytes()[..whole.len() / 2].to_vec(),
            "invalid_json",
        ),
        (
            "cut before the end",
            whole.as_bytes()[..whole.len() - 1].to_vec(),
            "invalid_json",
        ),
        ("empty", Vec::new(), "invalid_json"),
        ("only blanks", b" \n ".to_vec(), "invalid_json"),
        (
            "more after the end",
            format!("{whole}}}").into_bytes(),
            "invalid_json",
        ),
        (
            "two documents",
            format!("{whole}{whole}").into_bytes(),
            "invalid_json",
        ),
        (
            "a comma too many",
            whole.replace("}]", "},]").into_bytes(),
            "invalid_json",
        ),
        (
            "a bare control character",
            whole.replace("Say", "S\u{1}y").into_bytes(),
            "invalid_json",
        ),
        (
            "NaN",
            whole.replace("\"Say hello.\"", "NaN").into_bytes(),
            "invalid_json",
        ),
        (
            "a lone surrogate's half escape",
            whole.replace("Say", "\\uZZZZ").into_bytes(),
            "invalid_json",
        ),
        (
            "invalid UTF-8",
            [
                &whole.as_bytes()[..20],
                b"\xff\xfe",
                &whole.as_bytes()[20..],
            ]
            .concat(),
            "invalid_utf8",
        ),
        ("1,000 deep", nested(1000).into_bytes(), "nesting_too_deep"),
        ("200 deep", nested(200).into_bytes(), "nesting_too_deep"),
        (
            "an array",
            format!("[{whole}]").into_bytes(),
            "invalid_type",
        ),
        ("a string", b"\"hi\"".to_vec(), "invalid_type"),
        (
            "a byte order mark",
            ["\u{feff}", &whole].concat().into_bytes(),
            "invalid_json",
        ),
        ("null", b"null".to_vec(), "invalid_type"),
    ];
    let cases = cases
        .into_iter()
        .map(|(name, body, code)| (name.to_owned(), (body, code)));
    expect::each(cases, async |name, (body, code): (Vec<u8>, &str)| {
        let reply = stack.caller.chat_bytes(body).send().await;
        let error = expect::error(&reply, 400, code);
        if code == "invalid_json" {
            let message = error["message"].as_str().unwrap();
            assert!(
                message.contains("line") && message.contains("column"),
                "{name}: {message}"
            );
        }
        stack.assert_untouched(name);
    })
    .await;
    // Just inside the limit.
    let reply = stack.caller.chat_bytes(nested(100)).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[tokio::test]
async fn w17_a_body_over_the_limit_is_refused() {
    let stack = stack().await;
    let key = stack.caller.key().unwrap();
    let big = "x".repeat(40 << 20);
    let body = expect::saying(MODEL, &big).to_string();
    let sized = format!("content-length: {}\r\n\r\n{body}", body.len());
    let chunked = format!(
        "transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    for rest in [sized, chunked] {
        let request = format!(
            "POST {CHAT} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\n{rest}"
        );
        let answer = stack.caller.raw(request.as_bytes()).await;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 413"), "{head}");
        assert!(
            head.to_lowercase()
                .contains("content-type: application/json"),
            "{head}"
        );
        let body: Value =
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!(body["error"]["type"], "invalid_request_error");
        assert_eq!(body["error"]["code"], "body_too_large");
        stack.assert_untouched("40 MiB");
    }
    // 31 MiB are served.
    let reply = stack
        .caller
        .chat(&expect::saying(MODEL, &big[..31 << 20]))
        .send()
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[tokio::test]
async fn w17_the_limit_is_the_configured_one() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .config(|doc| doc["defaults"]["limits"]["body_bytes"] = json!(1000))
        .start()
        .await;
    let reply = stack
        .caller
        .chat(&expect::saying(MODEL, &"x".repeat(1000)))
        .send()
        .await;
    expect::error(&reply, 413, "body_too_large");
    stack.assert_untouched("1001 bytes");
    assert_eq!(stack.caller.chat(&plain(MODEL)).send().await.status, 200);
}

#[tokio::test]
async fn w03_another_content_type_or_encoding_is_refused() {
    let stack = stack().await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let call = stack
            .caller
            .chat(&plain(MODEL))
            .replace("content-type", kind);
        expect::error(&call.send().await, 415, "unsupported_media_type");
    }
    for encoding in ["gzip", "br", "zstd", "identity, gzip"] {
        let call = stack
            .caller
            .chat(&plain(MODEL))
            .header("content-encoding", encoding);
        expect::shape(&call.send().await, 415);
    }
    stack.assert_untouched("a wrong type");
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let call = stack
            .caller
            .chat(&plain(MODEL))
            .replace("content-type", kind);
        assert_eq!(call.send().await.status, 200, "{kind}");
    }
    let call = stack
        .caller
        .chat(&plain(MODEL))
        .header("content-encoding", "identity");
    assert_eq!(call.send().await.status, 200);
}

#[tokio::test]
async fn w17_a_key_given_twice_is_refused() {
    let stack = stack().await;
    let rest = r#""messages":[{"role":"user","content":"hi"}]"#;
    let cases = [
        (
            format!(r#"{{"model":"gpt-4o-mini",{rest},"model":"gpt-4o"}}"#),
            "model",
        ),
        (
            format!(r#"{{"model":"gpt-4o-mini",{rest},{rest}}}"#),
            "messages",
        ),
        (
            format!(r#"{{"model":"gpt-4o-mini",{rest},"stream":true,"stream":false}}"#),
            "stream",
        ),
        (
            format!(r#"{{"model":"gpt-4o-mini",{rest},"max_tokens":1,"max_tokens":9}}"#),
            "max_tokens",
        ),
        (
            format!(r#"{{"model":"gpt-4o-mini",{rest},"mod\u0065l":"gpt-4o"}}"#),
            "model",
        ),
    ];
    let cases = cases.map(|(body, param)| (body, param));
    expect::each(cases, async |body, param: &str| {
        let reply = stack.caller.chat_bytes(body.to_owned()).send().await;
        let error = expect::error(&reply, 400, "duplicate_field");
        assert_eq!(error["param"], param);
        stack.assert_untouched(body);
    })
    .await;
}

#[tokio::test]
async fn w60_a_provider_that_answers_nonsense_is_a_provider_error() {
    let chat = Chat::default();
    let in_band = json!({"error": {"message": "secret-of-the-provider", "type": "server_error"}});
    let cases = [
        ("a page", Answer::html(200)),
        ("nothing", Answer::empty(200)),
        ("half", chat.plain(MODEL).end_after_bytes(80).chunked()),
        ("an error in a 200", Answer::json(200, &in_band)),
        ("a page with a 502", Answer::html(502)),
    ];
    let stack = stack().await;
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |name, answer: Answer| {
        stack.provider("openai").script(answer);
        for body in [plain(MODEL), streamed(MODEL)] {
            let reply = stack.caller.chat(&body).send().await;
            expect::shape(&reply, 502);
            expect::assert_request_id(&reply);
            let text = reply.everything();
            assert!(
                !text.contains("secret") && !text.contains("It works!"),
                "{name}: {text}"
            );
        }
    })
    .await;
}
