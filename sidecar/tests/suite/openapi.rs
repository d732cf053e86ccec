use serde_json::{Value, json};
use sluice_core::error::Code;
use sluice_core::request::fields::{GATEWAY, STANDARD};
use sluice_core::wire;

use crate::support::TestApp;

async fn document() -> Value {
    let answer = TestApp::new().await.get("/openapi.json").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.json()
}

#[tokio::test]
async fn w02_the_document_names_every_field_and_code() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let schemas = &document["components"]["schemas"];
    for body in ["ChatRequest", "OrqChatRequest"] {
        for field in STANDARD.iter().chain(GATEWAY) {
            let about = schemas[body]["properties"][field.name]["description"].as_str();
            let about = about.unwrap_or_else(|| panic!("{body} has no {}", field.name));
            assert!(about.starts_with(field.about) || field.name == "n" || field.name == "stop");
        }
        assert_eq!(schemas[body]["required"], json!(["messages", "model"]));
    }
    let codes = schemas["Code"]["enum"].as_array().unwrap();
    let expected: Vec<_> = Code::ALL.iter().map(|code| json!(code.as_str())).collect();
    assert_eq!(codes, &expected);
    let types = schemas["ErrorType"]["enum"].as_array().unwrap();
    assert_eq!(types.len(), 8, "{types:?}");
}

#[tokio::test]
async fn w02_each_reference_of_the_document_leads_somewhere() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(at)) = members.get("$ref") {
                    found.push(at.clone());
                }
                members.values().for_each(|own| walk(own, found));
            }
            Value::Array(items) => items.iter().for_each(|own| walk(own, found)),
            _ => {}
        }
    }
    let document = document().await;
    let mut found = Vec::new();
    walk(&document, &mut found);
    assert!(found.len() > 50, "{found:?}");
    for at in found {
        let pointer = at.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{at}");
    }
}

#[tokio::test]
async fn w01_the_orq_route_takes_more_of_n_and_stop() {
    let document = document().await;
    let of = |body: &str, field: &str| {
        document["components"]["schemas"][body]["properties"][field].clone()
    };
    assert_eq!(of("ChatRequest", "n")["enum"], json!([1, null]));
    assert_eq!(of("OrqChatRequest", "n")["minimum"], 1);
    let plain = of("ChatRequest", "stop");
    assert_eq!(
        (&plain["type"], &plain["maxItems"]),
        (&json!(["array", "null"]), &json!(4))
    );
    let orq = of("OrqChatRequest", "stop");
    assert_eq!(orq["anyOf"][0]["type"], "string");
    assert_eq!(orq["anyOf"][1]["maxItems"], 4);
    let route = &document["paths"]["/v2/gateway/chat/completions"]["post"];
    assert_eq!(
        route["requestBody"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/OrqChatRequest"
    );
}

#[tokio::test]
async fn w14_the_shapes_are_in_the_document() {
    let document = document().await;
    let fields = &document["components"]["schemas"]["ChatRequest"]["properties"];
    assert_eq!(fields["temperature"]["maximum"], 2.0);
    assert_eq!(fields["temperature"]["type"], json!(["number", "null"]));
    assert_eq!(fields["metadata"]["maxProperties"], 16);
    assert_eq!(fields["metadata"]["propertyNames"]["maxLength"], 64);
    let role = &fields["messages"]["items"]["properties"]["role"];
    assert_eq!(role["type"], "string");
    assert_eq!(role["enum"].as_array().unwrap().len(), 5);
    // What is not carried out is said; what is, is not.
    let orq = &fields["orq"]["properties"];
    assert_eq!(orq["identity"].get("x-sluice-unsupported"), None);
    for name in ["fallbacks", "load_balancer", "retry", "timeout"] {
        assert_eq!(orq[name].get("x-sluice-unsupported"), None, "{name}");
    }
    for name in ["cache", "prompt"] {
        let about = orq[name]["description"].as_str().unwrap();
        assert!(about.contains("unsupported_value"), "{name}: {about}");
    }
}

#[tokio::test]
async fn w02_routes_without_a_key_say_so() {
    let document = document().await;
    assert_eq!(document["security"], json!([{"key": []}]));
    for path in ["/status", "/health", "/openapi.json"] {
        assert_eq!(
            document["paths"][path]["get"]["security"],
            json!([]),
            "{path}"
        );
    }
    let models = document["paths"]["/v1/models"]["get"].as_object().unwrap();
    assert!(!models.contains_key("security"));
}

#[tokio::test]
async fn w30_w32_the_routes_that_plan_take_the_same_headers() {
    let document = document().await;
    let names = |path: &str| {
        let parameters = document["paths"][path]["post"]["parameters"].as_array();
        let name = |own: &Value| {
            let at = own["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
            document.pointer(at).unwrap()["name"].clone()
        };
        parameters.unwrap().iter().map(name).collect::<Vec<_>>()
    };
    let expected = [
        wire::FAILOVER_SEQUENCE,
        wire::FORCE_PROVIDER,
        wire::FORCE_MODEL,
        wire::TIMEOUT,
    ];
    for path in [
        "/v1/chat/completions",
        "/chat/completions",
        "/v2/gateway/chat/completions",
        "/v1/route:explain",
    ] {
        assert_eq!(names(path), expected, "{path}");
    }
}

#[tokio::test]
async fn w36_w37_the_headers_of_answers_are_in_the_document() {
    let document = document().await;
    let names = |path: &str, status: &str| {
        let headers = &document["paths"][path]["post"]["responses"][status]["headers"];
        let names = headers.as_object().unwrap().keys();
        names.cloned().collect::<Vec<_>>()
    };
    let chat = "/v1/chat/completions";
    let (id, wait) = (wire::REQUEST_ID, "retry-after");
    assert_eq!(names(chat, "400").len(), 6);
    assert_eq!(names(chat, "401"), [id]);
    for status in ["429", "503"] {
        assert!(names(chat, status).contains(&wait.to_owned()), "{status}");
        assert!(
            names(chat, status).contains(&wire::ROUTE.to_owned()),
            "{status}"
        );
        assert_eq!(names("/v1/route:explain", status), [wait, id]);
    }
    assert!(!names(chat, "502").contains(&wait.to_owned()));
}
