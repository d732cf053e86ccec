use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use sluice_sidecar::Access;

use crate::support::{ADMIN, TestApp, changed, id, record};

/// Ten records of two keys, two models, two providers, tags and projects.
async fn filled() -> TestApp {
    let app = TestApp::new().await;
    let records: Vec<_> = (0..10)
        .map(|i| {
            let odd = i % 2 == 1;
            let model = if i < 8 { "gpt-4o-mini" } else { "contractual" };
            changed(
                i,
                &json!({
                    "key_id": if odd { "odd" } else { "even" },
                    "model": model, "request_model": model,
                    "provider": if i == 7 { "near" } else { "openai" },
                    "project": if i < 3 { json!("p1") } else { Value::Null },
                    "tags": {"team": if odd { "a:b" } else { "c" }, "n": i.to_string()},
                }),
            )
        })
        .collect();
    app.hand_in(&records).await;
    app
}

fn numbers(answer: &Value) -> Vec<u64> {
    let ids = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap());
    let last = ids.map(|id| id.split('-').next_back().unwrap());
    last.map(|digits| u64::from_str_radix(digits, 16).unwrap())
        .collect()
}

#[tokio::test]
async fn w50_a_row_is_the_record_with_its_price() {
    let app = TestApp::new().await;
    let sent = changed(
        1,
        &json!({"tags": {"a": "b"}, "attempts": [{"provider": "openai",
        "model": "gpt-4o-mini", "status": 200, "outcome": "answered", "duration_ms": 4}],
        "stream": true, "cache_hit": false, "variant": "v"}),
    );
    app.hand_in(std::slice::from_ref(&sent)).await;
    let body = app.spend("").await.json();
    let mut expected = sent;
    expected["cost_nano_usd"] = json!(156_000);
    expected["price_version"] = json!("2026-11");
    assert_eq!(body["data"][0], expected);
    assert_eq!(body["object"], "list");
    assert_eq!(
        (&body["has_more"], &body["next_cursor"]),
        (&json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn w50_each_provider_has_its_price_and_unknown_is_null() {
    let app = TestApp::new().await;
    let unserved = json!({"provider": null, "request_model": null, "usage": {}, "end": "failed"});
    app.hand_in(&[
        record(1),
        changed(2, &json!({"provider": "near"})),
        changed(
            3,
            &json!({"model": "contractual", "request_model": "contractual"}),
        ),
        changed(4, &json!({"usage": {}})),
        changed(5, &unserved),
    ])
    .await;
    let body = app.spend("").await.json();
    let costs: Vec<_> = body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["cost_nano_usd"])
        .collect();
    assert_eq!(json!(costs), json!([0, null, null, 105_000, 156_000]));
    assert_eq!(
        body["totals"],
        json!({"requests": 5, "prompt_tokens": 3_000, "completion_tokens": 30,
            "cost_nano_usd": 261_000, "unpriced": 2})
    );
}

#[tokio::test]
async fn each_filter_takes_what_it_says() {
    let app = filled().await;
    for (query, expected) in [
        ("", vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ("key=odd", vec![9, 7, 5, 3, 1]),
        ("model=contractual", vec![9, 8]),
        ("provider=near", vec![7]),
        ("project=p1", vec![2, 1, 0]),
        ("tag=team:c", vec![8, 6, 4, 2, 0]),
        ("tag=team%3Aa%3Ab", vec![9, 7, 5, 3, 1]),
        ("tag=n", vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ("tag=team:c&tag=n:4", vec![4]),
        ("tag=team:none", vec![]),
        ("from=1700000000007", vec![9, 8, 7]),
        ("to=1700000000002", vec![1, 0]),
        (
            "from=2023-11-14T22:13:20.002Z&to=2023-11-14T22:13:20.004Z",
            vec![3, 2],
        ),
        ("key=odd&project=p1", vec![1]),
        ("key=%27%20OR%201%3D1", vec![]),
    ] {
        let body = app.spend(query).await.json();
        assert_eq!(numbers(&body), expected, "{query}");
        assert_eq!(body["totals"]["requests"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_totals_are_of_all() {
    let app = filled().await;
    let (mut seen, mut query, mut pages) = (Vec::new(), "limit=4".to_owned(), 0);
    loop {
        let body = app.spend(&query).await.json();
        assert_eq!(body["totals"]["requests"], 10);
        seen.extend(numbers(&body));
        pages += 1;
        assert_eq!(body["has_more"], !body["next_cursor"].is_null());
        let Some(cursor) = body["next_cursor"].as_str() else {
            break;
        };
        query = format!("limit=4&cursor={cursor}");
    }
    assert_eq!((seen, pages), (vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 3));
    let whole = app.spend("limit=10").await.json();
    assert_eq!(whole["has_more"], false);
}

#[tokio::test]
async fn pages_do_not_shift_when_records_arrive() {
    let app = TestApp::new().await;
    let at_once = |number| changed(number, &json!({"started_ms": 5}));
    app.hand_in(&[at_once(1), at_once(2), at_once(3)]).await;
    let first = app.spend("limit=2").await.json();
    assert_eq!(
        numbers(&first),
        [3, 2],
        "records of one moment go by their id"
    );
    app.hand_in(&[at_once(4), record(9)]).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.spend(&format!("limit=2&cursor={cursor}")).await.json();
    assert_eq!(numbers(&second), [1]);
}

#[tokio::test]
async fn totals_hold_more_than_63_bits() {
    let app = TestApp::new().await;
    let huge = json!({"usage": {"prompt_tokens": i64::MAX, "completion_tokens": u64::MAX}});
    app.hand_in(&[changed(1, &huge), changed(2, &huge)]).await;
    let text = app.spend("").await.text;
    assert!(
        text.contains("\"prompt_tokens\":18446744073709551614"),
        "{text}"
    );
    assert!(text.contains("\"unpriced\":2"), "{text}");
}

#[tokio::test]
async fn a_bad_parameter_is_named() {
    let app = TestApp::new().await;
    for (query, param, code) in [
        ("limit=0", "limit", "invalid_value"),
        ("limit=1001", "limit", "invalid_value"),
        ("limit=ten", "limit", "invalid_value"),
        ("from=yesterday", "from", "invalid_value"),
        ("to=", "to", "invalid_value"),
        ("cursor=7", "cursor", "invalid_value"),
        ("tag=", "tag", "invalid_value"),
        ("metadata=:x", "metadata", "invalid_value"),
        ("contact=a&contact=b", "contact", "invalid_value"),
        ("key=a&key=b", "key", "invalid_value"),
        ("modle=x", "modle", "unknown_parameter"),
    ] {
        let answer = app.spend(query).await;
        assert_eq!(answer.error(400), code, "{query}");
        assert_eq!(answer.json()["error"]["param"], param, "{query}");
    }
}

#[tokio::test]
async fn the_admin_token_is_needed() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/v1/spend").await.error(401), "invalid_token");
    let with = |token: String| {
        let request = Request::get("/v1/spend").header("authorization", token);
        app.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(
        with("Bearer wrong".into()).await.error(401),
        "invalid_token"
    );
    assert_eq!(with(format!("Bearer {ADMIN}")).await.status, 200);
}

#[tokio::test]
async fn without_an_admin_token_the_route_is_off() {
    let app = TestApp::with(|app| app.access(Access::default())).await;
    let answer = app.spend("").await;
    assert_eq!(answer.error(403), "admin_disabled");
    assert!(answer.text.contains("--admin-token"), "{}", answer.text);
}

#[tokio::test]
async fn w51_tags_come_back_verbatim() {
    let app = TestApp::new().await;
    app.hand_in(&[changed(1, &json!({"tags": {"a": "1", "b": "2"}}))])
        .await;
    let row = &app.spend("tag=a:1&tag=b").await.json()["data"][0];
    assert_eq!(
        (&row["id"], &row["tags"]),
        (&json!(id(1)), &json!({"a": "1", "b": "2"}))
    );
}
