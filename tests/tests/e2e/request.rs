//! What a request names: the route's words, a model by its other names, one provider, whom it is for.

use serde_json::{Value, json};
use sluice_tests::client::{Reply, plain, streamed};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect::{self, MODEL};

const ROUTES: [(&str, &str); 3] = [
    ("/v1/chat/completions", "openai"),
    ("/chat/completions", "opengateway"),
    ("/v2/gateway/chat/completions", "orq"),
];

const SEQUENCE: &str = "x-opengateway-failover-sequence";

async fn post(stack: &Stack, path: &str, body: &Value) -> Reply {
    let call = stack.caller.call("POST", path);
    let call = call.header("content-type", "application/json");
    call.body(body.to_string()).send().await
}

/// Two providers of the model that say their names.
async fn two() -> Stack {
    Stack::builder()
        .steady()
        .provider("openai", Chat::of(&["from openai"]))
        .provider("azure", Chat::of(&["from azure"]))
        .config(|doc| {
            doc["functions"]["one"] = json!({"variants": {"only": {"model": "gpt-4o"}}});
            doc["aliases"] = json!({
                "fast": "gpt-4o-mini",
                "named": "ollm::model_name::gpt-4o-mini",
                "smart": "ollm::function_name::one",
                "there": "azure/gpt-4o-mini",
                "gpt-4.1-mini": "gpt-4o-mini",
            });
        })
        .sidecar()
        .start()
        .await
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[tokio::test]
async fn w01_three_routes_give_the_same_answer() {
    let stack = Stack::builder()
        .provider("openai", Chat::of(&["one ", "two"]))
        .sidecar()
        .start()
        .await;
    let episode = json!("0195ab3c-6f2e-7d11-9c5a-1f2e3d4c5b6a");
    for body in [plain(MODEL), streamed(MODEL)] {
        let sent = with(body, "ollm::episode_id", episode.clone());
        let mut answers = Vec::new();
        for (path, dialect) in ROUTES {
            let reply = post(&stack, path, &sent).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.text());
            let id = expect::assert_request_id(&reply);
            let entry = stack.sidecar.wait_for_record(&id).await;
            assert_eq!(entry.record.dialect, dialect, "{path}");
            answers.push(reply.text());
        }
        assert!(answers[0].contains("one "), "{}", answers[0]);
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
        let seen = stack.provider("openai").requests();
        let seen: Vec<_> = seen.iter().map(|seen| seen.text()).collect();
        assert_eq!(seen, [seen[0].as_str(); 3]);
        stack.provider("openai").forget();
    }
    for (_, dialect) in ROUTES {
        let entries = stack.sidecar.spend(&format!("dialect={dialect}")).await;
        assert_eq!(entries.len(), 2, "{dialect}");
    }
}

#[tokio::test]
async fn w01_three_routes_refuse_alike() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    for (path, _) in ROUTES {
        let reply = stack.caller.get(path).await;
        expect::error(&reply, 405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some("POST"), "{path}");
        let nobody = stack.caller.with_key(None);
        let reply = nobody.call("POST", path).body("{}").send().await;
        expect::shape(&reply, 401);
        let body = with(plain(MODEL), "temperature", json!(3));
        let error = expect::error(&post(&stack, path, &body).await, 400, "invalid_value");
        assert_eq!(error["param"], "temperature", "{path}");
    }
    for (path, _) in ROUTES {
        for path in [format!("{path}/x"), format!("/x{path}")] {
            let reply = post(&stack, &path, &plain(MODEL)).await;
            expect::error(&reply, 404, "not_found");
        }
    }
    stack.assert_untouched("refused");
    for (path, _) in ROUTES {
        let reply = post(&stack, &format!("{path}?api-version=1"), &plain(MODEL)).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
}

#[tokio::test]
async fn w01_three_routes_fail_over() {
    let stack = Stack::builder()
        .provider("openai", Answer::error(500, "no"))
        .provider("azure", Chat::of(&["from azure"]))
        .start()
        .await;
    for (path, _) in ROUTES {
        let reply = post(&stack, path, &plain(MODEL)).await;
        assert_eq!(reply.said(), "from azure", "{path}");
        assert_eq!(expect::route(&reply.headers), "openai;500,azure;200");
    }
}

#[tokio::test]
async fn w20_an_alias_is_another_name() {
    let stack = two().await;
    for (alias, route, sent, model) in [
        ("fast", "openai;200", "gpt-4o-mini", "gpt-4o-mini"),
        ("named", "openai;200", "gpt-4o-mini", "gpt-4o-mini"),
        ("smart", "openai;200", "gpt-4o", "gpt-4o"),
        ("there", "azure;200", "gpt-4o-mini", "gpt-4o-mini"),
        // An alias goes before a model of its name.
        ("gpt-4.1-mini", "openai;200", "gpt-4o-mini", "gpt-4o-mini"),
    ] {
        let reply = stack.caller.chat(&plain(alias)).send().await;
        assert_eq!(reply.status, 200, "{alias}: {}", reply.text());
        assert_eq!(expect::route(&reply.headers), route, "{alias}");
        assert_eq!(reply.header("x-gateway-model"), Some(sent), "{alias}");
        let id = expect::assert_request_id(&reply);
        let record = stack.sidecar.wait_for_record(&id).await.record;
        assert_eq!(
            (record.selector.as_str(), record.model.as_str()),
            (alias, model)
        );
    }
    let reply = stack.caller.chat(&plain("fats")).send().await;
    let error = expect::error(&reply, 404, "model_not_found");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("`fast`"), "{message}");
}

#[tokio::test]
async fn w20_a_provider_and_its_model_are_one_name() {
    let stack = two().await;
    for (selector, provider) in [
        ("azure/gpt-4o-mini", "azure"),
        ("openai/gpt-4o-mini", "openai"),
    ] {
        let reply = stack.caller.chat(&plain(selector)).send().await;
        assert_eq!(reply.said(), format!("from {provider}"));
        assert_eq!(stack.provider(provider).request().json(), plain(MODEL));
    }
    stack.provider("azure").forget();
    stack.provider("openai").forget();
    for selector in [
        "groq/gpt-4o-mini",
        "nobody/gpt-4o-mini",
        "azure/",
        "/gpt-4o-mini",
    ] {
        let reply = stack.caller.chat(&plain(selector)).send().await;
        expect::error(&reply, 404, "model_not_found");
    }
    stack.assert_untouched("no such model there");
    // It is the only one: nothing comes after it.
    stack.provider("azure").script(Answer::error(500, "no"));
    let reply = stack.caller.chat(&plain("azure/gpt-4o-mini")).send().await;
    expect::shape(&reply, 502);
    assert_eq!(expect::route(&reply.headers), "azure;500");
}

#[tokio::test]
async fn w30_a_sequence_goes_before_the_provider_of_a_selector() {
    let stack = two().await;
    for (selector, sequence, route) in [
        ("azure/gpt-4o-mini", r#"["openai"]"#, "openai;200"),
        ("openai/gpt-4o-mini", r#"["azure","openai"]"#, "azure;200"),
        ("there", r#"["openai"]"#, "openai;200"),
        ("azure/gpt-4o-mini", "[]", "azure;200"),
    ] {
        let call = stack.caller.chat(&plain(selector));
        let reply = call.header(SEQUENCE, sequence).send().await;
        assert_eq!(reply.status, 200, "{selector}: {}", reply.text());
        assert_eq!(
            expect::route(&reply.headers),
            route,
            "{selector} {sequence}"
        );
    }
    stack.provider("openai").script(Answer::error(503, "no"));
    let call = stack.caller.chat(&plain("openai/gpt-4o-mini"));
    let reply = call.header(SEQUENCE, r#"["openai","azure"]"#).send().await;
    assert_eq!(expect::route(&reply.headers), "openai;503,azure;200");
}

#[tokio::test]
async fn w22_a_pinned_provider_has_none_after_it() {
    let stack = two().await;
    stack.provider("azure").script(Answer::error(503, "no"));
    let sequence = r#"["openai","azure"]"#;
    for selector in [MODEL, "openai/gpt-4o-mini", "azure/gpt-4o-mini", "fast"] {
        let body = with(plain(selector), "ollm::variant_name", json!("azure"));
        for header in ["", sequence] {
            let call = stack.caller.chat(&body).header(SEQUENCE, header);
            let reply = call.send().await;
            expect::shape(&reply, 503);
            assert_eq!(expect::route(&reply.headers), "azure;503", "{selector}");
        }
    }
    assert!(stack.provider("openai").requests().is_empty());
    // Not pinned, the same request is answered.
    let reply = stack
        .caller
        .chat(&plain(MODEL))
        .header(SEQUENCE, r#"["azure","openai"]"#);
    assert_eq!(
        expect::route(&reply.send().await.headers),
        "azure;503,openai;200"
    );
}

#[tokio::test]
async fn w22_a_variant_that_is_not_there_is_not_found() {
    let stack = two().await;
    for (model, variant, near) in [
        (MODEL, "azur", "azure"),
        (MODEL, "groq", ""),
        ("ollm::function_name::one", "onyl", "only"),
        ("smart", "azure", ""),
    ] {
        let body = with(plain(model), "ollm::variant_name", json!(variant));
        let reply = stack.caller.chat(&body).send().await;
        let error = expect::error(&reply, 404, "variant_not_found");
        assert_eq!(error["param"], "ollm::variant_name");
        let message = error["message"].as_str().unwrap();
        let named = message.contains(&format!("`{near}`"));
        assert!(named || near.is_empty(), "{message}");
    }
    stack.assert_untouched("no such variant");
    let body = with(plain("smart"), "ollm::variant_name", json!("only"));
    let reply = stack.caller.chat(&body).send().await;
    let id = expect::assert_request_id(&reply);
    let record = stack.sidecar.wait_for_record(&id).await.record;
    assert_eq!(record.variant.as_deref(), Some("only"));
}

/// Labels of a request for somebody, in one thread.
fn labelled(contact: &str, thread: &str) -> Value {
    let identity = json!({
        "id": contact, "display_name": "Ada Canary", "email": "ada-canary@mail.example",
        "logo_url": "https://pictures.example/canary.png", "tags": ["vip"],
        "metadata": [{"plan": "canary-plan"}],
    });
    let orq = json!({
        "identity": identity, "thread": {"id": thread, "tags": ["support"]}, "name": "greeting",
    });
    let body = with(plain(MODEL), "orq", orq);
    let body = with(body, "metadata", json!({"run": "7"}));
    with(body, "project_id", json!("p-1"))
}

#[tokio::test]
async fn w55_labels_stand_in_the_ledger() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .sidecar()
        .start()
        .await;
    let mut ids = Vec::new();
    for (contact, thread) in [("ada", "t-1"), ("ada", "t-2"), ("bob", "t-1")] {
        let reply = stack.caller.chat(&labelled(contact, thread)).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        ids.push(expect::assert_request_id(&reply));
    }
    for id in &ids {
        stack.sidecar.wait_for_record(id).await;
    }
    let found = stack.sidecar.spend("contact=ada&thread=t-1").await;
    assert_eq!(found.len(), 1);
    let record = &found[0].record;
    assert_eq!(record.id, ids[0]);
    assert_eq!(record.contact.as_ref().unwrap().id, "ada");
    let thread = record.thread.as_ref().unwrap();
    assert_eq!(
        (thread.id.as_str(), &thread.tags),
        ("t-1", &vec!["support".to_owned()])
    );
    assert_eq!(record.name.as_deref(), Some("greeting"));
    assert_eq!(record.project.as_deref(), Some("p-1"));
    assert_eq!(record.metadata["run"], "7");
    for (query, count) in [
        ("contact=ada", 2),
        ("thread=t-1", 2),
        ("project=p-1", 3),
        ("contact=eve", 0),
    ] {
        assert_eq!(stack.sidecar.spend(query).await.len(), count, "{query}");
    }
    let card = stack.sidecar.get("/v1/contacts/ada").await;
    assert_eq!(card.status, 200, "{}", card.text());
    let card = card.json();
    assert_eq!(card["display_name"], "Ada Canary");
    assert_eq!(card["email"], "ada-canary@mail.example");
    assert_eq!(card["logo_url"], "https://pictures.example/canary.png");
    assert_eq!(card["tags"], json!(["vip"]));
    assert_eq!(card["metadata"], json!([{"plan": "canary-plan"}]));
    expect::shape(&stack.sidecar.get("/v1/contacts/eve").await, 404);
    // Of all of it the provider was told the metadata alone.
    for seen in stack.provider("openai").requests() {
        assert_eq!(
            seen.json(),
            with(plain(MODEL), "metadata", json!({"run": "7"}))
        );
    }
}

#[tokio::test]
async fn w55_the_older_name_of_an_identity_is_taken_too() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .sidecar()
        .start()
        .await;
    let older = json!({"contact": {"id": "older"}});
    let both = json!({"contact": {"id": "older"}, "identity": {"id": "newer"}});
    for (orq, contact) in [(older, "older"), (both, "newer")] {
        let reply = stack
            .caller
            .chat(&with(plain(MODEL), "orq", orq))
            .send()
            .await;
        let id = expect::assert_request_id(&reply);
        let record = stack.sidecar.wait_for_record(&id).await.record;
        assert_eq!(record.contact.unwrap().id, contact);
    }
}

#[tokio::test]
async fn w55_on_sigterm_a_log_names_a_contact_by_its_id_alone() {
    let mut stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let reply = stack.caller.chat(&labelled("ada", "t-1")).send().await;
        ids.push(expect::assert_request_id(&reply));
    }
    stack.envoy.terminate().await;
    let log = stack.envoy.log();
    for id in &ids {
        assert!(log.contains(id.as_str()), "the record of {id} is lost");
    }
    assert!(log.contains("\"id\":\"ada\""), "{log}");
    for secret in [
        "ada-canary",
        "Ada Canary",
        "pictures.example",
        "canary-plan",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the log has {secret}");
    }
}
