//! Fields of a body that are wrong: each is named with its place, and no provider sees it (W10 to
//! W20).

use serde_json::{Value, json};
use sluice_tests::client::plain;
use sluice_tests::{Script, Stack};

use crate::expect::{self, MODEL};

async fn stack() -> Stack {
    Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await
}

/// A value of a wrong type or out of range for every field that the gateway acts on.
fn wrong_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("model", json!(1)),
        ("model", json!(null)),
        ("model", json!("")),
        ("model", json!(["gpt-4o-mini"])),
        ("messages", json!(null)),
        ("messages", json!("hi")),
        ("messages", json!({})),
        ("messages", json!([])),
        ("messages", json!(["hi"])),
        ("messages", json!([{}])),
        ("messages", json!([{"content": "hi"}])),
        ("messages", json!([{"role": 1, "content": "hi"}])),
        ("messages", json!([{"role": "robot", "content": "hi"}])),
        ("messages", json!([{"role": "user", "content": 7}])),
        (
            "messages",
            json!([{"role": "user", "content": {"text": "hi"}}]),
        ),
        ("messages", json!([{"role": "user", "content": ["hi"]}])),
        ("stream", json!("true")),
        ("stream", json!(1)),
        ("n", json!(2)),
        ("n", json!(0)),
        ("n", json!("1")),
        ("stop", json!("END")),
        ("stop", json!(["1", "2", "3", "4", "5"])),
        ("stop", json!([1])),
        ("max_tokens", json!(-1)),
        ("max_tokens", json!("10")),
        ("max_tokens", json!(1.5)),
        ("max_tokens", json!(3_000_000_000_u64)),
        ("max_completion_tokens", json!(-1)),
        ("max_completion_tokens", json!([1])),
        ("stream_options", json!(1)),
        ("stream_options", json!({"include_usage": "yes"})),
        ("project_id", json!(5)),
        ("ollm::deny_unknown_fields", json!("yes")),
        ("ollm::dryrun", json!(1)),
        ("ollm::tags", json!(["a"])),
        ("ollm::tags", json!({"a": 1})),
    ]
}

#[tokio::test]
async fn w10_to_w14_a_wrong_type_or_value_is_refused_with_its_place() {
    let stack = stack().await;
    let cases = wrong_fields().into_iter().map(|(field, value)| {
        let mut body = plain(MODEL);
        body[field] = value.clone();
        if field == "stream_options" {
            body["stream"] = json!(true);
        }
        (format!("{field}: {value}"), (field, body))
    });
    expect::each(cases, async |name, (field, body): (&str, Value)| {
        let reply = stack.caller.chat(&body).send().await;
        let error = expect::shape(&reply, 400);
        expect::assert_request_id(&reply);
        let param = error["param"].as_str().unwrap_or_default();
        assert!(
            param.starts_with(field),
            "{name}: param is {param:?}: {error}"
        );
        let detail = &error["details"][0];
        assert_eq!(detail["param"], error["param"], "{name}: {error}");
        let pointer = detail["pointer"].as_str().unwrap_or_default();
        assert!(pointer.starts_with(&format!("/{field}")), "{name}: {error}");
        stack.assert_untouched(name);
    })
    .await;
}

#[tokio::test]
async fn w10_what_is_required_must_be_there() {
    let stack = stack().await;
    let cases = [("{}", "model"), (r#"{"model":"gpt-4o-mini"}"#, "messages")];
    for (body, param) in cases {
        let error = expect::error(
            &stack.caller.chat_bytes(body).send().await,
            400,
            "missing_field",
        );
        assert_eq!(error["param"], param);
    }
    let body = json!({"messages": plain(MODEL)["messages"]});
    let error = expect::error(&stack.caller.chat(&body).send().await, 400, "missing_field");
    assert_eq!(error["param"], "model");
    stack.assert_untouched("incomplete");
}

#[tokio::test]
async fn w11_w12_the_two_rules_of_the_first_route() {
    let stack = stack().await;
    let mut body = plain(MODEL);
    body["n"] = json!(2);
    let error = expect::error(
        &stack.caller.chat(&body).send().await,
        400,
        "unsupported_value",
    );
    assert_eq!(error["param"], "n");
    let mut body = plain(MODEL);
    body["stop"] = json!("END");
    let error = expect::error(&stack.caller.chat(&body).send().await, 400, "invalid_type");
    assert_eq!(error["param"], "stop");
    stack.assert_untouched("refused");
    let mut body = plain(MODEL);
    body["n"] = json!(1);
    body["stop"] = json!(["1", "2", "3", "4"]);
    assert_eq!(stack.caller.chat(&body).send().await.status, 200);
}

#[tokio::test]
async fn w18_all_faults_are_told_at_once() {
    let stack = stack().await;
    let body = r#"{"model":7,"messages":[{"content":"hi"}],"n":3,"stop":"x","max_tokens":-1}"#;
    let reply = stack.caller.chat_bytes(body).send().await;
    let error = expect::shape(&reply, 400);
    let details = error["details"].as_array().unwrap();
    let params: Vec<_> = details
        .iter()
        .map(|own| own["param"].as_str().unwrap())
        .collect();
    for param in ["model", "messages[0].role", "n", "stop", "max_tokens"] {
        assert!(params.contains(&param), "{param} is not in {params:?}");
    }
    let first = &details[0];
    for member in ["param", "code", "message"] {
        assert_eq!(error[member], first[member]);
    }
    let role = details
        .iter()
        .find(|own| own["param"] == "messages[0].role")
        .unwrap();
    assert_eq!(role["pointer"], "/messages/0/role");
}

#[tokio::test]
async fn w51_a_tag_may_not_begin_like_the_gateways_own() {
    let stack = stack().await;
    let mut body = plain(MODEL);
    body["ollm::tags"] = json!({"ollm::x": "1"});
    expect::error(&stack.caller.chat(&body).send().await, 400, "reserved_tag");
    stack.assert_untouched("refused");
}

#[tokio::test]
async fn w20_an_unknown_model_is_not_found_and_a_near_one_is_named() {
    let stack = stack().await;
    for (model, code, near) in [
        ("gpt-4o-mini2", "model_not_found", "gpt-4o-mini"),
        ("GPT-4o-mini", "model_not_found", "gpt-4o-mini"),
        (
            "ollm::model_name::gpt-4o-mni",
            "model_not_found",
            "gpt-4o-mini",
        ),
        ("ollm::function_name::chatt", "function_not_found", "chat"),
        ("something-else-altogether", "model_not_found", ""),
    ] {
        let reply = stack.caller.chat(&plain(model)).send().await;
        let error = expect::error(&reply, 404, code);
        assert_eq!(error["param"], "model");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("`{near}`")) || near.is_empty(),
            "{message}"
        );
    }
    stack.assert_untouched("no such model");
}
