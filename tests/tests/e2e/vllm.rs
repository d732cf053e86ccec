//! The caller's own vLLM: where it is taken, where it is refused, and who sees its key (W33).

use std::time::Duration;

use serde_json::{Value, json};
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::stack::Builder;
use sluice_tests::{Answer, Chat, Provider, Script, Stack};

use crate::expect::{self, MODEL};

const ENDPOINT: &str = "x-opengateway-vllm-endpoint";
const API_KEY: &str = "x-opengateway-vllm-api-key";
const SEQUENCE: &str = "x-opengateway-failover-sequence";
const KEY: &str = "canary-key-of-the-callers-own-77aa";

/// A gateway with the provider `openai` and `vllm` of its own.
fn builder() -> Builder {
    Stack::builder()
        .provider("openai", Chat::of(&["from openai"]))
        .provider("vllm", Chat::of(&["from the gateway's vllm"]))
}

/// The caller's own, and a gateway that allows it.
async fn own(script: impl Into<Script>) -> (Provider, Stack) {
    let (own, builder) = allowed(script).await;
    (own, builder.start().await)
}

async fn allowed(script: impl Into<Script>) -> (Provider, Builder) {
    let own = Provider::start(script).await;
    let rules = json!({"allow": ["127.0.0.1:*", "10.0.0.1:*", "v.test"], "private": ["127.0.0.1"]});
    let stack = builder().config(|doc| doc["vllm_endpoint"] = rules);
    (own, stack)
}

fn url(own: &Provider) -> String {
    format!("http://{}", own.addr())
}

async fn ask(stack: &Stack, body: &Value, headers: &[(&str, &str)]) -> Reply {
    let call = stack.caller.chat(body);
    let with = headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value));
    with.send().await
}

#[tokio::test]
async fn w33_a_callers_vllm_answers_plain_and_streamed() {
    let (own, builder) = allowed(Chat::of(&["from the caller's own"])).await;
    let stack = builder.sidecar().start().await;
    for path in ["", "/v1", "/v1/"] {
        for body in [plain("mine/7b"), streamed("mine/7b")] {
            let url = format!("{}{path}", url(&own));
            let reply = ask(&stack, &body, &[(ENDPOINT, &url), (API_KEY, KEY)]).await;
            assert!(
                reply.text().contains("from the caller's own"),
                "{}",
                reply.text()
            );
            assert_eq!(reply.header("x-gateway-provider"), Some("vllm_endpoint"));
            assert_eq!(reply.header("x-gateway-model"), Some("mine/7b"));
        }
    }
    for seen in own.requests() {
        assert_eq!(seen.path, "/v1/chat/completions");
        assert_eq!(seen.header("authorization"), Some(format!("Bearer {KEY}")));
        assert_eq!(seen.authority, Some(own.addr().to_string()));
        assert_eq!(seen.json()["model"], "mine/7b");
        assert!(!seen.text().contains("opengateway"), "{}", seen.text());
    }
    let entries = stack
        .sidecar
        .wait_for_records(6, Duration::from_secs(20))
        .await;
    assert_eq!(entries.len(), 6);
    for entry in entries {
        assert_eq!(entry.record.provider.as_deref(), Some("vllm_endpoint"));
        assert_eq!(entry.cost_nano_usd, None, "the price is not known");
    }
    stack.assert_untouched("the endpoint was named");
}

#[tokio::test]
async fn w33_without_a_key_none_is_sent() {
    let (own, stack) = own(Script::default()).await;
    let reply = ask(&stack, &plain("mine"), &[(ENDPOINT, &url(&own))]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(own.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn w33_it_is_off_by_default() {
    let own = Provider::start(Script::default()).await;
    let stack = builder().start().await;
    for named in [url(&own), "nonsense".to_owned()] {
        let reply = ask(&stack, &plain(MODEL), &[(ENDPOINT, &named), (API_KEY, KEY)]).await;
        let error = expect::error(&reply, 400, "unsupported_value");
        assert_eq!(error["param"], ENDPOINT);
    }
    assert_eq!(own.requests().len(), 0);
    stack.assert_untouched("the endpoint is off");
    // A key alone asks for nothing, and goes nowhere.
    let reply = ask(&stack, &plain(MODEL), &[(API_KEY, KEY)]).await;
    assert_eq!(reply.said(), "from openai");
    assert!(!stack.provider("openai").requests()[0].text().contains(KEY));
}

#[tokio::test]
async fn w33_an_odd_or_unlisted_url_is_refused_before_any_attempt() {
    let (own, stack) = own(Script::default()).await;
    let port = own.addr().port();
    let odd = [
        "http://u:p@127.0.0.1:P",
        "http://127.0.0.1:P?x=1",
        "http://127.0.0.1:P#x",
        "ftp://127.0.0.1:P",
        "http://0x7f.1:P",
        "http://2130706433:P",
        "http://127.1:P",
        "http://0177.0.0.1:P",
        "http://[::ffff:127.0.0.1]:P",
        "http://127.0.0.1.:P",
        "http://V.test",
        "http://v.test.",
        "http://127.0.0.1:0",
        "http://127.0.0.1:P/../x",
        "http://127.0.0.1:P/%2e%2e",
        "127.0.0.1:P",
        "http://127.0.0.1:P\\@v.test",
        "//127.0.0.1:P",
    ];
    let unlisted = [
        "http://w.test",
        "http://v.test:81",
        "http://localhost:P",
        "http://127.0.0.2:P",
        "https://[::1]:P",
    ];
    let private = ["http://10.0.0.1:P"];
    let cases = odd.iter().map(|url| (*url, 400, "invalid_endpoint"));
    let cases = cases.chain(
        unlisted
            .iter()
            .map(|url| (*url, 403, "endpoint_not_allowed")),
    );
    let cases = cases.chain(
        private
            .iter()
            .map(|url| (*url, 403, "endpoint_not_allowed")),
    );
    for (named, status, code) in cases {
        let named = named.replace('P', &port.to_string());
        let reply = ask(&stack, &plain(MODEL), &[(ENDPOINT, &named), (API_KEY, KEY)]).await;
        let error = expect::error(&reply, status, code);
        assert_eq!(error["param"], ENDPOINT, "{named}");
        assert!(!reply.everything().contains("canary"), "{named}");
    }
    let reply = ask(
        &stack,
        &plain(MODEL),
        &[(ENDPOINT, &url(&own)), (API_KEY, "a b")],
    )
    .await;
    assert_eq!(
        expect::error(&reply, 400, "invalid_endpoint")["param"],
        API_KEY
    );
    assert_eq!(own.requests().len(), 0);
    stack.assert_untouched("a refused endpoint");
}

#[tokio::test]
async fn w33_it_stands_where_vllm_stands_in_the_order() {
    let (own, stack) = own(Chat::of(&["from the caller's own"])).await;
    let url = url(&own);
    stack.provider("openai").script(Answer::error(500, "no"));
    let order = (SEQUENCE, r#"["openai","vllm"]"#);
    for body in [plain(MODEL), streamed(MODEL)] {
        let reply = ask(&stack, &body, &[order, (ENDPOINT, &url), (API_KEY, KEY)]).await;
        assert!(
            reply.text().contains("from the caller's own"),
            "{}",
            reply.text()
        );
        assert_eq!(
            expect::route(&reply.headers),
            "openai;500,vllm_endpoint;200"
        );
    }
    own.script(Answer::error(503, "no"));
    stack.provider("openai").script(Chat::of(&["from openai"]));
    let reply = ask(&stack, &plain(MODEL), &[(ENDPOINT, &url), (API_KEY, KEY)]).await;
    assert_eq!(reply.said(), "from openai");
    assert_eq!(
        expect::route(&reply.headers),
        "vllm_endpoint;503,openai;200"
    );
    let refused = [("vllm", json!("vllm")), ("openai", json!("openai"))];
    for (first, name) in refused {
        let order = json!([name]).to_string();
        let reply = ask(
            &stack,
            &plain(MODEL),
            &[(SEQUENCE, &order), (ENDPOINT, &url)],
        )
        .await;
        let route = expect::route(&reply.headers);
        let expected = if first == "vllm" {
            "vllm_endpoint;503"
        } else {
            "openai;200"
        };
        assert_eq!(route, expected);
    }
    assert_eq!(
        stack.provider("vllm").requests().len(),
        0,
        "the gateway's own vllm"
    );
}

#[tokio::test]
async fn w33_the_key_goes_nowhere_else() {
    let (own, builder) = allowed(Answer::error(500, &format!("the key {KEY} is wrong"))).await;
    let stack = builder.sidecar().start().await;
    let url = url(&own);
    let named = [(ENDPOINT, url.as_str()), (API_KEY, KEY)];
    // Before the others, and after them.
    let all = r#"["vllm","openai"]"#;
    let reply = ask(
        &stack,
        &plain(MODEL),
        &[&named[..], &[(SEQUENCE, all)]].concat(),
    )
    .await;
    assert_eq!(reply.said(), "from openai");
    stack.provider("openai").script(Answer::error(500, "no"));
    let all = r#"["openai","vllm"]"#;
    let failed = ask(
        &stack,
        &streamed(MODEL),
        &[&named[..], &[(SEQUENCE, all)]].concat(),
    )
    .await;
    expect::shape(&failed, 502);
    own.script(Answer::error(400, &format!("the key {KEY} is wrong")));
    let refused = ask(&stack, &plain("mine"), &named).await;
    expect::shape(&refused, 400);
    let models = stack.caller.call("GET", "/v1/models").header(API_KEY, KEY);
    assert_eq!(models.send().await.status, 200);
    for reply in [&reply, &failed, &refused] {
        assert!(!reply.everything().contains(KEY), "{}", reply.everything());
    }
    assert_eq!(stack.provider("openai").requests().len(), 2);
    for seen in stack.provider("openai").requests() {
        let text = seen.text();
        assert!(
            !text.contains(KEY) && !text.contains(&own.addr().to_string()),
            "{text}"
        );
    }
    for seen in own.requests() {
        assert_eq!(seen.header("authorization"), Some(format!("Bearer {KEY}")));
        assert!(
            !seen.text().contains("canary-key-of-vllm"),
            "{}",
            seen.text()
        );
        assert!(
            !seen.text().contains("canary-key-of-openai"),
            "{}",
            seen.text()
        );
    }
    stack
        .sidecar
        .wait_for_records(3, Duration::from_secs(20))
        .await;
    let spend = stack.sidecar.get("/v1/spend?limit=1000").await.text();
    for (name, text) in [
        ("ledger", spend),
        ("Envoy", stack.envoy.log()),
        ("sidecar", stack.sidecar.log()),
    ] {
        assert!(!text.contains(KEY), "{name}");
    }
}

#[tokio::test]
async fn e23_no_header_of_a_caller_moves_the_endpoint() {
    let elsewhere = Provider::start(Chat::of(&["from elsewhere"])).await;
    let (own, stack) = own(Chat::of(&["from the caller's own"])).await;
    let other = elsewhere.addr().to_string();
    for name in [
        "envoy.upstream.dynamic_host",
        "x-envoy-original-dst-host",
        "x-envoy-original-host",
        "x-envoy-original-url",
        "x-forwarded-host",
        "envoy.network.transport_socket.original_dst_address",
    ] {
        let reply = ask(
            &stack,
            &plain("mine"),
            &[(ENDPOINT, &url(&own)), (name, &other)],
        )
        .await;
        assert_eq!(reply.said(), "from the caller's own", "{name}");
    }
    assert_eq!(elsewhere.requests().len(), 0);
}
