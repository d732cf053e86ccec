//! The two-way allow-list of headers (W43), and what a caller would tell Envoy (E23).

use serde_json::json;
use sluice_tests::client::{plain, streamed};
use sluice_tests::stack::{SECRET, key_of};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect::{self, MODEL};

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

/// Of more requests than those in which each attempt looks for a tracer.
const MANY: usize = 130;

#[tokio::test]
async fn w43_the_trace_of_envoys_tracer_goes_on_sampled_or_not() {
    let stack = Stack::builder()
        .provider("openai", Chat::default())
        .bootstrap(|envoy| {
            let otel = "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig";
            // Nobody takes the spans.
            envoy.connection_manager()["tracing"] = json!({
                "random_sampling": {"value": 0},
                "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": {
                    "@type": otel,
                    "service_name": "gateway",
                    "grpc_service": {"envoy_grpc": {"cluster_name": "sidecar"}},
                }},
            });
        })
        .start()
        .await;
    for _ in 0..MANY {
        let reply = stack.caller.chat(&plain(MODEL)).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let seen = stack.provider("openai").requests();
    assert_eq!(seen.len(), MANY);
    for request in seen {
        let trace = request.header("traceparent").unwrap_or_default();
        assert!(trace.starts_with("00-"), "{}", request.text());
    }
}

#[tokio::test]
async fn w43_a_callers_trace_goes_on_after_many_without_one() {
    let stack = Stack::builder()
        .provider("openai", Chat::default())
        .start()
        .await;
    for _ in 0..MANY {
        let reply = stack.caller.chat(&plain(MODEL)).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let traces =
        (0..3).map(|i| format!("00-0af7651916cd43dd8448eb211c80319{i}-b7ad6b7169203331-01"));
    for trace in traces {
        let call = stack.caller.chat(&plain(MODEL));
        let call = call
            .header("traceparent", &trace)
            .header("tracestate", "a=b");
        assert_eq!(call.send().await.status, 200);
        let seen = stack.provider("openai").requests();
        let last = seen.last().unwrap();
        assert_eq!(last.header("traceparent"), Some(trace));
        assert_eq!(last.header("tracestate").as_deref(), Some("a=b"));
    }
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
    for body in [plain(MODEL), streamed(MODEL)] {
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
    let refusal = Answer::error(400, "no").header("set-cookie", "provider-canary");
    stack.provider("openai").script(refusal);
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.status, 400);
    assert!(
        !reply.everything().contains("provider-canary"),
        "{}",
        reply.everything()
    );
}

/// What Envoy's router would do as it is told, and a value that would be seen.
const TO_ENVOY: [(&str, &str); 18] = [
    ("x-envoy-attempt-count", "2"),
    ("x-envoy-expected-rq-timeout-ms", "1"),
    ("x-envoy-force-trace", "1"),
    ("x-envoy-hedge-on-per-try-timeout", "true"),
    ("x-envoy-internal", "true"),
    ("x-envoy-ip-tags", "caller-canary"),
    ("x-envoy-max-retries", "0"),
    ("x-envoy-original-dst-host", "203.0.113.7:80"),
    ("x-envoy-retriable-header-names", "content-type"),
    ("x-envoy-retriable-status-codes", "200"),
    ("x-envoy-retry-grpc-on", "cancelled"),
    ("x-envoy-retry-on", "retriable-status-codes"),
    ("x-envoy-upstream-alt-response", "caller-canary"),
    ("x-envoy-upstream-alt-stat-name", "caller-canary"),
    ("x-envoy-upstream-rq-per-try-timeout-ms", "1"),
    ("x-envoy-upstream-rq-timeout-alt-response", "1"),
    ("x-envoy-upstream-rq-timeout-ms", "1"),
    ("x-envoy-upstream-stream-duration-ms", "1"),
];

#[tokio::test]
async fn w30_e23_no_header_to_envoy_moves_slots_retries_or_limits() {
    let good = || Chat::of(&["from openai"]).wait_ms(40);
    let stack = Stack::builder()
        .provider("openai", good())
        .provider("azure", Chat::of(&["from azure"]).wait_ms(40))
        .config(|doc| doc["health"] = json!({"enabled": false}))
        .start()
        .await;
    let cases = TO_ENVOY.iter().map(|pair| (pair.0.to_owned(), vec![*pair]));
    let all = ("all of them".to_owned(), TO_ENVOY.to_vec());
    // One that answers is not left; one that fails is, for the next of the plan and no other.
    let scripts = [
        (Script::from(good()), "openai;200"),
        (
            Script::from(Answer::error(500, "no")),
            "openai;500,azure;200",
        ),
    ];
    expect::each(cases.chain([all]), async |name, headers: Vec<_>| {
        for (script, route) in &scripts {
            stack.provider("openai").script(script.clone());
            for body in [plain(MODEL), streamed(MODEL)] {
                let mut call = stack.caller.chat(&body);
                for (name, value) in &headers {
                    call = call.header(name, value);
                }
                let reply = call.send().await;
                assert_eq!(reply.status, 200, "{name}: {}", reply.text());
                assert_eq!(expect::route(&reply.headers), *route, "{name}");
            }
        }
        for provider in ["openai", "azure"] {
            for seen in stack.provider(provider).requests() {
                let text = seen.text();
                assert!(
                    !text.contains("x-envoy") && !text.contains("caller-canary"),
                    "{text}"
                );
            }
            stack.provider(provider).forget();
        }
    })
    .await;
}
