use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{ADMIN, Running, read_answer, record};

const POST: &str = "POST /internal/records HTTP/1.1\r\ncontent-type: application/json";

fn batch(numbers: std::ops::Range<u64>) -> String {
    json!({"records": numbers.map(record).collect::<Vec<_>>()}).to_string()
}

fn requests(sidecar: &Running) -> u64 {
    let head = format!("GET /v1/spend?limit=1 HTTP/1.1\r\nauthorization: Bearer {ADMIN}");
    let (status, body) = sidecar.request(&head, "");
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    body["totals"]["requests"].as_u64().unwrap()
}

#[test]
fn w53_what_was_answered_with_200_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let mut sidecar = Running::start(folder.path());
        assert_eq!(
            requests(&sidecar),
            round * 100,
            "what was there before the kill"
        );
        let (status, body) = sidecar.request(POST, &batch(round * 100..round * 100 + 100));
        assert_eq!((status, &*body), (200, r#"{"stored":100,"duplicates":0}"#));
        sidecar.child.kill().unwrap();
        sidecar.child.wait().unwrap();
    }
    let sidecar = Running::start(folder.path());
    assert_eq!(requests(&sidecar), 300);
    let (_, body) = sidecar.request(POST, &batch(0..300));
    assert_eq!(body, r#"{"stored":0,"duplicates":300}"#);
}

#[test]
fn a_request_in_flight_is_finished_at_each_signal() {
    for (name, number) in [("TERM", 1), ("INT", 2)] {
        let folder = tempfile::tempdir().unwrap();
        let mut sidecar = Running::start(folder.path());
        let body = batch(number..number + 1);
        let (first, rest) = body.split_at(20);
        let mut stream = TcpStream::connect(&sidecar.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{POST}\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{first}"
        )
        .unwrap();
        std::thread::sleep(Duration::from_millis(200));
        sidecar.signal(name);
        std::thread::sleep(Duration::from_millis(200));
        assert!(
            TcpStream::connect(&sidecar.address).is_err(),
            "no further connection is taken"
        );
        stream.write_all(rest.as_bytes()).unwrap();
        let (status, answer) = read_answer(&mut stream);
        assert_eq!((status, &*answer), (200, r#"{"stored":1,"duplicates":0}"#));
        assert_eq!(sidecar.child.wait().unwrap().code(), Some(0));
        assert!(sidecar.log().contains("sidecar stopped"));
        assert_eq!(requests(&Running::start(folder.path())), 1);
    }
}

#[test]
fn an_idle_connection_does_not_keep_the_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Running::start(folder.path());
    let mut idle = TcpStream::connect(&sidecar.address).unwrap();
    write!(idle, "GET /status HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(idle.read(&mut [0; 1024]).unwrap() > 0);
    let start = Instant::now();
    sidecar.signal("TERM");
    assert_eq!(sidecar.child.wait().unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_request_that_does_not_end_is_cut_when_the_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Running::start_with(folder.path(), "1");
    let mut slow = TcpStream::connect(&sidecar.address).unwrap();
    write!(slow, "{POST}\r\nhost: x\r\ncontent-length: 9\r\n\r\n{{").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    sidecar.signal("TERM");
    assert_eq!(sidecar.child.wait().unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(sidecar.log().contains("requests in flight were cut"));
}

#[test]
fn several_thousand_records_a_second_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Running::start(folder.path());
    let batches: Vec<_> = (0..40).map(|i| batch(i * 500..i * 500 + 500)).collect();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for part in batches.chunks(10) {
            let sidecar = &sidecar;
            scope.spawn(move || {
                for batch in part {
                    assert_eq!(sidecar.request(POST, batch).0, 200);
                }
            });
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(requests(&sidecar), 20_000);
    assert!(
        seconds < 10.0,
        "20,000 records took {seconds} s, in a build without optimisation"
    );
    println!("{:.0} records a second", 20_000.0 / seconds);
}

#[test]
fn the_log_holds_no_token_and_no_body() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Running::start(folder.path());
    let secret = json!({"records": [{"id": "canary-id"}, {"id": 1, "tags": {"canary": "x"}}]});
    assert_eq!(sidecar.request(POST, &secret.to_string()).0, 200);
    sidecar.request(
        "GET /v1/spend HTTP/1.1\r\nauthorization: Bearer canary-token",
        "",
    );
    requests(&sidecar);
    sidecar.signal("TERM");
    let log = sidecar.log();
    assert!(log.contains("record refused"), "{log}");
    assert!(!log.contains("canary") && !log.contains(ADMIN), "{log}");
}
