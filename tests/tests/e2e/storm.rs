//! Many callers at once, and one of two providers fails every request.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
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
async fn w31_with_one_provider_dead_no_caller_of_200_sees_an_error() {
    for (name, behind) in dead() {
        let answered = storm(behind).await;
        println!("{name}: {} requests", answered.len());
        assert!(answered.len() >= 2 * CALLERS, "{name}: {}", answered.len());
        for (_, reply) in answered {
            assert_eq!(reply.status, 200, "{name}: {}", reply.text());
            assert_eq!(reply.said(), "from azure", "{name}");
            let route = expect::route(&reply.headers);
            assert!(route.ends_with("azure;200"), "{name}: {route}");
        }
    }
}
