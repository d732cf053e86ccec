//! `auto` (W21): what can serve, the best first, equals in turn.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sluice_tests::client::{plain, streamed};
use sluice_tests::{Answer, Chat, Script, Stack};

use crate::expect;

/// Two models, one at `openai` and one at `azure`, with these members.
async fn two(first: impl Into<Script>, openai: Value, azure: Value, auto: Value) -> Stack {
    let model = |provider: &str, mut members: Value| {
        members["providers"] = json!([{"provider": provider, "model": format!("at-{provider}")}]);
        members
    };
    Stack::builder()
        .provider("openai", first)
        .provider("azure", Chat::of(&["from azure"]))
        .config(|doc| {
            doc["models"] = json!({"a": model("openai", openai), "b": model("azure", azure)});
            doc["functions"] = json!({});
            doc["aliases"] = json!({"any": "auto"});
            doc["defaults"]["model"] = json!("auto");
            doc["auto"] = auto;
        })
        .start()
        .await
}

/// A body for `auto` with these members too.
fn asking(members: &Value) -> Value {
    let mut body = plain("auto");
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn w21_each_need_is_a_filter() {
    let limits = json!({"priority": 9, "context_length": 2000, "max_output_tokens": 500});
    let able = json!({"capabilities":
        ["audio", "json_mode", "json_schema", "streaming", "tools", "vision"]});
    let stack = two(
        Chat::of(&["from openai"]),
        limits,
        able,
        json!({"explore": 0}),
    )
    .await;
    let said = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let image = json!([{"type": "image_url", "image_url": {"url": "https://x.test/y.png"}}]);
    let sound = json!([{"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}]);
    let schema = json!({"type": "json_schema", "json_schema": {"name": "s", "schema": {}}});
    let tool = json!([{"type": "function", "function": {"name": "f"}}]);
    let cases = [
        ("nothing", json!({}), "openai"),
        ("no tools", json!({"tools": []}), "openai"),
        ("a short text", said(json!("x".repeat(5000))), "openai"),
        ("a short answer", json!({"max_tokens": 500}), "openai"),
        ("reasoning", json!({"reasoning_effort": "high"}), "openai"),
        ("tools", json!({"tools": tool}), "azure"),
        ("functions", json!({"functions": [{"name": "f"}]}), "azure"),
        ("a schema", json!({"response_format": schema}), "azure"),
        (
            "a schema as text",
            json!({"response_format": schema.to_string()}),
            "azure",
        ),
        (
            "JSON",
            json!({"response_format": {"type": "json_object"}}),
            "azure",
        ),
        ("an image", said(image), "azure"),
        ("a sound", said(sound), "azure"),
        (
            "a spoken answer",
            json!({"modalities": ["text", "audio"], "audio": {"voice": "echo", "format": "wav"}}),
            "azure",
        ),
        ("a long text", said(json!("x".repeat(8000))), "azure"),
        (
            "a long answer",
            json!({"max_completion_tokens": 501}),
            "azure",
        ),
    ];
    let cases = cases.map(|(name, members, provider)| (name.to_owned(), (members, provider)));
    expect::each(cases, async |_, (members, provider)| {
        let reply = stack.caller.chat(&asking(&members)).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(expect::route(&reply.headers), format!("{provider};200"));
    })
    .await;
    let reply = stack.caller.chat(&streamed("auto")).send().await;
    assert_eq!(reply.streamed(), "from azure");
    assert_eq!(reply.header("x-gateway-model"), Some("at-azure"));
}

#[tokio::test]
async fn w21_what_nothing_can_serve_is_refused_with_the_reasons() {
    let stack = two(
        Chat::default(),
        json!({}),
        json!({"auto": "exclude"}),
        json!({}),
    )
    .await;
    let reply = stack.caller.chat(&streamed("auto")).send().await;
    let error = expect::error(&reply, 503, "no_provider_available");
    let message = error["message"].as_str().unwrap();
    for reason in [
        "a at openai has no streaming",
        "b at azure is kept out of `auto`",
    ] {
        assert!(message.contains(reason), "{message}");
    }
    let mut pinned = plain("auto");
    pinned["ollm::variant_name"] = json!("openai");
    let reply = stack.caller.chat(&pinned).send().await;
    expect::error(&reply, 404, "variant_not_found");
    let reply = stack.caller.chat(&plain("atuo")).send().await;
    let error = expect::error(&reply, 404, "model_not_found");
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with("Did you mean `auto`?"), "{message}");
    stack.assert_untouched("a request that is refused");
}

#[tokio::test]
async fn w21_equals_get_even_shares() {
    // What the first requests leave unknown is asked next, so that both have a record.
    let stack = two(Chat::default(), json!({}), json!({}), json!({"explore": 1})).await;
    let (any, mut none) = (plain("any"), plain("auto"));
    none.as_object_mut().unwrap().remove("model");
    for round in 0..20 {
        let body = if round % 2 == 0 { &any } else { &none };
        let replies = join_all((0..20).map(|_| stack.caller.chat(body).send())).await;
        assert!(replies.iter().all(|reply| reply.status == 200));
    }
    let asked = |name| stack.provider(name).requests().len();
    assert_eq!(asked("openai") + asked("azure"), 400);
    // Of 400 tosses, 70 from the mean is less likely than 1 in 10^10 (Hoeffding).
    assert!(
        (130..=270).contains(&asked("openai")),
        "{}",
        asked("openai")
    );
}

#[tokio::test]
async fn w21_a_provider_that_fails_leads_to_the_next_best() {
    let (best, next) = (json!({"priority": 2}), json!({"priority": 1}));
    let failing = Answer::error(500, "no");
    let stack = two(failing, best, next, json!({"explore": 0})).await;
    let reply = stack.caller.chat(&plain("auto")).send().await;
    assert_eq!(reply.said(), "from azure");
    assert_eq!(expect::route(&reply.headers), "openai;500,azure;200");
}

#[tokio::test]
async fn w21_the_weights_are_configured() {
    let (liked, thinks) = (
        json!({"priority": 1}),
        json!({"capabilities": ["reasoning"]}),
    );
    for (weights, provider) in [
        (json!({"priority": 0.06}), "openai"),
        (json!({"priority": 0.02, "reasoning": 0.5}), "azure"),
    ] {
        let auto = json!({"explore": 0, "weights": weights});
        let stack = two(Chat::default(), liked.clone(), thinks.clone(), auto).await;
        let body = asking(&json!({"reasoning_effort": "low"}));
        let reply = stack.caller.chat(&body).send().await;
        assert_eq!(reply.header("x-gateway-provider"), Some(provider));
    }
}

#[tokio::test]
async fn w21_the_demo_answers_where_nothing_else_does() {
    let builder = || Stack::builder().provider("demo", Chat::of(&["from the demo"]));
    let alone = builder().start().await;
    let reply = alone.caller.chat(&plain("auto")).send().await;
    assert_eq!(reply.said(), "from the demo");
    let stack = builder().provider("groq", Chat::default()).start().await;
    for _ in 0..10 {
        let reply = stack.caller.chat(&plain("auto")).send().await;
        assert_eq!(reply.header("x-gateway-provider"), Some("groq"));
    }
    assert!(stack.provider("demo").requests().is_empty());
}
