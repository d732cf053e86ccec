use serde_json::{Value, json};

use crate::support::TestApp;

fn ids(body: &Value) -> Vec<&str> {
    body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn w02_a_model_has_the_shape_of_the_catalogue() {
    let app = TestApp::new().await;
    let expected = json!({"id": "gpt-4o-mini", "object": "model", "aliases": [], "created": 1_721_172_741,
        "owned_by": "OpenAI", "is_active": true, "input_cost_per_token": 1.5e-7,
        "output_cost_per_token": 6e-7, "max_input_tokens": 128_000, "max_output_tokens": 16_384,
        "input_modalities": ["text", "image"], "output_modalities": ["text"],
        "display_name": "GPT-4o mini", "model_info": {"providers": ["openai", "near"], "tiers": [],
        "capabilities": ["tools", "vision", "streaming"]}});
    assert_eq!(app.get("/v1/models/gpt-4o-mini").await.json(), expected);
    let list = app.get("/v1/models").await.json();
    assert_eq!(list["object"], "list");
    assert!(list["data"].as_array().unwrap().contains(&expected));
}

#[tokio::test]
async fn what_is_unknown_of_a_model_is_null_and_the_rest_has_a_default() {
    let app = TestApp::new().await;
    let model = app.get("/v1/models/meta/llama").await.json();
    for name in [
        "input_cost_per_token",
        "output_cost_per_token",
        "max_input_tokens",
        "max_output_tokens",
    ] {
        assert_eq!(model.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(
        (&model["owned_by"], &model["display_name"]),
        (&json!("near"), &json!("meta/llama"))
    );
    assert_eq!(model["output_modalities"], json!(["text", "audio"]));
    assert_eq!(model["model_info"]["tiers"], json!(["tee"]));
}

#[tokio::test]
async fn w24_tiers_subtract() {
    let app = TestApp::new().await;
    let all = ["both", "contractual", "gpt-4o-mini", "meta/llama"];
    for (query, expected) in [
        ("", &all[..]),
        ("?allow_tee=true&allow_zdr=TRUE", &all),
        ("?allow_tee=False", &["contractual", "gpt-4o-mini"]),
        ("?allow_zdr=false", &["gpt-4o-mini", "meta/llama"]),
        ("?allow_tee=false&allow_zdr=false", &["gpt-4o-mini"]),
    ] {
        let body = app.get(&format!("/v1/models{query}")).await.json();
        assert_eq!(ids(&body), expected, "{query}");
    }
}

#[tokio::test]
async fn w02_a_flag_is_true_or_false() {
    let app = TestApp::new().await;
    for (query, param) in [
        ("allow_tee=1", "allow_tee"),
        ("allow_zdr=", "allow_zdr"),
        ("allow_zdr=yes", "allow_zdr"),
    ] {
        let answer = app.get(&format!("/v1/models?{query}")).await;
        assert_eq!(answer.error(400), "invalid_value", "{query}");
        assert_eq!(answer.json()["error"]["param"], param);
    }
}

#[tokio::test]
async fn an_unknown_or_inactive_model_is_404() {
    let app = TestApp::new().await;
    for id in ["gpt-5", "gone", "meta", "ollm::function_name::f"] {
        let answer = app.get(&format!("/v1/models/{id}")).await;
        assert_eq!(answer.error(404), "model_not_found", "{id}");
    }
}

#[tokio::test]
async fn a_near_model_is_suggested() {
    let app = TestApp::new().await;
    let text = app.get("/v1/models/gpt-4o-mni").await.text;
    assert!(text.contains("Did you mean `gpt-4o-mini`?"), "{text}");
}
