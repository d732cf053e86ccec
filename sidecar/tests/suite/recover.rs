use std::io::Write;
use std::process::Stdio;

use serde_json::json;
use sluice_sidecar::store::{Filter, Query, Store};

use crate::support::{DOCUMENT, changed, database, finished, program, record, write};

fn line(batch: &serde_json::Value) -> Vec<u8> {
    let head =
        "[2026-11-20 10:00:00.000][7][critical][wasm] wasm log sluice gateway: sluice.records ";
    format!("{head}{batch}\n").into_bytes()
}

fn recover(folder: &std::path::Path, log: &[u8]) -> (Option<i32>, String) {
    let document = write(folder, "document.json", DOCUMENT);
    let mut command = program();
    command
        .args(["recover", "-", "--database", &database(folder), "--config"])
        .arg(document);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(log).unwrap();
    let (code, stdout, _) = finished(child.wait_with_output().unwrap());
    (code, stdout)
}

#[tokio::test]
async fn w53_records_of_a_log_are_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = b"[info] starting\n\xff\xfe not UTF-8\n".to_vec();
    log.extend(line(
        &json!({"records": [record(1), record(2)], "dropped": 0}),
    ));
    log.extend(b"[info] in between\n");
    log.extend(line(
        &json!({"records": [record(2), record(3)], "dropped": 5}),
    ));
    let (code, text) = recover(folder.path(), &log);
    assert_eq!(
        text,
        "3 records stored, 1 were there already\n5 records were lost before, as the log says\n"
    );
    assert_eq!(code, Some(0));
    let (_, text) = recover(folder.path(), &log);
    assert!(
        text.starts_with("0 records stored, 4 were there already\n"),
        "{text}"
    );
    let store = Store::open(&database(folder.path())).await.unwrap();
    let query = Query {
        filter: Filter::default(),
        after: None,
        limit: 10,
    };
    let totals = store.page(&query).await.unwrap().totals;
    assert_eq!(
        (totals.requests, totals.cost_nano_usd),
        (3, 3 * 156_000),
        "priced like any other"
    );
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = line(&json!({"records": [record(1), changed(2, &json!({"id": "x"}))]}));
    log.extend(b"sluice.records {\"records\": [{\"id\n");
    log.extend(line(&json!({"records": [record(3)]})));
    let (code, text) = recover(folder.path(), &log);
    assert_eq!(
        text,
        "2 records stored, 0 were there already\n1 records and 1 lines could not be read\n"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn a_log_may_be_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = write(
        folder.path(),
        "envoy.log",
        std::str::from_utf8(&line(&json!({"records": [record(1)]}))).unwrap(),
    );
    let document = write(folder.path(), "document.json", DOCUMENT);
    let mut command = program();
    command
        .arg("recover")
        .arg(log)
        .arg("--config")
        .arg(document);
    let output = command
        .env("SLUICE_DATABASE", database(folder.path()))
        .output()
        .unwrap();
    let (code, stdout, stderr) = finished(output);
    assert_eq!(
        (code, &*stdout),
        (Some(0), "1 records stored, 0 were there already\n"),
        "{stderr}"
    );
}
