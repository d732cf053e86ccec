use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use sluice_core::config::Config;
use sluice_sidecar::store::{Store, StoreError};
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::{DOCUMENT, TestApp, changed, database, record};

#[tokio::test]
async fn w02_status_tells_version_and_configuration() {
    let app = TestApp::new().await;
    let hash = Config::parse(DOCUMENT.as_bytes()).unwrap().hash;
    let expected =
        json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "config_hash": hash});
    assert_eq!(app.get("/status").await.json(), expected);
}

#[tokio::test]
async fn w02_health_tells_each_store() {
    let app = TestApp::new().await;
    let answer = app.get("/health").await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["status"], "ok");
    let sqlite = &body["services"]["sqlite"];
    assert_eq!(sqlite["status"], "ok");
    assert!(
        sqlite["detail"].is_string() && sqlite["latency_ms"].is_u64(),
        "{sqlite}"
    );
}

#[tokio::test]
async fn health_is_503_when_the_store_cannot_be_written() {
    let app = TestApp::new().await;
    let url = database(app.folder.path());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    assert_eq!(app.spend("").await.status, 200, "reading goes on");
    let answer = app.get("/health").await;
    assert_eq!(answer.status, 503);
    let body = answer.json();
    assert_eq!(body["status"], "unavailable");
    assert_eq!(body["services"]["sqlite"]["status"], "unavailable");
    other.execute("ROLLBACK").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(app.get("/health").await.status, 200, "and it comes back");
}

#[tokio::test]
async fn health_is_503_when_the_store_cannot_be_read() {
    let app = TestApp::new().await;
    let mut other = SqliteConnection::connect(&database(app.folder.path()))
        .await
        .unwrap();
    other
        .execute("DROP TABLE tags; DROP TABLE records")
        .await
        .unwrap();
    let body = app.get("/health").await;
    assert_eq!(body.status, 503);
    assert_eq!(
        body.json()["services"]["sqlite"]["detail"],
        "the read check failed"
    );
}

#[tokio::test]
async fn metrics_count_records_tokens_money_and_requests() {
    let app = TestApp::new().await;
    let batch = json!({"records": [record(1), record(1), changed(2, &json!({"id": "x"})),
        changed(3, &json!({"model": "made-up", "provider": "mine"}))], "dropped": 4});
    assert_eq!(app.post(batch.to_string()).await.status, 200);
    assert_eq!(app.post(batch.to_string()).await.status, 200);
    app.get("/nowhere").await;
    let answer = app.get("/metrics").await;
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let hash = &app.app.config.hash;
    let build = format!(
        "sluice_sidecar_build_info{{version=\"{}\",config_hash=\"{hash}\"}} 1",
        env!("CARGO_PKG_VERSION")
    );
    for line in [
        "sluice_records_total{outcome=\"stored\"} 2",
        "sluice_records_total{outcome=\"duplicate\"} 4",
        "sluice_records_total{outcome=\"refused\"} 2",
        "sluice_records_dropped_total 4",
        "sluice_tokens_total{model=\"gpt-4o-mini\",provider=\"openai\",kind=\"prompt\"} 1000",
        "sluice_tokens_total{model=\"gpt-4o-mini\",provider=\"openai\",kind=\"completion\"} 10",
        "sluice_tokens_total{model=\"other\",provider=\"other\",kind=\"prompt\"} 1000",
        "sluice_cost_nano_usd_total{model=\"gpt-4o-mini\",provider=\"openai\"} 156000",
        "sluice_records_unpriced_total{model=\"other\",provider=\"other\"} 1",
        "sluice_http_requests_total{route=\"/internal/records\",status=\"200\"} 2",
        "sluice_http_requests_total{route=\"unmatched\",status=\"404\"} 1",
        "sluice_ingest_seconds_count 2",
        &build,
        "# EOF",
    ] {
        assert!(
            answer.text.lines().any(|own| own == line),
            "{line}\nnot in\n{}",
            answer.text
        );
    }
    let size = answer
        .text
        .lines()
        .find_map(|line| line.strip_prefix("sluice_database_bytes "));
    assert!(size.unwrap().parse::<u64>().unwrap() >= 4_096);
}

#[tokio::test]
async fn w03_an_unknown_route_is_404_and_a_wrong_method_405() {
    let app = TestApp::new().await;
    for path in [
        "/v1/nothing",
        "/v1/models/",
        "/v1/contacts/",
        "/internal",
        "/v1/spend/x",
    ] {
        assert_eq!(app.get(path).await.error(404), "not_found", "{path}");
    }
    for (method, path, allow) in [
        ("POST", "/status", "GET,HEAD"),
        ("GET", "/internal/records", "POST"),
        ("GET", "/internal/health", "POST"),
        ("DELETE", "/v1/models/x", "GET,HEAD"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        let answer = app.send(request).await;
        assert_eq!(answer.error(405), "method_not_allowed", "{method} {path}");
        assert_eq!(answer.headers["allow"], allow);
    }
}

#[tokio::test]
async fn the_index_names_every_route() {
    let app = TestApp::new().await;
    let text = app.get("/").await.text;
    for route in [
        "/v1/models",
        "/v1/spend",
        "/v1/contacts",
        "/v1/contacts/{id}",
        "/status",
        "/health",
        "/metrics",
        "/internal/records",
        "/internal/health",
    ] {
        assert!(text.contains(route), "{route}");
    }
}

#[tokio::test]
async fn a_store_is_opened_by_its_connection_string() {
    for url in ["postgres://user:password@host/db", "", "sluice.db"] {
        let error = Store::open(url).await.unwrap_err();
        assert!(matches!(error, StoreError::Scheme { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("password"), "{error}");
    }
    for url in ["sqlite::memory:", "sqlite://", "sqlite://?mode=memory"] {
        let error = Store::open(url).await.unwrap_err();
        assert!(matches!(error, StoreError::NoFile { .. }), "{url}: {error}");
    }
    let error = Store::open("sqlite:///nowhere/at/all/s.db")
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
}

#[tokio::test]
async fn a_store_is_durable_before_it_answers() {
    let app = TestApp::new().await;
    app.hand_in(&[record(1)]).await;
    let mut other = SqliteConnection::connect(&database(app.folder.path()))
        .await
        .unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
    let stored: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM records")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(stored, 1, "another process sees it");
}

#[tokio::test]
async fn what_was_queued_before_the_close_is_written() {
    let app = TestApp::new().await;
    let batches = (0..20).map(|i| {
        let records: Vec<Value> = (0..50).map(|j| record(i * 50 + j)).collect();
        json!({"records": records}).to_string()
    });
    let sent = futures_util::future::join_all(batches.map(|batch| app.post(batch)));
    let (answers, ()) = tokio::join!(sent, async {
        tokio::task::yield_now().await;
        app.app.store.close().await;
    });
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(taken > 0);
    let again = Store::open(&database(app.folder.path())).await.unwrap();
    let query = sluice_sidecar::store::Query {
        filter: Default::default(),
        after: None,
        limit: 1,
    };
    let stored = again.page(&query).await.unwrap().totals.requests;
    assert_eq!(
        stored,
        50 * taken as u64,
        "a 200 is a promise, and a 503 none"
    );
}
