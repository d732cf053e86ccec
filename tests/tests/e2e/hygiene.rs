//! The two-way allow-list of headers (W43).

use sluice_tests::client::plain;
use sluice_tests::stack::{SECRET, key_of};
use sluice_tests::{Chat, Stack};

use crate::expect::MODEL;

/// What a provider may be told; everything else stays outside.
const TO_A_PROVIDER: [&str; 8] = [
    "accept",
    "authorization",
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "tracestate",
    "user-agent",
];

#[tokio::test]
async fn w43_no_header_of_a_caller_reaches_a_provider() {
    let stack = Stack::builder()
        .provider("openai", Chat::default())
        .start()
        .await;
    let mut call = stack.caller.chat(&plain(MODEL));
    let sent = [
        ("cookie", "session=caller-canary"),
        ("x-foo", "caller-canary"),
        ("x-api-key", "caller-canary"),
        ("api-key", "caller-canary"),
        ("openai-organization", "org-caller-canary"),
        ("openai-project", "caller-canary"),
        ("proxy-authorization", "Basic caller-canary"),
        ("x-envoy-decorator-operation", "caller-canary"),
        ("x-envoy-original-path", "/caller-canary"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-host", "caller-canary"),
        ("forwarded", "for=203.0.113.7"),
        ("via", "1.1 caller-canary"),
        ("referer", "https://caller-canary.example"),
        ("origin", "https://caller-canary.example"),
        ("x-stainless-lang", "caller-canary"),
        ("x-opengateway-vllm-api-key", "caller-canary"),
        ("x-gateway-provider", "caller-canary"),
        ("x-ms-client", "caller-canary"),
        ("x-request-id", "caller-canary"),
        ("user-agent", "caller-canary"),
        ("accept-language", "caller-canary"),
        ("connection", "keep-alive, x-foo"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ];
    for (name, value) in sent {
        call = call.header(name, value);
    }
    let reply = call.send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let seen = stack.provider("openai").request();
    let text = seen.text();
    let rest = text.replace(&key_of("openai"), "");
    assert!(!rest.contains("canary"), "{text}");
    assert!(
        !text.contains(SECRET) && !text.contains("203.0.113.7"),
        "{text}"
    );
    let names = seen.header_names();
    let strange: Vec<_> = names
        .iter()
        .filter(|name| !TO_A_PROVIDER.contains(name))
        .collect();
    assert!(strange.is_empty(), "these reach the provider: {strange:?}");
    let keys = names.iter().filter(|name| **name == "authorization");
    assert_eq!(keys.count(), 1);
    let trace = seen.header("traceparent").unwrap_or_default();
    assert!(
        trace.contains("0af7651916cd43dd"),
        "a trace goes on: {trace}"
    );
}

#[tokio::test]
async fn w43_no_header_of_a_provider_reaches_the_caller() {
    let names = [
        "set-cookie",
        "openai-organization",
        "openai-project",
        "openai-processing-ms",
        "x-request-id",
        "cf-ray",
        "alt-svc",
        "strict-transport-security",
        "x-envoy-upstream-service-time",
        "x-powered-by",
        "www-authenticate",
        "x-gateway-provider",
        "location",
        "via",
    ];
    let chat = names.iter().fold(Chat::default(), |chat, name| {
        chat.header(name, "provider-canary")
    });
    let chat = chat.header("server", "provider-canary");
    let stack = Stack::builder().provider("openai", chat).start().await;
    for body in [plain(MODEL), sluice_tests::client::streamed(MODEL)] {
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let text = reply.everything();
        assert!(!text.contains("provider-canary"), "{text}");
        assert_eq!(reply.header("x-gateway-provider"), Some("openai"));
        for name in [
            "set-cookie",
            "openai-organization",
            "cf-ray",
            "x-envoy-upstream-service-time",
        ] {
            assert_eq!(reply.header(name), None);
        }
    }
    // Nor does one of an answer that refuses.
    let refusal = sluice_tests::Answer::error(400, "no").header("set-cookie", "provider-canary");
    stack.provider("openai").script(refusal);
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.status, 400);
    assert!(
        !reply.everything().contains("provider-canary"),
        "{}",
        reply.everything()
    );
}
