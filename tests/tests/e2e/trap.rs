//! A trap of the VM (`failure_policy: FAIL_RELOAD`), pulled on purpose in a test build.

use std::time::Duration;

use sluice_tests::client::{plain, streamed};
use sluice_tests::stack::Builder;
use sluice_tests::{Chat, Stack, place, until};

use crate::expect::{self, MODEL};

fn trapping(test: &str) -> Option<Builder> {
    let module = place::trapping_module();
    if module.is_none() {
        expect::skipped(
            test,
            "SLUICE_WASM_TRAP is not set (a module with the feature test-trap)",
        );
    }
    Some(
        Stack::builder()
            .traps()
            .module(&module?)
            .provider("openai", Chat::default()),
    )
}

#[tokio::test]
async fn the_next_request_is_served() {
    let Some(builder) = trapping("the_next_request_is_served") else {
        return;
    };
    let stack = builder.start().await;
    for _ in 0..3 {
        assert_eq!(stack.caller.chat(&plain(MODEL)).send().await.status, 200);
        let call = stack
            .caller
            .chat(&plain(MODEL))
            .header("x-sluice-test-trap", "1");
        let trapped = call.try_send().await;
        assert!(
            trapped.as_ref().is_ok_and(|reply| reply.status == 503),
            "{trapped:?}"
        );
        // Envoy makes a new VM on the next request, after a pause of its own choice.
        until(
            "a request is served again",
            Duration::from_secs(5),
            async || {
                let reply = stack.caller.chat(&streamed(MODEL)).try_send().await.ok()?;
                (reply.status == 200 && reply.streamed() == "Hello!").then_some(())
            },
        )
        .await;
    }
}

#[tokio::test]
async fn records_that_wait_are_delivered() {
    let Some(builder) = trapping("records_that_wait_are_delivered") else {
        return;
    };
    let mut stack = builder.start().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        let reply = stack.caller.chat(&plain(MODEL)).send().await;
        ids.push(expect::assert_request_id(&reply));
    }
    // Both workers' VMs, or as many as the kernel lets these connections reach.
    for _ in 0..8 {
        let caller = stack.caller.with_key(stack.caller.key());
        let call = caller.chat(&plain(MODEL)).header("x-sluice-test-trap", "1");
        let _trapped = call.try_send().await;
    }
    until(
        "a request is served again",
        Duration::from_secs(5),
        async || {
            let caller = stack.caller.with_key(stack.caller.key());
            let reply = caller.chat(&plain(MODEL)).try_send().await.ok()?;
            (reply.status == 200).then_some(())
        },
    )
    .await;
    stack.sidecar.start().await;
    for id in ids {
        stack.sidecar.wait_for_record(&id).await;
    }
}
