use serde_json::{Value, json};
use sluice_sidecar::store::{Filter, Query, Store};
use sqlx::migrate::Migrator;
use sqlx::{Connection, SqliteConnection, query};

use crate::support::{TestApp, changed, database, id, record, write};

const EPISODE: &str = "0192f0c1-2345-7000-8000-000000000001";

fn labelled(number: u64) -> Value {
    changed(
        number,
        &json!({
            "project": "p1",
            "contact": {"id": "crm/7", "display_name": "Ada", "email": "ada@example.com",
                "tags": ["vip"], "metadata": [{"plan": "pro"}]},
            "thread": {"id": "t 1", "tags": ["support"]},
            "name": "greeting",
            "metadata": {"ticket": "42", "url": "https://x"},
            "episode": EPISODE,
            "dialect": "orq",
        }),
    )
}

#[tokio::test]
async fn w55_a_row_shows_the_labels_as_they_were_sent() {
    let app = TestApp::new().await;
    app.hand_in(&[labelled(1)]).await;
    let (sent, body) = (labelled(1), app.spend("").await.json());
    for label in [
        "project", "contact", "thread", "name", "metadata", "episode", "dialect",
    ] {
        assert_eq!(body["data"][0][label], sent[label], "{label}");
    }
}

#[tokio::test]
async fn w55_records_are_found_by_each_label() {
    let app = TestApp::new().await;
    let other = changed(
        2,
        &json!({"contact": {"id": "crm/8"}, "thread": {"id": "t"}, "dialect": "opengateway",
            "metadata": {"ticket": "43"}, "tags": {"ticket": "42"}}),
    );
    app.hand_in(&[labelled(1), other, record(3)]).await;
    for (query, expected) in [
        ("contact=crm/7", vec![1]),
        ("contact=crm%2F8", vec![2]),
        ("contact=crm", vec![]),
        ("contact=", vec![]),
        ("thread=t%201", vec![1]),
        ("thread=t", vec![2]),
        (&format!("episode={EPISODE}"), vec![1]),
        ("dialect=orq", vec![1]),
        ("dialect=openai", vec![3]),
        ("metadata=ticket", vec![2, 1]),
        ("metadata=ticket:42", vec![1]),
        ("metadata=url:https://x", vec![1]),
        ("metadata=ticket:42&metadata=url", vec![1]),
        ("metadata=ticket:43&metadata=url", vec![]),
        ("tag=ticket:42", vec![2]),
        ("tag=url", vec![]),
        ("metadata=ticket&contact=crm/8", vec![2]),
        ("contact=crm/7&thread=t", vec![]),
        ("contact=%27%20OR%201%3D1", vec![]),
    ] {
        let body = app.spend(query).await.json();
        let found: Vec<_> = body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap())
            .collect();
        let expected: Vec<_> = expected.into_iter().map(id).collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(body["totals"]["requests"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn w55_a_label_with_an_empty_id_is_none() {
    let app = TestApp::new().await;
    let empty = json!({"contact": {"id": "", "email": "a@b"}, "thread": {"id": ""}});
    app.hand_in(&[changed(1, &empty)]).await;
    assert_eq!(app.spend("").await.json()["totals"]["requests"], 1);
    assert_eq!(app.spend("contact=").await.json()["totals"]["requests"], 0);
    assert_eq!(app.spend("thread=").await.json()["totals"]["requests"], 0);
    assert_eq!(app.admin("/v1/contacts").await.json()["data"], json!([]));
}

#[tokio::test]
async fn w55_a_ledger_from_before_the_labels_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let first = include_str!("../../migrations/0001_records.sql");
    let migrations = tempfile::tempdir().unwrap();
    write(migrations.path(), "0001_records.sql", first);
    let url = database(folder.path());
    let mut old = SqliteConnection::connect(&format!("{url}?mode=rwc"))
        .await
        .unwrap();
    let migrator = Migrator::new(migrations.path()).await.unwrap();
    migrator.run(&mut old).await.unwrap();
    let insert = "INSERT INTO records (id, started_ms, model, price_version, record) \
                  VALUES (?, 1, 'm', 'v', ?)";
    for (number, record) in [(1_u128, r#"{"dialect": "orq"}"#), (2, "{}")] {
        let id = number.to_be_bytes().to_vec();
        query(insert)
            .bind(id)
            .bind(record)
            .execute(&mut old)
            .await
            .unwrap();
    }
    old.close().await.unwrap();
    let store = Store::open(&url).await.unwrap();
    let of = async |dialect: Option<&str>| {
        let filter = Filter {
            dialect: dialect.map(Into::into),
            ..Filter::default()
        };
        let query = Query {
            filter,
            after: None,
            limit: 10,
        };
        store.page(&query).await.unwrap().rows.len()
    };
    assert_eq!((of(None).await, of(Some("orq")).await), (2, 1));
}
