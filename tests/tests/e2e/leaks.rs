//! Nothing of a provider's own reaches the caller or a log: keys, ids of accounts, cookies, hosts (W60).

use std::time::Duration;

use serde_json::{Value, json};
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::stack::key_of;
use sluice_tests::{Answer, Chat, Cut, Provider, Script, Stack};

use crate::expect::{self, MODEL};

/// What must not be seen, in lower case. The host is the configured one.
const SECRETS: [&str; 7] = [
    "qanary",
    "canary-key-of-",
    "10.99.88.77",
    "fd00:99::77",
    "api.openai.com",
    "112233445566",
    "tracebackofprovider",
];

/// Words of the provider's that the caller may know.
const WORDS: &str = "The request of gpt-4o-mini is too long: messages[0].content";

/// A provider's message with all that may be in one.
fn message() -> String {
    format!(
        "{WORDS} (key sk-proj-QANARY0123456789abcd or {}, Bearer QANARYtoken0123, x-api-key: QANARYkey, \
         organization org-QANARY0123456789 of project proj_QANARY01 or projects/qanary-112233445566/x, \
         at https://gpu-17.qanary.internal:8443/v1?key=AIzaQANARY0123, http://10.99.88.77/, \
         api.openai.com, gpu-17.qanary.internal:8000, qanary-7.local, llm.qanary.svc.cluster.local, \
         10.99.88.77:8000 and [fd00:99::77]:443)\nset-cookie: session=QANARYcookie; Path=/",
        key_of("openai"),
    )
}

/// An error with secrets wherever a provider could put them.
fn error() -> Value {
    json!({"error": {
        "message": message(), "type": "qanary_type", "code": "sk-qanary-code-0123",
        "param": "gpu-17.qanary.internal:80", "organization": "org-QANARY", "trace": "TracebackOfProvider",
        "metadata": {"raw": message()},
    }, "request_id": "qanary", "host": "gpu-17.qanary.internal"})
}

fn with_headers(answer: Answer) -> Answer {
    let headers = [
        ("set-cookie", "session=QANARY; Path=/"),
        ("openai-organization", "org-QANARY"),
        ("openai-project", "proj_QANARY"),
        ("x-served-by", "gpu-17.qanary.internal"),
        ("www-authenticate", "Bearer realm=\"qanary\""),
        ("location", "https://gpu-17.qanary.internal/"),
        ("via", "1.1 gpu-17.qanary.internal"),
        ("retry-after", "7"),
    ];
    let add = |answer: Answer, (name, value): (&str, &str)| answer.header(name, value);
    headers.into_iter().fold(answer, add)
}

async fn stack() -> Stack {
    Stack::builder()
        .steady()
        .provider("openai", Script::default())
        .arguments(&["--component-log-level", "wasm:debug,router:info"])
        .sidecar()
        .start()
        .await
}

#[track_caller]
fn assert_clean(what: &str, text: &str) {
    let lower = text.to_lowercase();
    for secret in SECRETS {
        let line = lower.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{what} has {secret}");
    }
}

/// Neither log and no record has what the answers had not.
async fn assert_logs_are_clean(stack: &Stack, records: usize) {
    let wait = Duration::from_secs(20);
    stack.sidecar.wait_for_records(records, wait).await;
    assert_clean("Envoy's log", &stack.envoy.log());
    assert_clean("the sidecar's log", &stack.sidecar.log());
    let spend = stack.sidecar.get("/v1/spend?limit=1000").await;
    assert_clean("the ledger", &spend.text());
}

#[tokio::test]
async fn w60_w61_a_refusal_has_the_words_and_nothing_else() {
    let stack = stack().await;
    let page = format!("<html><body>{}</body></html>", message());
    let mut cases = Vec::new();
    for status in [400, 401, 403, 404, 409, 413, 422, 429, 500, 503] {
        let bodies = [
            ("error", Answer::json(status, &error())),
            ("text", Answer::json(status, &json!({"error": message()}))),
            ("array", Answer::json(status, &json!([error()]))),
            ("page", Answer::new(status, "text/html", page.clone())),
            ("nothing", Answer::empty(status)),
        ];
        cases.extend(bodies.map(|(name, answer)| (format!("{status} {name}"), answer)));
    }
    let count = cases.len();
    expect::each(cases, async |name, answer: Answer| {
        let status = answer.status;
        stack.provider("openai").script(with_headers(answer));
        for body in [plain(MODEL), streamed(MODEL)] {
            let reply = stack.caller.chat(&body).send().await;
            assert_clean(name, &reply.everything());
            let passed = [400, 404, 409, 413, 422].contains(&status);
            let code = if passed {
                "provider_rejected_request"
            } else {
                "all_attempts_failed"
            };
            let error = expect::shape(&reply, reply.status);
            assert_eq!(
                (&error["code"], &error["param"]),
                (&json!(code), &Value::Null)
            );
            let told = error["message"].as_str().unwrap().starts_with(WORDS);
            let has_words =
                name.ends_with("error") || name.ends_with("text") || name.ends_with("array");
            assert_eq!(told, passed && has_words, "{error}");
        }
    })
    .await;
    assert_logs_are_clean(&stack, 2 * count).await;
}

#[tokio::test]
async fn w61_clients_act_on_the_providers_code_and_param() {
    let stack = stack().await;
    let error = json!({"error": {"message": "too long", "type": "invalid_request_error",
        "code": "context_length_exceeded", "param": "messages[0].content"}});
    stack.provider("openai").script(Answer::json(400, &error));
    for body in [plain(MODEL), streamed(MODEL)] {
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.json(), error);
        expect::error(&reply, 400, "context_length_exceeded");
    }
}

#[tokio::test]
async fn w60_an_error_in_a_200_says_nothing() {
    let stack = stack().await;
    let error = error();
    let pretty = serde_json::to_string_pretty(&error).unwrap();
    let lines = pretty.replace('\n', "\ndata: ");
    let cases = [
        ("JSON", Answer::json(200, &error)),
        ("an event", Answer::sse([format!("data: {error}\n\n")])),
        (
            "a named event",
            Answer::sse([format!("event: error\ndata: {error}\n\n")]),
        ),
        ("many lines", Answer::sse([format!("data: {lines}\n\n")])),
        ("no event", Answer::sse([format!("{pretty}\n")])),
        ("a page", Answer::new(200, "text/html", message())),
        ("words", Answer::sse([message()])),
        (
            "half",
            Answer::sse([format!("data: {error}")]).end_after_bytes(300),
        ),
    ];
    let count = cases.len();
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |name, answer: Answer| {
        stack.provider("openai").script(with_headers(answer));
        for body in [plain(MODEL), streamed(MODEL)] {
            let reply = stack.caller.chat(&body).send().await;
            assert_clean(name, &reply.everything());
            expect::error(&reply, 502, "all_attempts_failed");
        }
    })
    .await;
    assert_logs_are_clean(&stack, 2 * count).await;
}

#[tokio::test]
async fn w60_an_error_beside_an_answer_says_the_words_only() {
    let stack = stack().await;
    let mut body = error();
    body["choices"] = json!([{"index": 0, "finish_reason": "error", "error": error()["error"],
        "message": {"role": "assistant", "content": "half"}}]);
    body.as_object_mut()
        .unwrap()
        .retain(|name, _| name == "error" || name == "choices");
    stack
        .provider("openai")
        .script(with_headers(Answer::json(200, &body)));
    let mut asked = plain(MODEL);
    asked["ollm::include_raw_response"] = json!(true);
    for asked in [plain(MODEL), asked] {
        let reply = stack.caller.chat(&asked).send().await;
        assert_eq!(reply.said(), "half");
        assert_clean("the answer", &reply.everything());
        let json = reply.json();
        for error in [&json["error"], &json["choices"][0]["error"]] {
            assert_late(error);
        }
    }
}

/// The error that tells of a provider's in an answer that has begun.
#[track_caller]
fn assert_late(error: &Value) {
    let names: Vec<_> = error.as_object().unwrap().keys().collect();
    assert_eq!(names, ["code", "message", "param", "type"]);
    assert_eq!(
        (&error["type"], &error["code"], &error["param"]),
        (
            &json!("provider_error"),
            &json!("upstream_error"),
            &Value::Null
        )
    );
    let message = error["message"].as_str().unwrap();
    let known = message.starts_with(WORDS) || message == "The provider reported an error.";
    assert!(known, "{message}");
}

/// A stream that has begun, and this at its end.
fn late(end: &str) -> Answer {
    let answer = Chat::of(&["one ", "two "]).stream(MODEL, true).end_after(3);
    let count = answer.body.len();
    let done = "data: [DONE]\n\n";
    answer.insert(count, end).insert(count + 1, done)
}

#[tokio::test]
async fn w35_w60_an_error_in_a_stream_that_has_begun_says_the_words_only() {
    let stack = stack().await;
    let error = error();
    let pretty = serde_json::to_string_pretty(&error).unwrap();
    let lines = pretty.replace('\n', "\ndata: ");
    let chunk = json!({"id": "x", "object": "chat.completion.chunk", "error": error["error"],
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]});
    let cases = [
        ("an event", late(&format!("data: {error}\n\n"))),
        ("CRLF", late(&format!("data: {error}\r\n\r\n"))),
        (
            "small chunks",
            late(&format!("data: {error}\n\n")).split(7).gap_ms(1),
        ),
        (
            "a named event",
            late(&format!("event: error\ndata: {error}\n\n")),
        ),
        (
            "named words",
            late(&format!("event: error\ndata: {}\n\n", message())),
        ),
        ("many lines", late(&format!("data: {lines}\n\n"))),
        ("a chunk", late(&format!("data: {chunk}\n\n"))),
        ("no event", late(&format!("{error}\n\n"))),
        ("no event of many lines", late(&format!("{pretty}\n"))),
        (
            "half an event",
            late(&format!("data: {error}").replace(", \"host\"", "\n\n")),
        ),
    ];
    let count = cases.len();
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |name, answer: Answer| {
        stack.provider("openai").script(with_headers(answer));
        let mut body = streamed(MODEL);
        body["ollm::include_raw_response"] = json!(name.len() % 2 == 0);
        let reply = stack.caller.chat(&body).send().await;
        assert_clean(name, &reply.everything());
        assert_told(&reply);
    })
    .await;
    assert_logs_are_clean(&stack, count).await;
}

/// What was said before is there, the error is the last event, and nothing says that all is well.
#[track_caller]
fn assert_told(reply: &Reply) {
    let text = reply.text();
    assert!(text.contains("two ") && !text.contains("[DONE]"), "{text}");
    let mut chunks = reply.chunks();
    assert_late(&chunks.pop().unwrap()["error"]);
    assert!(
        chunks.iter().all(|chunk| chunk.get("error").is_none()),
        "{text}"
    );
}

#[tokio::test]
async fn w60_what_is_cut_or_is_no_event_does_not_leave() {
    let stack = stack().await;
    let error = error();
    let begun = || Chat::of(&["one ", "two "]).stream(MODEL, true).end_after(3);
    let cases = [
        ("words", late(&format!("{}\n\n", message())), true),
        (
            "words as data",
            late(&format!("data: oops {}\n\n", message().replace('\n', " "))),
            true,
        ),
        (
            "a page",
            late(&format!("<html>{}</html>\n\n", message())),
            true,
        ),
        (
            "half an error at the end",
            begun().insert(3, &format!("data: {error}")[..400]),
            true,
        ),
        (
            "half an error and a reset",
            begun()
                .insert(3, &format!("data: {error}")[..400])
                .cut_after(4, Cut::Reset),
            false,
        ),
    ];
    let cases = cases.map(|(name, answer, ends)| (name.to_owned(), (answer, ends)));
    expect::each(cases, async |name, (answer, ends): (Answer, bool)| {
        stack.provider("openai").script(with_headers(answer));
        let stream = stack.caller.chat(&streamed(MODEL)).stream().await;
        let (reply, end) = stream.rest().await;
        assert_clean(name, &reply.everything());
        assert!(reply.text().contains("two "), "{}", reply.text());
        assert_eq!(end.is_ok(), ends, "{end:?}");
    })
    .await;
    assert_logs_are_clean(&stack, 5).await;
}

#[tokio::test]
async fn w33_w60_the_key_of_a_callers_own_endpoint_is_told_to_nobody() {
    let own = Provider::start(Script::default()).await;
    let rules = json!({"allow": ["127.0.0.1:*"], "private": ["127.0.0.1"]});
    let stack = Stack::builder()
        .steady()
        .provider("openai", Chat::of(&["from openai"]))
        .config(|doc| doc["vllm_endpoint"] = rules)
        .arguments(&["--component-log-level", "wasm:debug,router:info"])
        .sidecar()
        .start()
        .await;
    // Of no shape that a key is known by.
    let key = "qanary.of-the-callers/own";
    let url = format!("http://{}", own.addr());
    let said = format!("the key {key} at {url} is wrong (Bearer {key})");
    let error = json!({"error": {"message": said, "type": said, "code": key, "param": key}});
    let event = format!("data: {error}\n\n");
    let choice = json!([{"index": 0, "finish_reason": "error", "error": error["error"],
        "message": {"role": "assistant", "content": "half"}}]);
    let cases = [
        ("refused", Answer::json(400, &error)),
        (
            "refused in words",
            Answer::json(422, &json!({"error": said})),
        ),
        ("failed", Answer::json(500, &error)),
        ("no key", Answer::json(401, &error)),
        ("in a 200", Answer::json(200, &error)),
        (
            "in a choice",
            Answer::json(200, &json!({"choices": choice})),
        ),
        ("first event", Answer::sse([event.clone()])),
        ("late event", late(&event)),
        ("late words", late(&format!("{said}\n\n"))),
        ("a page", Answer::new(200, "text/html", said.clone())),
    ];
    let count = cases.len();
    let cases = cases.map(|(name, answer)| (name.to_owned(), answer));
    expect::each(cases, async |name, answer: Answer| {
        own.script(answer.header("x-key", key).header("set-cookie", key));
        for body in [plain(MODEL), streamed(MODEL)] {
            let call = stack.caller.chat(&body);
            let call = call.header("x-opengateway-vllm-endpoint", &url);
            let reply = call.header("x-opengateway-vllm-api-key", key).send().await;
            assert_clean(name, &reply.everything());
        }
    })
    .await;
    assert_eq!(own.requests().len(), 2 * count);
    // Refused before an attempt: nothing of it is told either.
    for odd in ["http://qanary.test", "http://u:qanary@127.0.0.1"] {
        let call = stack.caller.chat(&plain(MODEL));
        let call = call.header("x-opengateway-vllm-endpoint", odd);
        let reply = call.header("x-opengateway-vllm-api-key", key).send().await;
        assert!([400, 403].contains(&reply.status), "{}", reply.text());
        assert_clean(odd, &reply.everything());
    }
    assert_logs_are_clean(&stack, 2 * count).await;
    for seen in stack.provider("openai").requests() {
        assert!(!seen.text().contains("qanary"), "{}", seen.text());
    }
}
