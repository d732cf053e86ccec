//! Many callers at once, and one of two providers fails every request.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use sluice_tests::client::{Reply, plain};
use sluice_tests::{Answer, Behind, Chat, Protocol, Stack};

use crate::expect::{self, MODEL};

/// How many call at once.
const CALLERS: usize = 200;
/// How long they do.
const LASTS: Duration = Duration::from_secs(3);

/// Everybody calls again and again; gives all that they got, each with the time from the storm's
/// beginning to its call.
async fn storm(dead: Behind) -> Vec<(Duration, Reply)> {
    let stack = Stack::builder()
        .behind("openai", dead)
        .provider("azure", Chat::of(&["from azure"]).wait_ms(50))
        .start()
        .await;
    let start = Instant::now();
    let body = plain(MODEL);
    let callers = (0..CALLERS).map(async |_| {
        let mut answered = Vec::new();
        while start.elapsed() < LASTS {
            let asked = start.elapsed();
            let reply = stack.caller.chat(&body).send().await;
            answered.push((asked, reply));
        }
        answered
    });
    join_all(callers).await.into_iter().flatten().collect()
}

/// The ways in which the first provider is dead.
fn dead() -> [(&'static str, Behind); 3] {
    let answers = |answer: Answer| Behind::Provider(Protocol::Http1, Box::new(answer.into()));
    [
        ("refuses connections", Behind::Refusing),
        ("500", answers(Answer::error(500, "no"))),
        ("429", answers(Answer::error(429, "slow down"))),
    ]
}

#[tokio::test]
async fn w31_w36_a_dead_provider_costs_200_callers_no_error_and_is_left_within_a_second() {
    for (name, behind) in dead() {
        let answered = storm(behind).await;
        let (mut all, mut late, mut to_the_dead, mut late_to_the_dead) = (0, 0, 0, 0);
        for (asked, reply) in &answered {
            assert_eq!(reply.status, 200, "{name}: {}", reply.text());
            assert_eq!(reply.said(), "from azure", "{name}");
            let route = expect::route(&reply.headers);
            assert!(route.ends_with("azure;200"), "{name}: {route}");
            let (is_late, is_dead) = (asked.as_secs() >= 1, route.starts_with("openai;"));
            all += 1;
            late += usize::from(is_late);
            to_the_dead += usize::from(is_dead);
            late_to_the_dead += usize::from(is_late && is_dead);
        }
        println!(
            "{name}: {to_the_dead} of {all} requests tried the dead one first, {late_to_the_dead} of {late} after a second"
        );
        assert!(to_the_dead > 0 && late >= CALLERS, "{name}: a storm");
        assert!(late_to_the_dead * 50 < late, "{name}: under 2 % of {late}");
    }
}

#[tokio::test]
async fn e21_a_request_that_another_filter_holds_keeps_its_exchange() {
    let stack = Stack::builder()
        .steady()
        .sidecar()
        .provider("openai", Answer::error(500, "no"))
        .provider("azure", Chat::of(&["from azure"]))
        .bootstrap(|bootstrap| {
            let filters = &mut bootstrap.connection_manager()["http_filters"];
            let filters = filters.as_array_mut().unwrap();
            let fault = json!({
                "name": "fault",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                    "delay": {"fixed_delay": "0.2s", "percentage": {"numerator": 100}},
                    "headers": [{"name": "x-held", "present_match": true}],
                },
            });
            filters.insert(filters.len() - 1, fault); // between the gateway filter and the router
        })
        .start()
        .await;
    let callers = (0..CALLERS).map(async |i| {
        let mut body = plain(MODEL);
        body["messages"][0]["content"] = json!(format!("the words of {i}"));
        let call = stack.caller.chat(&body);
        let call = call.header("x-request-id", &format!("label {i}"));
        let held = i % 3 == 0;
        let call = if held {
            call.header("x-held", "1")
        } else {
            call
        };
        call.send().await
    });
    let mut labels = BTreeMap::new();
    for (i, reply) in join_all(callers).await.into_iter().enumerate() {
        assert_eq!(reply.said(), "from azure");
        assert_eq!(expect::route(&reply.headers), "openai;500,azure;200");
        labels.insert(
            expect::assert_request_id(&reply),
            Some(format!("label {i}")),
        );
    }
    let entries = stack
        .sidecar
        .wait_for_records(CALLERS, Duration::from_secs(5))
        .await;
    let told = entries
        .into_iter()
        .map(|entry| (entry.record.id, entry.record.request_id));
    assert_eq!(told.collect::<BTreeMap<_, _>>(), labels);
    for name in ["openai", "azure"] {
        let seen = stack.provider(name).requests();
        let words = seen.iter().map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["messages"][0]["content"].as_str().unwrap().to_owned()
        });
        let words: BTreeSet<_> = words.collect();
        assert_eq!((seen.len(), words.len()), (CALLERS, CALLERS), "{name}");
    }
}
