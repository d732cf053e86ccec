use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::{TestApp, changed, id, record};

#[tokio::test]
async fn w53_a_batch_that_comes_twice_is_stored_once() {
    let app = TestApp::new().await;
    let batch = [record(1), record(2)];
    assert_eq!(
        app.hand_in(&batch).await,
        json!({"stored": 2, "duplicates": 0})
    );
    assert_eq!(
        app.hand_in(&batch).await,
        json!({"stored": 0, "duplicates": 2})
    );
    let more = [record(2), record(3), record(3)];
    assert_eq!(
        app.hand_in(&more).await,
        json!({"stored": 1, "duplicates": 2})
    );
    assert_eq!(app.spend("").await.json()["totals"]["requests"], 3);
}

#[tokio::test]
async fn w53_the_first_of_two_records_of_one_id_stays() {
    let app = TestApp::new().await;
    let late = changed(1, &json!({"key_id": "other", "tags": {"late": "yes"}}));
    app.hand_in(&[record(1), late]).await;
    assert_eq!(app.spend("").await.json()["data"][0]["key_id"], "dev");
    assert_eq!(app.spend("tag=late").await.json()["totals"]["requests"], 0);
}

#[tokio::test]
async fn w53_concurrent_batches_of_the_same_ids_are_stored_once() {
    let app = TestApp::new().await;
    let batch: Vec<_> = (0..700).map(record).collect();
    let eight = futures_util::future::join_all((0..8).map(|_| app.hand_in(&batch))).await;
    let sum = |name: &str| {
        eight
            .iter()
            .map(|taken| taken[name].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((sum("stored"), sum("duplicates")), (700, 4_900));
    let totals = &app.spend("").await.json()["totals"];
    assert_eq!(totals["requests"], 700);
    assert_eq!(totals["cost_nano_usd"], 700 * 156_000);
}

#[tokio::test]
async fn an_id_is_the_same_in_any_spelling() {
    let app = TestApp::new().await;
    let upper = changed(1, &json!({"id": id(1).to_uppercase()}));
    assert_eq!(app.hand_in(&[record(1), upper]).await["duplicates"], 1);
    assert_eq!(app.spend("").await.json()["data"][0]["id"], id(1));
}

#[tokio::test]
async fn a_record_that_is_none_does_not_keep_the_others_back() {
    let app = TestApp::new().await;
    let odd = [
        changed(1, &json!({"id": "7"})),
        changed(2, &json!({"end": "exploded"})),
        record(3),
    ];
    let taken = app.hand_in(&odd).await;
    assert_eq!(taken, json!({"stored": 1, "duplicates": 0, "refused": 2}));
}

#[tokio::test]
async fn w60_what_is_no_batch_is_refused() {
    let app = TestApp::new().await;
    for (body, code) in [
        ("", "invalid_json"),
        ("{\"records\": [", "invalid_json"),
        ("\u{feff}{}", "invalid_json"),
        ("[]", "invalid_batch"),
        ("{\"records\": {}}", "invalid_batch"),
    ] {
        assert_eq!(app.post(body).await.error(400), code, "{body}");
    }
    let text = app
        .post("{\"secret\": \"hunter2\", \"records\": 1}")
        .await
        .text;
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn w03_another_content_type_is_415() {
    let app = TestApp::new().await;
    for kind in [None, Some("text/plain"), Some("application/jsonp")] {
        let request = Request::post("/internal/records");
        let request = kind
            .into_iter()
            .fold(request, |r, kind| r.header("content-type", kind));
        let answer = app.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.error(415), "unsupported_media_type", "{kind:?}");
    }
    let request = Request::post("/internal/records")
        .header("content-type", "Application/JSON; charset=utf-8");
    let answer = app
        .send(request.body(Body::from(r#"{"records": []}"#)).unwrap())
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_batch_over_the_limit_is_413() {
    let app = TestApp::with(|app| app.max_batch_bytes(1_000)).await;
    let fits = json!({"records": [record(1)]}).to_string();
    assert!(fits.len() <= 1_000);
    assert_eq!(app.post(fits).await.status, 200);
    assert_eq!(
        app.post("x".repeat(1_001)).await.error(413),
        "body_too_large"
    );
}

#[tokio::test]
async fn a_token_is_asked_for_where_one_is_set() {
    let app = TestApp::guarded().await;
    assert_eq!(app.post("{}").await.error(401), "invalid_token");
    let with = |token: &str| {
        Request::post("/internal/records")
            .header("content-type", "application/json")
            .header("authorization", token)
            .body(Body::from(r#"{"records": []}"#))
            .unwrap()
    };
    let refused = app.send(with("Bearer out")).await;
    assert_eq!(refused.error(401), "invalid_token");
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    assert_eq!(app.send(with("Bearer in")).await.status, 200);
}

#[tokio::test]
async fn a_store_that_fails_is_503_and_nothing_is_counted_as_stored() {
    let app = TestApp::new().await;
    app.app.store.close().await;
    let answer = app.post(json!({"records": [record(1)]}).to_string()).await;
    assert_eq!(answer.error(503), "store_unavailable");
    assert!(
        app.app
            .metrics
            .text()
            .contains("sluice_records_total{outcome=\"stored\"} 0")
    );
}

#[tokio::test]
async fn batches_of_a_failed_transaction_are_all_refused_and_can_come_again() {
    let app = TestApp::new().await;
    let url = crate::support::database(app.folder.path());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other
        .execute("ALTER TABLE tags RENAME TO away")
        .await
        .unwrap();
    let batch = |number| json!({"records": [changed(number, &json!({"tags": {"a": "b"}}))]});
    let sent = (0..5).map(|number| app.post(batch(number).to_string()));
    for answer in futures_util::future::join_all(sent).await {
        assert_eq!(answer.error(503), "store_unavailable");
    }
    other
        .execute("ALTER TABLE away RENAME TO tags")
        .await
        .unwrap();
    assert_eq!(app.spend("").await.json()["totals"]["requests"], 0);
    assert_eq!(app.post(batch(0).to_string()).await.json()["stored"], 1);
}
