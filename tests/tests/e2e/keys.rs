//! Who may call (W05), and which key goes where (W43, E9).

use serde_json::{Value, json};
use sluice_tests::client::{CHAT, plain};
use sluice_tests::stack::{KEY_ID, SECRET, key_of};
use sluice_tests::{Answer, Bootstrap, Chat, Script, Stack};

use crate::expect::{self, MODEL};

#[tokio::test]
async fn w05_who_has_no_key_is_refused() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    let short = &SECRET[..SECRET.len() - 1];
    let cases: Vec<(Option<String>, &str)> = vec![
        (None, "missing_api_key"),
        (Some(String::new()), "invalid_api_key"),
        (Some("sk-ollm-".into()), "invalid_api_key"),
        (Some(format!("sk-ollm-{KEY_ID}")), "invalid_api_key"),
        (Some(format!("sk-ollm-{KEY_ID}-")), "invalid_api_key"),
        (Some(format!("sk-ollm-{KEY_ID}-{short}")), "invalid_api_key"),
        (
            Some(format!("sk-ollm-{KEY_ID}-{SECRET}0")),
            "invalid_api_key",
        ),
        (Some(format!("sk-ollm-nobody-{SECRET}")), "invalid_api_key"),
        (Some(format!("sk-ollm--{SECRET}")), "invalid_api_key"),
        (Some(format!("sk-{KEY_ID}-{SECRET}")), "invalid_api_key"),
        (
            Some(format!("SK-OLLM-{KEY_ID}-{SECRET}")),
            "invalid_api_key",
        ),
        (Some("sk-ollm-ä-ö".into()), "invalid_api_key"),
    ];
    let cases = cases
        .into_iter()
        .map(|(key, code)| (format!("{key:?}"), (key, code)));
    expect::each(cases, async |_, (key, code): (Option<String>, &str)| {
        let caller = stack.caller.with_key(key.as_deref());
        let reply = caller.chat(&plain(MODEL)).send().await;
        let error = expect::shape(&reply, 401);
        expect::assert_request_id(&reply);
        if key.as_deref() != Some("") {
            assert_eq!(error["code"], code, "{error}");
        }
        assert!(
            !reply.everything().contains(short),
            "the secret is repeated"
        );
    })
    .await;
    for value in [
        format!("Basic {KEY_ID}"),
        format!("sk-ollm-{KEY_ID}-{SECRET}"),
    ] {
        let caller = stack.caller.with_key(None);
        let call = caller.chat(&plain(MODEL)).header("authorization", &value);
        expect::error(&call.send().await, 401, "invalid_api_key");
    }
    stack.assert_untouched("no key");
    assert_eq!(stack.caller.chat(&plain(MODEL)).send().await.status, 200);
}

#[tokio::test]
async fn w05_the_key_is_checked_before_the_body_is_read() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n\
         authorization: Bearer sk-ollm-nobody-1\r\ncontent-length: 1000\r\n\r\n"
    );
    let answer = stack.caller.raw(head.as_bytes()).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("invalid_api_key"), "{answer}");
}

#[tokio::test]
async fn w05_an_open_gateway_ignores_the_header_and_sends_it_nowhere() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .config(|doc| doc["auth"]["mode"] = json!("open"))
        .start()
        .await;
    for key in [
        None,
        Some("sk-ollm-who-ever"),
        Some("sk-proj-of-the-callers"),
    ] {
        let reply = stack.caller.with_key(key).chat(&plain(MODEL)).send().await;
        assert_eq!(reply.status, 200, "{key:?}: {}", reply.text());
        let seen = stack.provider("openai").request();
        assert_eq!(
            seen.header("authorization"),
            Some(format!("Bearer {}", key_of("openai")))
        );
        assert!(
            key.is_none_or(|key| !seen.text().contains(key)),
            "{}",
            seen.text()
        );
        stack.provider("openai").forget();
    }
}

#[tokio::test]
async fn w43_no_key_from_the_environment_reaches_another_provider() {
    let stack = Stack::builder()
        .provider("openai", Answer::error(500, "no"))
        .provider("azure", Answer::error(500, "no"))
        .provider("groq", Answer::error(429, "no"))
        .provider("vllm", Script::default())
        .config(spread)
        .start()
        .await;
    assert_keys_stay(&stack, &[]).await;
    assert_keys_stay_the_other_way_round(&stack).await;
}

/// Gives the model to four providers.
fn spread(doc: &mut Value) {
    let providers = ["openai", "azure", "groq", "vllm"].map(|name| json!({ "provider": name }));
    doc["models"][MODEL]["providers"] = json!(providers);
    doc["defaults"]["failover_order"] = json!(["openai", "azure", "groq", "vllm"]);
}

/// The same once more in the other order, so that each provider comes after each.
async fn assert_keys_stay_the_other_way_round(stack: &Stack) {
    for provider in ["groq", "azure", "openai"] {
        stack.provider(provider).script(Script::default());
        stack.provider("vllm").script(Answer::error(500, "no"));
    }
    assert_keys_stay(stack, &["vllm", "groq", "azure", "openai"]).await;
}

/// One request over all providers; each has seen its own key and no other.
async fn assert_keys_stay(stack: &Stack, order: &[&str]) {
    let mut call = stack.caller.chat(&plain(MODEL));
    if !order.is_empty() {
        call = call.header("x-opengateway-failover-sequence", &json!(order).to_string());
    }
    let reply = call.send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let all = ["openai", "azure", "groq", "vllm"];
    for name in all {
        for seen in stack.provider(name).requests() {
            let text = seen.text();
            assert!(text.contains(&key_of(name)), "{name} has no key: {text}");
            let header = if name == "azure" {
                "authorization"
            } else {
                "api-key"
            };
            assert_eq!(seen.header(header), None, "{name}: {text}");
            for other in all.iter().filter(|other| **other != name) {
                assert!(
                    !text.contains(&key_of(other)),
                    "{name} has {other}'s key: {text}"
                );
            }
            assert!(
                !text.contains(SECRET),
                "{name} has the caller's key: {text}"
            );
        }
        assert!(
            !reply.everything().contains(&key_of(name)),
            "the caller has {name}'s key"
        );
        stack.provider(name).forget();
    }
}

#[tokio::test]
async fn w43_no_key_from_a_credential_injector_reaches_another_provider() {
    let secrets = tempfile::tempdir().unwrap();
    let dir = secrets.path().to_owned();
    let stack = Stack::builder()
        .provider("openai", Answer::error(500, "no"))
        .provider("azure", Answer::error(500, "no"))
        .provider("groq", Answer::error(429, "no"))
        .provider("vllm", Script::default())
        .config(spread)
        .bootstrap(|bootstrap| {
            // Envoy wants a name of its own where it watches files of secrets.
            bootstrap.document()["node"] = json!({"id": "tests", "cluster": "tests"});
            for (name, header, scheme) in [
                ("openai", "authorization", "Bearer "),
                ("azure", "api-key", ""),
                ("groq", "authorization", "Bearer "),
                ("vllm", "authorization", "Bearer "),
            ] {
                inject(
                    bootstrap,
                    &dir,
                    name,
                    header,
                    &format!("{scheme}{}", key_of(name)),
                );
            }
        })
        .start()
        .await;
    assert_keys_stay(&stack, &[]).await;
    assert_keys_stay_the_other_way_round(&stack).await;
}

/// Lets Envoy give a provider its key, from a file, instead of the gateway from the environment.
fn inject(bootstrap: &mut Bootstrap, dir: &std::path::Path, name: &str, header: &str, value: &str) {
    let file = dir.join(format!("{name}.json"));
    let secret = json!({"resources": [{
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
        "name": name,
        "generic_secret": {"secret": {"inline_string": value}},
    }]});
    std::fs::write(&file, secret.to_string()).unwrap();
    let provider = bootstrap.gateway()["providers"][name]
        .as_object_mut()
        .unwrap();
    provider.remove("auth");
    let filters = bootstrap.http_options(name)["http_filters"]
        .as_array_mut()
        .unwrap();
    let injector = json!({
        "name": "envoy.filters.http.credential_injector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
            "overwrite": true,
            "credential": {
                "name": "envoy.http.injected_credentials.generic",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
                    "credential": {
                        "name": name,
                        "sds_config": {"path_config_source": {"path": file}},
                    },
                    "header": header,
                },
            },
        },
    });
    filters.insert(filters.len() - 1, injector);
}

#[tokio::test]
async fn nothing_secret_is_logged() {
    let said = "what-the-model-said-canary";
    let asked = "what-the-caller-asked-canary";
    let stack = Stack::builder()
        .provider(
            "openai",
            Answer::error(500, "what-the-provider-said-canary"),
        )
        .provider("azure", Chat::of(&[said]))
        .arguments(&["--component-log-level", "wasm:debug"])
        .sidecar()
        .start()
        .await;
    let reply = stack
        .caller
        .chat(&expect::saying(MODEL, asked))
        .send()
        .await;
    assert_eq!(reply.said(), said);
    let bad = stack
        .caller
        .with_key(Some(&format!("sk-ollm-nobody-{SECRET}")));
    expect::shape(&bad.chat(&expect::saying(MODEL, asked)).send().await, 401);
    let broken = format!("{{\"model\":\"{MODEL}\",\"messages\":[\"{asked}\"");
    expect::shape(&stack.caller.chat_bytes(broken).send().await, 400);
    stack
        .sidecar
        .wait_for_record(reply.header("x-gateway-request-id").unwrap())
        .await;
    for (name, log) in [
        ("Envoy", stack.envoy.log()),
        ("the sidecar", stack.sidecar.log()),
    ] {
        for secret in [
            SECRET,
            &key_of("openai"),
            &key_of("azure"),
            said,
            asked,
            "what-the-provider-said-canary",
            sluice_tests::sidecar::ADMIN_TOKEN,
            sluice_tests::sidecar::INGEST_TOKEN,
        ] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{name} logs {secret}");
        }
    }
}
