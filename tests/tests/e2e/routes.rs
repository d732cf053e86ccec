//! Routes (W02, W03): what is where, and what is not.

use serde_json::json;
use sluice_tests::client::plain;
use sluice_tests::{Script, Stack};

use crate::expect::{self, MODEL};

#[tokio::test]
async fn w03_an_unknown_route_is_not_found_and_a_wrong_method_not_allowed() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    for path in [
        "/",
        "/v1",
        "/v1/chat",
        "/v1/completions",
        "/v1/chat/completions/x",
        "/V1/chat/completions",
    ] {
        for method in ["GET", "POST"] {
            let reply = stack.caller.call(method, path).send().await;
            expect::error(&reply, 404, "not_found");
        }
    }
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let reply = stack
            .caller
            .call(method, "/v1/chat/completions")
            .send()
            .await;
        expect::error(&reply, 405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some("POST"), "{method}");
    }
    stack.assert_untouched("no such route");
}

#[tokio::test]
async fn w02_the_gateways_port_has_the_catalogue_and_the_state_of_things() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .sidecar()
        .start()
        .await;
    let nobody = stack.caller.with_key(None);
    let models = stack.caller.get("/v1/models").await;
    assert_eq!(models.status, 200, "{}", models.text());
    let models = models.json();
    assert_eq!(models["object"], "list");
    let listed = models["data"].as_array().unwrap();
    let mini = listed
        .iter()
        .find(|model| model["id"] == "gpt-4o-mini")
        .unwrap();
    assert_eq!(mini["object"], "model");
    assert_eq!(mini["owned_by"], "openai");
    assert_eq!(mini["created"], 1_721_172_741);
    let one = stack.caller.get("/v1/models/gpt-4o-mini").await;
    assert_eq!(one.json()["id"], "gpt-4o-mini");
    expect::shape(&stack.caller.get("/v1/models/nix").await, 404);
    // Without a key: state yes, in every mode.
    let status = nobody.get("/status").await;
    assert_eq!(status.status, 200, "{}", status.text());
    assert!(
        status.json()["config_hash"].is_string(),
        "{}",
        status.text()
    );
    let health = nobody.get("/health").await;
    assert_eq!(health.status, 200, "{}", health.text());
    // The hash is of the configuration that Envoy runs, too.
    let hash = status.json()["config_hash"].as_str().unwrap().to_owned();
    assert_eq!(hash.len(), 16);
}

#[tokio::test]
async fn w02_what_is_the_sidecars_own_is_not_on_the_gateways_port() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .sidecar()
        .start()
        .await;
    for path in [
        "/metrics",
        "/v1/spend",
        "/v1/spend?limit=1",
        "/v1/contacts",
        "/v1/contacts/ada",
        "/internal",
        "/internal/records",
        "/v1/admin/keys",
    ] {
        for method in ["GET", "POST"] {
            expect::error(
                &stack.caller.call(method, path).send().await,
                404,
                "not_found",
            );
        }
    }
    // Tricks with the path change nothing.
    for path in [
        "/v1/models/../spend",
        "/v1/models/%2e%2e/spend",
        "//v1/spend",
        "/v1/models/..%2fspend",
    ] {
        let reply = stack.caller.get(path).await;
        assert!(!reply.text().contains("totals"), "{path}: {}", reply.text());
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
    }
    let metrics = stack.sidecar.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.text().contains("# TYPE"), "{}", metrics.text());
    assert_eq!(stack.sidecar.get("/v1/spend").await.status, 200);
    expect::shape(&stack.sidecar.get_without_token("/v1/spend").await, 401);
}

#[tokio::test]
async fn w02_tiers_are_subtracted_from_the_catalogue() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .config(|doc| {
            doc["models"]["gpt-4o"]["tiers"] = serde_json::json!(["tee"]);
            doc["models"]["gpt-4.1-mini"]["tiers"] = serde_json::json!(["zdr"]);
        })
        .sidecar()
        .start()
        .await;
    for (query, tee, zdr) in [
        ("", true, true),
        ("?allow_tee=false", false, true),
        ("?allow_zdr=FALSE", true, false),
        ("?allow_tee=false&allow_zdr=false", false, false),
        ("?allow_tee=true", true, true),
    ] {
        let reply = stack.caller.get(&format!("/v1/models{query}")).await;
        let text = reply.text();
        assert_eq!(text.contains("\"gpt-4o\""), tee, "{query}: {text}");
        assert_eq!(text.contains("\"gpt-4.1-mini\""), zdr, "{query}: {text}");
        assert!(text.contains("\"gpt-4o-mini\""), "{query}: {text}");
    }
    expect::shape(&stack.caller.get("/v1/models?allow_tee=maybe").await, 400);
}

#[tokio::test]
async fn w03_a_listener_may_serve_more_than_the_gateway() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .config(|doc| doc["defaults"]["unknown_routes"] = json!("pass"))
        .bootstrap(|bootstrap| {
            let hosts = &mut bootstrap.connection_manager()["route_config"]["virtual_hosts"];
            let routes = hosts[0]["routes"].as_array_mut().unwrap();
            let own = json!({
                "match": {"prefix": "/own"},
                "direct_response": {"status": 200, "body": {"inline_string": "my own"}},
            });
            routes.insert(0, own);
        })
        .start()
        .await;
    let reply = stack.caller.with_key(None).get("/own/page").await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "my own"));
    let post = stack
        .caller
        .call("POST", "/own")
        .body("not JSON")
        .send()
        .await;
    assert_eq!((post.status, post.text().as_str()), (200, "my own"));
    assert_eq!(stack.caller.chat(&plain(MODEL)).send().await.status, 200);
}

#[tokio::test]
async fn a_model_that_is_not_active_is_not_there() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .config(|doc| doc["models"][MODEL]["active"] = json!(false))
        .sidecar()
        .start()
        .await;
    expect::error(
        &stack.caller.chat(&plain(MODEL)).send().await,
        404,
        "model_not_found",
    );
    let listed = stack.caller.get("/v1/models").await.text();
    assert!(
        !listed.contains("\"gpt-4o-mini\"") && listed.contains("\"gpt-4o\""),
        "{listed}"
    );
}
