//! What the gateway adds to answers: the episode (W23), and what the provider said (W42).

use serde_json::{Value, json};
use sluice_tests::client::{plain, streamed};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect::{self, MODEL};

const EPISODE: &str = "0195ab3c-6f2e-7d11-9c5a-1f2e3d4c5b6a";

/// An answer spelled in no way that a serialiser would choose.
const ODD: &str = "{ \"id\":\"x\" ,\"created\":1e3,\"model\":\"m\\u00e9\",\"big\":12345678901234567890123,\n\
    \"choices\" : [{\"finish_reason\":\"stop\",\"message\":{\"content\":\"\\u0041\\/\"}}],\
    \"usage\": { \"prompt_tokens\":3.0, \"completion_tokens\":1 } }\n";

fn asking(mut body: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else {
        panic!("fields are an object")
    };
    body.as_object_mut().unwrap().extend(fields);
    body
}

#[tokio::test]
async fn w23_the_episode_stands_first_and_all_else_is_as_it_came() {
    let stack = Stack::builder()
        .provider("openai", Answer::new(200, "application/json", ODD))
        .provider("azure", Answer::new(200, "application/json", ODD).chunked())
        .start()
        .await;
    let expected = ODD.replacen('{', &format!("{{\"episode_id\":\"{EPISODE}\","), 1);
    let body = asking(plain(MODEL), json!({"ollm::episode_id": EPISODE}));
    for sequence in ["[\"openai\"]", "[\"azure\"]"] {
        let call = stack.caller.chat(&body);
        let call = call.header("x-opengateway-failover-sequence", sequence);
        let reply = call.send().await;
        assert_eq!(reply.text(), expected);
        let length = expected.len().to_string();
        assert_eq!(reply.header("content-length"), Some(length.as_str()));
    }
    assert_eq!(stack.provider("openai").request().json(), plain(MODEL));
}

#[tokio::test]
async fn w23_every_answer_has_one_and_so_has_its_record() {
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .sidecar()
        .start()
        .await;
    let mut seen = Vec::new();
    for body in [plain(MODEL), plain(MODEL), streamed(MODEL)] {
        let reply = stack.caller.chat(&body).send().await;
        let first = if body["stream"] == true {
            reply.chunks().remove(0)
        } else {
            reply.json()
        };
        let episode = expect::episode(&first);
        let id = expect::assert_request_id(&reply);
        let entry = stack.sidecar.wait_for_record(&id).await;
        assert_eq!(entry.record.episode.as_deref(), Some(episode.as_str()));
        assert!(!seen.contains(&episode) && episode != id, "{seen:?}");
        seen.push(episode);
    }
    for body in [plain(MODEL), streamed(MODEL)] {
        let body = asking(body, json!({"ollm::episode_id": EPISODE}));
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.text().matches(EPISODE).count(), 1, "{}", reply.text());
        let id = expect::assert_request_id(&reply);
        let entry = stack.sidecar.wait_for_record(&id).await;
        assert_eq!(entry.record.episode.as_deref(), Some(EPISODE));
    }
}

#[tokio::test]
async fn w23_a_stream_has_it_on_its_first_chunk() {
    let answer = Chat::of(&["one ", "two"]).stream(MODEL, true);
    let text = String::from_utf8(answer.bytes()).unwrap();
    let stack = Stack::builder()
        .provider("openai", Script::default())
        .start()
        .await;
    let fields = json!({"ollm::episode_id": EPISODE, "stream_options": {"include_usage": true}});
    let body = asking(streamed(MODEL), fields);
    let added = format!("data: {{\"episode_id\":\"{EPISODE}\",");
    let cases = [
        ("as it comes", answer.clone(), text.clone()),
        ("slowly", answer.clone().gap_ms(5), text.clone()),
        ("in sevens", answer.clone().split(7).gap_ms(1), text.clone()),
        ("at once", answer.clone().split(1 << 20), text.clone()),
        (
            "after a comment",
            answer.clone().insert(0, ": ping\n\n"),
            format!(": ping\n\n{text}"),
        ),
        ("CRLF", answer.crlf(), text.replace('\n', "\r\n")),
    ];
    let cases = cases.map(|(name, answer, text)| (name.to_owned(), (answer, text)));
    expect::each(cases, async |_, (answer, text): (Answer, String)| {
        stack.provider("openai").script(answer);
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.text(), text.replacen("data: {", &added, 1));
    })
    .await;
}

#[tokio::test]
async fn w23_a_providers_own_episode_is_replaced() {
    let mut answer: Value = serde_json::from_slice(&Chat::default().plain(MODEL).bytes()).unwrap();
    answer["episode_id"] = json!("theirs");
    let stack = Stack::builder()
        .provider("openai", Answer::json(200, &answer))
        .start()
        .await;
    let body = asking(plain(MODEL), json!({"ollm::episode_id": EPISODE}));
    let reply = stack.caller.chat(&body).send().await;
    assert_eq!(reply.text().matches("episode_id").count(), 1);
    answer["episode_id"] = json!(EPISODE);
    assert_eq!(reply.json(), answer);
}

#[tokio::test]
async fn w23_an_answer_that_is_not_held_has_it_too() {
    let long = "word ".repeat(200_000);
    let stack = Stack::builder()
        .provider("openai", Chat::of(&[&long]))
        .config(|doc| doc["defaults"]["limits"]["held_answer_bytes"] = json!(100_000))
        .start()
        .await;
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert_eq!(reply.said(), long);
    assert!(reply.text().starts_with("{\"episode_id\":\""));
    expect::episode(&reply.json());
}

#[tokio::test]
async fn w42_a_plain_answer_has_what_the_provider_said() {
    let stack = Stack::builder()
        .provider("openai", Answer::error(500, "no"))
        .provider("azure", Answer::new(200, "application/json", ODD))
        .start()
        .await;
    let both = json!({"ollm::include_raw_usage": true, "ollm::include_raw_response": true});
    let reply = stack.caller.chat(&asking(plain(MODEL), both)).send().await;
    let rest = ODD.strip_prefix('{').unwrap();
    assert!(reply.text().ends_with(rest), "{}", reply.text());
    let json = reply.json();
    let usage = &json["ollm_raw_usage"][0];
    assert!(
        reply
            .text()
            .contains(r#""data":{ "prompt_tokens":3.0, "completion_tokens":1 }}],"#)
    );
    let raw = &json["ollm_raw_response"][0];
    assert_eq!(raw["data"], ODD);
    for raw in [usage, raw] {
        assert_eq!(
            (&raw["provider_type"], &raw["api_type"]),
            (&json!("azure"), &json!("chat_completions"))
        );
        assert_eq!(raw["model_inference_id"], usage["model_inference_id"]);
        assert_eq!(raw["model_inference_id"].as_str().unwrap().len(), 36);
    }
    let reply = stack.caller.chat(&plain(MODEL)).send().await;
    assert!(!reply.text().contains("ollm_"), "{}", reply.text());
}

#[tokio::test]
async fn w42_a_stream_has_what_the_provider_said() {
    let answer = Chat::of(&["one ", "\"two\"\\"]).stream(MODEL, true);
    let sent = sluice_tests::sse::events(&answer.bytes());
    let stack = Stack::builder()
        .provider("openai", answer.clone())
        .start()
        .await;
    let fields = json!({"ollm::include_raw_usage": true, "ollm::include_raw_response": true,
        "stream_options": {"include_usage": true}});
    let body = asking(streamed(MODEL), fields);
    for answer in [answer.clone(), answer.split(5).gap_ms(1)] {
        stack.provider("openai").script(answer);
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.streamed(), "one \"two\"\\");
        let chunks = reply.chunks();
        let raw: Vec<_> = chunks
            .iter()
            .map(|chunk| &chunk["ollm_raw_chunk"])
            .collect();
        assert_eq!(raw, sent[..sent.len() - 1].iter().collect::<Vec<_>>());
        let (last, others) = chunks.split_last().unwrap();
        assert_eq!(last["ollm_raw_usage"][0]["data"], last["usage"]);
        assert_eq!(last["ollm_raw_usage"][0]["provider_type"], "openai");
        assert!(
            others
                .iter()
                .all(|chunk| chunk.get("ollm_raw_usage").is_none())
        );
        assert_eq!(reply.events().last().unwrap(), "[DONE]");
    }
}
