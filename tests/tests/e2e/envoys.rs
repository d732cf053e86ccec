//! Envoy's own errors (W60): fixed words in the one shape, and nothing of Envoy's inside.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_tests::client::{CHAT, Reply};
use sluice_tests::{Answer, Script, Stack, until};

use crate::expect;

/// Words of Envoy's details, flags and bodies.
const INSIDE: [&str; 12] = [
    "upstream",
    "reset",
    "connection",
    "connect_error",
    "delayed",
    "overflow",
    "http1",
    "http2",
    "codec",
    "normaliz",
    "fault",
    "envoy",
];

/// An error of Envoy's own: the shape, an id, and none of Envoy's words. Gives the id.
#[track_caller]
fn own(reply: &Reply, status: u16, code: &str) -> String {
    let error = expect::shape(reply, status);
    assert_eq!(error["code"], code, "{error}");
    let text = reply.text().to_lowercase();
    for word in INSIDE {
        assert!(!text.contains(word), "`{word}` in {text}");
    }
    let id = reply.header("x-gateway-request-id").unwrap_or_default();
    let lengths: Vec<_> = id.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{id:?}");
    id.to_owned()
}

/// The access log's line of an answer.
async fn logged(stack: &Stack, id: &str) -> Value {
    let find = async || {
        let log = stack.envoy.log();
        let line = log
            .lines()
            .find(|line| line.contains("own_error") && line.contains(id))?;
        Some(serde_json::from_str(line).expect("a line of JSON"))
    };
    until("the error is logged", Duration::from_secs(10), find).await
}

const LOG_AT_ONCE: [&str; 2] = ["--file-flush-interval-msec", "50"];

#[tokio::test]
async fn w60_what_is_no_http_is_told_in_the_one_shape() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .bootstrap(|bootstrap| {
            bootstrap.connection_manager()["request_headers_timeout"] = json!("0.5s");
        })
        .arguments(&LOG_AT_ONCE)
        .start()
        .await;
    let key = stack.caller.key().unwrap();
    let head = |line: &str, rest: &str| format!("{line} HTTP/1.1\r\nhost: gateway\r\n{rest}\r\n");
    let chat = |rest: &str| head(&format!("POST {CHAT}"), rest);
    let key = format!("authorization: Bearer {key}\r\ncontent-type: application/json\r\n");
    let many: String = (0..200).map(|i| format!("a{i}: b\r\n")).collect();
    let cases = [
        (
            "no request line",
            "hello\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            "half a request line",
            "GET\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            "a method that is none",
            head("G@T /status", ""),
            400,
            "bad_request",
        ),
        (
            "a name with a blank",
            head("GET /status", "a b: c\r\n"),
            400,
            "bad_request",
        ),
        (
            "a NUL",
            head("GET /status", "a: \0\r\n"),
            400,
            "bad_request",
        ),
        (
            "no host",
            "GET /status HTTP/1.1\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (
            "a broken length",
            chat("content-length: x\r\n"),
            400,
            "bad_request",
        ),
        (
            "two lengths",
            chat("content-length: 3\r\ntransfer-encoding: chunked\r\n"),
            400,
            "bad_request",
        ),
        (
            "an encoding",
            chat("transfer-encoding: gzip\r\n"),
            400,
            "bad_request",
        ),
        (
            "a broken chunk",
            chat(&format!("{key}transfer-encoding: chunked\r\n")) + "zz\r\n",
            400,
            "bad_request",
        ),
        (
            "a NUL in the path",
            head("GET /v1/models/a%00b", ""),
            400,
            "bad_request",
        ),
        (
            "a fragment",
            head("GET /v1/models#a", ""),
            400,
            "bad_request",
        ),
        ("no path", head("OPTIONS *", ""), 404, "not_found"),
        (
            "an upgrade",
            head(
                "GET /status",
                "connection: upgrade\r\nupgrade: websocket\r\n",
            ),
            403,
            "access_denied",
        ),
        (
            "70 KiB of headers",
            head("GET /status", &format!("a: {}\r\n", "x".repeat(70 << 10))),
            431,
            "headers_too_large",
        ),
        (
            "200 headers",
            head("GET /status", &many),
            431,
            "headers_too_large",
        ),
        (
            "a long path",
            head(&format!("GET /{}", "x".repeat(70 << 10)), ""),
            431,
            "headers_too_large",
        ),
        (
            "half a head",
            "GET /status HTTP/1.1\r\n".to_owned(),
            408,
            "request_timeout",
        ),
    ];
    let cases = cases.map(|(name, bytes, status, code)| (name.to_owned(), (bytes, status, code)));
    expect::each(cases, async |name, (bytes, status, code)| {
        let reply = Reply::parse(&stack.caller.raw(bytes.as_bytes()).await);
        let id = own(&reply, status, code);
        let line = logged(&stack, &id).await;
        assert!(
            line["own_error"]
                .as_str()
                .is_some_and(|text| text.len() > 3),
            "{name}: {line}"
        );
        stack.assert_untouched(name);
    })
    .await;
}

#[tokio::test]
async fn w60_each_status_of_envoys_own_has_its_words() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .bootstrap(|bootstrap| {
            let filters = &mut bootstrap.connection_manager()["http_filters"];
            let fault = json!({
                "name": "fault",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                    "abort": {"header_abort": {}, "percentage": {"numerator": 100}},
                },
            });
            filters.as_array_mut().unwrap().insert(0, fault);
        })
        .arguments(&LOG_AT_ONCE)
        .start()
        .await;
    let cases = [
        (400, 400, "bad_request"),
        (401, 401, "access_denied"),
        (403, 403, "access_denied"),
        (404, 404, "not_found"),
        (408, 408, "request_timeout"),
        (413, 413, "body_too_large"),
        (418, 400, "bad_request"),
        (429, 429, "rate_limited"),
        (431, 431, "headers_too_large"),
        (500, 500, "internal_error"),
        (501, 400, "bad_request"),
        (502, 502, "upstream_error"),
        (503, 503, "service_unavailable"),
        (504, 504, "timeout"),
        (505, 500, "internal_error"),
    ];
    let cases = cases.map(|(given, told, code)| (given.to_string(), (told, code)));
    expect::each(cases, async |given, (told, code)| {
        let call = stack.caller.call("GET", "/status");
        let reply = call
            .header("x-envoy-fault-abort-request", given)
            .send()
            .await;
        if code == "upstream_error" {
            // The one code with a word of Envoy's in it.
            assert_eq!(expect::shape(&reply, told)["code"], code);
        } else {
            let line = logged(&stack, &own(&reply, told, code)).await;
            assert_eq!(line["own_error"], "fault_filter_abort", "{line}");
        }
    })
    .await;
}

#[tokio::test]
async fn w60_the_sidecars_routes_without_the_sidecar_are_unavailable() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .arguments(&LOG_AT_ONCE)
        .start()
        .await;
    for path in ["/v1/models", "/v1/models/x", "/status", "/health"] {
        let reply = stack.caller.get(path).await;
        let id = own(&reply, 503, "service_unavailable");
        assert_eq!(id, expect::assert_request_id(&reply), "the filter's own");
        let line = logged(&stack, &id).await;
        assert_eq!(
            (&line["status"], &line["flags"]),
            (&json!(503), &json!("UF"))
        );
    }
    // One that does not answer.
    let stack = Stack::builder()
        .provider("sidecar", Answer::empty(200).wait_ms(60_000))
        .bootstrap(|bootstrap| {
            let hosts = &mut bootstrap.connection_manager()["route_config"]["virtual_hosts"];
            for route in hosts[0]["routes"].as_array_mut().unwrap() {
                if route["route"]["cluster"] == "sidecar" {
                    route["route"]["timeout"] = json!("0.2s");
                }
            }
        })
        .start()
        .await;
    own(&stack.caller.get("/v1/models").await, 504, "timeout");
}
