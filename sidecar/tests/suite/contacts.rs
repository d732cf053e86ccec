use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use sluice_sidecar::Access;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::{TestApp, changed, database, record};

/// A record of a contact; it starts at 1,700,000,000,000 ms and `number`.
fn of(number: u64, contact: &Value) -> Value {
    changed(number, &json!({"contact": contact}))
}

/// Each byte of an id as `%XX`.
fn escaped(id: &str) -> String {
    id.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn contact(app: &TestApp, id: &str) -> Value {
    let answer = app.admin(&format!("/v1/contacts/{}", escaped(id))).await;
    assert_eq!(answer.status, 200, "{id}: {}", answer.text);
    answer.json()
}

fn ids(list: &Value) -> Vec<&str> {
    let data = list["data"].as_array().unwrap();
    data.iter().map(|own| own["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn w55_a_contact_is_made_by_the_first_record_that_names_it() {
    let app = TestApp::new().await;
    let ada = json!({"id": "ada", "display_name": "Ada", "email": "ada@example.com",
        "logo_url": "https://example.com/a.png", "tags": ["vip", "eu"],
        "metadata": [{"plan": "pro"}, {"n": 1.5}]});
    let unknown = changed(
        2_000,
        &json!({"contact": {"id": "ada"}, "usage": {}, "model": "contractual"}),
    );
    app.hand_in(&[of(1, &ada), unknown, record(3)]).await;
    let mut expected = ada;
    expected["object"] = json!("contact");
    expected["created_at"] = json!(1_700_000_000);
    expected["seen_at"] = json!(1_700_000_002);
    expected["totals"] = json!({"requests": 2, "prompt_tokens": 1_000, "completion_tokens": 10,
        "cost_nano_usd": 156_000, "unpriced": 1});
    assert_eq!(contact(&app, "ada").await, expected);
    let list = app.admin("/v1/contacts").await.json();
    let page =
        json!({"object": "list", "data": [expected], "has_more": false, "next_cursor": null});
    assert_eq!(list, page);
}

#[tokio::test]
async fn w55_what_is_not_known_of_a_contact_is_null_or_empty() {
    let app = TestApp::new().await;
    app.hand_in(&[of(1, &json!({"id": "bare"}))]).await;
    let bare = contact(&app, "bare").await;
    for (name, value) in [
        ("display_name", json!(null)),
        ("email", json!(null)),
        ("logo_url", json!(null)),
        ("tags", json!([])),
        ("metadata", json!([])),
    ] {
        assert_eq!(bare.get(name), Some(&value), "{name}");
    }
}

#[tokio::test]
async fn w55_the_newest_record_with_a_detail_gives_it_in_whatever_order_they_come() {
    let records = [
        of(
            1_000,
            &json!({"id": "c", "display_name": "old", "tags": ["a"], "logo_url": "l"}),
        ),
        of(
            2_000,
            &json!({"id": "c", "display_name": "new", "metadata": [{"k": 1}]}),
        ),
        of(
            3_000,
            &json!({"id": "c", "email": "e@x", "tags": ["b", "c"]}),
        ),
    ];
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for order in orders {
        for at_once in [true, false] {
            let app = TestApp::new().await;
            let sent: Vec<_> = order.iter().map(|place| records[*place].clone()).collect();
            for batch in sent.chunks(if at_once { 3 } else { 1 }) {
                app.hand_in(batch).await;
            }
            let found = contact(&app, "c").await;
            let expected = json!({"object": "contact", "id": "c", "display_name": "new",
                "email": "e@x", "logo_url": "l", "tags": ["b", "c"], "metadata": [{"k": 1}],
                "created_at": 1_700_000_001, "seen_at": 1_700_000_003, "totals": found["totals"]});
            assert_eq!(found, expected, "{order:?} at once: {at_once}");
            assert_eq!(found["totals"]["requests"], 3);
        }
    }
}

#[tokio::test]
async fn w55_a_batch_that_comes_twice_changes_nothing() {
    let app = TestApp::new().await;
    let first = of(1, &json!({"id": "c", "email": "first@x"}));
    let second = of(2, &json!({"id": "c", "email": "second@x"}));
    app.hand_in(&[first.clone(), second]).await;
    let before = contact(&app, "c").await;
    app.hand_in(std::slice::from_ref(&first)).await;
    // The same record once more, with other words: the first of them stays.
    let other =
        json!({"contact": {"id": "c", "email": "third@x"}, "started_ms": 1_900_000_000_000_u64});
    let elsewhere = changed(1, &json!({"contact": {"id": "d"}}));
    app.hand_in(&[changed(1, &other), elsewhere]).await;
    assert_eq!(contact(&app, "c").await, before);
    let list = app.admin("/v1/contacts").await.json();
    assert_eq!(ids(&list), ["c"]);
}

#[tokio::test]
async fn w55_a_contact_is_stored_with_its_record_or_not_at_all() {
    let app = TestApp::new().await;
    let mut other = SqliteConnection::connect(&database(app.folder.path()))
        .await
        .unwrap();
    let batch = json!({"records": [of(1, &json!({"id": "c"}))]}).to_string();
    other
        .execute("ALTER TABLE contacts RENAME TO away")
        .await
        .unwrap();
    assert_eq!(
        app.post(batch.clone()).await.error(503),
        "store_unavailable"
    );
    other
        .execute("ALTER TABLE away RENAME TO contacts")
        .await
        .unwrap();
    assert_eq!(app.spend("").await.json()["totals"]["requests"], 0);
    assert_eq!(app.post(batch).await.json()["stored"], 1);
    assert_eq!(contact(&app, "c").await["totals"]["requests"], 1);
}

#[tokio::test]
async fn w55_an_id_may_have_any_characters() {
    let app = TestApp::new().await;
    let long = "ü".repeat(256);
    let odd = [
        "a/b",
        "/a",
        "a/",
        "a//b",
        "..",
        "a b",
        "a%2Fb",
        "a?b#c",
        "a+b",
        "'\"`;--",
        "a\u{0}b",
        "☃",
        "a:b@c.example",
        &long,
    ];
    let records: Vec<_> = (0..)
        .zip(odd)
        .map(|(i, id)| of(i, &json!({"id": id})))
        .collect();
    app.hand_in(&records).await;
    for id in odd {
        assert_eq!(contact(&app, id).await["id"], id);
        let query = escaped(id);
        let list = app.admin(&format!("/v1/contacts?id={query}")).await.json();
        assert_eq!(ids(&list), [id]);
        assert_eq!(list["data"][0]["totals"]["requests"], 1, "{id}");
        let spend = app.spend(&format!("contact={query}")).await.json();
        assert_eq!(spend["totals"]["requests"], 1, "{id}");
    }
    assert_eq!(app.admin("/v1/contacts/a/b").await.json()["id"], "a/b");
}

#[tokio::test]
async fn w55_an_unknown_contact_is_404() {
    let app = TestApp::new().await;
    app.hand_in(&[of(1, &json!({"id": "c"}))]).await;
    for path in ["C", "c/", "d", "%ff", "%00"] {
        let answer = app.admin(&format!("/v1/contacts/{path}")).await;
        assert_eq!(answer.error(404), "contact_not_found", "{path}");
        assert_eq!(answer.json()["error"]["param"], "id");
    }
    let list = app.admin("/v1/contacts?id=d").await.json();
    assert_eq!(
        (&list["data"], &list["has_more"]),
        (&json!([]), &json!(false))
    );
}

#[tokio::test]
async fn w55_pages_of_contacts_follow_each_other_and_do_not_shift() {
    let app = TestApp::new().await;
    let batch = |numbers: std::ops::Range<u64>| -> Vec<_> {
        numbers
            .map(|i| of(i, &json!({"id": format!("c{i}")})))
            .collect()
    };
    app.hand_in(&batch(0..1_200)).await;
    let (mut seen, mut query, mut pages) = (Vec::new(), "limit=500".to_owned(), 0);
    loop {
        let page = app.admin(&format!("/v1/contacts?{query}")).await.json();
        seen.extend(ids(&page).into_iter().map(ToOwned::to_owned));
        pages += 1;
        assert_eq!(page["has_more"], !page["next_cursor"].is_null());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("limit=500&cursor={cursor}");
        // A new one, and news of an old one.
        app.hand_in(&batch(2_000 + pages..2_001 + pages)).await;
        app.hand_in(&[of(3_000 + pages, &json!({"id": "c0", "email": "e"}))])
            .await;
    }
    let expected: Vec<_> = (0..1_200).rev().map(|i| format!("c{i}")).collect();
    assert_eq!((seen, pages), (expected, 3));
}

#[tokio::test]
async fn w55_large_or_odd_details_do_not_break_a_batch() {
    let app = TestApp::new().await;
    let large = "x".repeat(100_000);
    let deep = (0..110).fold(json!(1), |inner, _| json!([inner]));
    let odd = [
        json!({"id": "large", "email": large, "metadata": [{"k": large}]}),
        json!({"id": "deep", "metadata": [deep, null, "text"]}),
        json!({"id": "nul", "display_name": "a\u{0}b\"", "tags": ["", "\u{0}"]}),
        json!({"id": "none", "display_name": null, "unknown": 1}),
    ];
    let records: Vec<_> = (0..).zip(&odd).map(|(i, own)| of(i, own)).collect();
    let no_contacts = [of(8, &json!("text")), of(9, &json!({"id": 7}))];
    let taken = app.hand_in(&[&records[..], &no_contacts].concat()).await;
    assert_eq!(taken, json!({"stored": 4, "duplicates": 0, "refused": 2}));
    for (id, detail) in [
        ("large", "email"),
        ("deep", "metadata"),
        ("nul", "display_name"),
        ("nul", "tags"),
    ] {
        let sent = odd.iter().find(|own| own["id"] == id).unwrap();
        assert_eq!(contact(&app, id).await[detail], sent[detail], "{id}");
    }
}

#[tokio::test]
async fn w55_a_bad_parameter_is_named() {
    let app = TestApp::new().await;
    for (query, param, code) in [
        ("limit=0", "limit", "invalid_value"),
        ("cursor=x", "cursor", "invalid_value"),
        ("id=a&id=b", "id", "invalid_value"),
        ("email=x", "email", "unknown_parameter"),
    ] {
        let answer = app.admin(&format!("/v1/contacts?{query}")).await;
        assert_eq!(answer.error(400), code, "{query}");
        assert_eq!(answer.json()["error"]["param"], param, "{query}");
    }
}

#[tokio::test]
async fn w55_contacts_need_the_admin_token() {
    let open = TestApp::new().await;
    let off = TestApp::with(|app| app.access(Access::default())).await;
    for path in ["/v1/contacts", "/v1/contacts/c"] {
        assert_eq!(open.get(path).await.error(401), "invalid_token");
        let request = Request::get(path).header("authorization", "Bearer wrong");
        let answer = open.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.error(401), "invalid_token");
        assert_eq!(off.admin(path).await.error(403), "admin_disabled");
    }
}
