//! W21 for any body: a model that cannot do what it needs is never taken.
//!
//! What a body needs is read here from its tree, which shares no code with the core.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that finds what it does not expect is to panic"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use sluice_core::auto::rank;
use sluice_core::config::{Config, UnknownFields};
use sluice_core::health::Board;
use sluice_core::luck::Luck;
use sluice_core::request::{Chat, Needs, Rules};
use sluice_core::route::Dialect;

const CAPABILITIES: [&str; 6] = [
    "audio",
    "json_mode",
    "json_schema",
    "streaming",
    "tools",
    "vision",
];

/// Parts, and top-level members, that need something or look as if they did.
const PARTS: [&str; 6] = [
    r#"{"type":"text","text":"image_url \"type\": \"input_audio\" ü😀"}"#,
    r#"{ "image_url" : "https://x/y.png" , "type" : "image_url" }"#,
    r#"{"type":"input\u005faudio","input_audio":{"data":"AAAA","format":"wav"}}"#,
    r#"{"type":"file","file":{"file_data":"image_url"}}"#,
    r#"{"type":"vendor_kind","image_url":"x","tools":[1]}"#,
    r#"{"type":"refusal","refusal":"no"}"#,
];
const MEMBERS: [&str; 11] = [
    r#""stream":true"#,
    r#""tools":[{"type":"function","function":{"name":"f"}}]"#,
    r#""functions" : [ {"name":"f"} ]"#,
    r#""response\u005fformat":{"type":"json_object"}"#,
    r#""response_format":{"json_schema":{"name":"s"},"type":"json\u005fschema"}"#,
    r#""response_format":"{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"s\"}}""#,
    r#""modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"}"#,
    r#""max_tokens":300"#,
    r#""max_completion_tokens":200"#,
    r#""metadata":{"tools":"[1]","stream":"true"}"#,
    r#""reasoning_effort":"high""#,
];

fn body() -> impl Strategy<Value = String> {
    let text = "[ -~é😀]{0,400}".prop_map(|text| Value::from(text).to_string());
    let parts = vec(select(&PARTS[..]), 0..4).prop_map(|parts| format!("[{}]", parts.join(",")));
    let message = prop_oneof![text, parts]
        .prop_map(|content| format!(r#"{{"role":"user","content":{content}}}"#));
    let members = subsequence(MEMBERS.to_vec(), 0..=MEMBERS.len());
    (vec(message, 1..5), members).prop_flat_map(|(messages, members)| {
        let mut all: Vec<_> = members.into_iter().map(str::to_owned).collect();
        all.push(format!(r#""messages":[{}]"#, messages.join(",")));
        Just(all)
            .prop_shuffle()
            .prop_map(|all| format!("{{{}}}", all.join(",")))
    })
}

fn catalogue() -> impl Strategy<Value = Vec<(Vec<&'static str>, u64)>> {
    let model = (
        subsequence(CAPABILITIES.to_vec(), 0..=CAPABILITIES.len()),
        1_u64..4000,
    );
    vec(model, 1..8)
}

/// What a body needs; every spelling of `response_format` that stands in it counts.
fn needed(body: &str) -> Vec<&'static str> {
    let tree: Value = serde_json::from_str(body).unwrap();
    let items = |value: &Value| value.as_array().is_some_and(|items| !items.is_empty());
    let parts: Vec<_> = tree["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|message| message["content"].as_array())
        .flatten()
        .map(|part| part["type"].as_str().unwrap().to_owned())
        .collect();
    let has = |kind: &str| parts.iter().any(|own| own == kind);
    let modes = tree["modalities"]
        .as_array()
        .is_some_and(|modes| modes.contains(&json!("audio")));
    let mut needed = Vec::new();
    let mut need = |name, is: bool| {
        if is {
            needed.push(name);
        }
    };
    need("audio", has("input_audio") || modes);
    need("json_mode", body.contains(r#"{"type":"json_object"}"#));
    need("json_schema", body.contains("json_schema"));
    need("streaming", tree["stream"] == true);
    need("tools", items(&tree["tools"]) || items(&tree["functions"]));
    need("vision", has("image_url"));
    needed
}

/// A floor of what the prompt and the answer take: text alone, without what is added to it.
fn least_tokens(body: &str) -> u64 {
    let tree: Value = serde_json::from_str(body).unwrap();
    let messages = tree["messages"].as_array().unwrap();
    let characters: usize = messages
        .iter()
        .filter_map(|message| message["content"].as_str())
        .map(|text| text.chars().count())
        .sum();
    let caps = [&tree["max_tokens"], &tree["max_completion_tokens"]];
    let cap = caps.into_iter().filter_map(Value::as_u64).min();
    u64::try_from(characters / 4 + 4 * messages.len()).unwrap() + cap.unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn w21_no_model_is_taken_that_lacks_what_a_body_needs(
        body in body(),
        catalogue in catalogue(),
        seed in any::<[u8; 16]>(),
    ) {
        let models: serde_json::Map<_, _> = catalogue.iter().enumerate()
            .map(|(i, (capabilities, context))| {
                let model = json!({"providers": [{"provider": "p"}], "capabilities": capabilities, "context_length": context});
                (format!("m{i}"), model)
            })
            .collect();
        let document = json!({"providers": {"p": {"host": "p"}}, "models": models, "auto": {"explore": 0.5}});
        let config = Config::parse(document.to_string().as_bytes()).unwrap();
        let rules = Rules {
            dialect: Dialect::OpenAi,
            stop_sequences: 4,
            unknown_fields: UnknownFields::Forward,
            default_model: true,
        };
        let chat = Chat::parse(body.as_bytes(), &rules).unwrap_or_else(|why| panic!("{body}: {why:?}"));
        let needs = Needs::read(&chat, body.as_bytes());
        let ranked = rank(config.models.values(), &needs, &Board::default(), &config.auto, &mut Luck::new(seed));
        prop_assert_eq!(ranked.order.len() + ranked.left_out.len(), catalogue.len());
        let mut read: Vec<_> = needs.capabilities.iter().map(|own| own.as_str()).collect();
        read.sort_unstable();
        prop_assert_eq!(read, needed(&body), "{}", body);
        for taken in &ranked.order {
            let own: Vec<_> = taken.model.capabilities.iter().map(|own| own.as_str()).collect();
            for need in needed(&body) {
                prop_assert!(own.contains(&need), "{} lacks {need}: {body}", taken.model.name);
            }
            prop_assert!(taken.model.context_length.unwrap() >= least_tokens(&body), "{body}");
        }
    }
}
