//! The gateway held to its own OpenAPI document by schemathesis; hooks and settings are in
//! `tests/openapi`.

use serde_json::json;
use sluice_tests::{Chat, Stack, place};
use tokio::process::Command;

/// Exits with 3 where Python is too old for schemathesis.
const RUN: &str = "import sys
sys.version_info < (3, 11) and sys.exit(3)
from schemathesis.cli import schemathesis
schemathesis()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w02_the_gateway_does_what_its_document_says() {
    let stack = Stack::builder()
        .provider("openai", Chat::default())
        .provider("azure", Chat::default())
        .config(|doc| {
            let private = ["10.9.8.7"];
            doc["vllm_endpoint"] = json!({"allow": ["10.9.8.7:8000"], "private": private});
        })
        .sidecar()
        .start()
        .await;
    let document = stack.caller.with_key(None).get("/openapi.json").await;
    assert_eq!(document.status, 200, "{}", document.text());
    assert_eq!(document.header("content-type"), Some("application/json"));
    assert_eq!(document.json()["openapi"], "3.1.0");
    let url = format!("http://{}", stack.caller.addr());
    let config = "tests/openapi/schemathesis.toml";
    let location = format!("{url}/openapi.json");
    let run = ["-c", RUN, "--config-file", config, "run", &location];
    let (code, text) = python(&stack, &url, &run).await;
    if code == Some(3) && text.is_empty() {
        eprintln!("SKIPPED: schemathesis needs Python 3.11 or newer");
        return;
    }
    assert_eq!(code, Some(0), "{text}");
    let run = [
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/openapi",
    ];
    let (code, text) = python(&stack, &url, &run).await;
    assert_eq!(code, Some(0), "{text}");
}

/// Runs Python and gives its exit code and all that it says.
async fn python(stack: &Stack, url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(place::python())
        .args(arguments)
        .current_dir(place::workspace())
        .env("SLUICE_URL", url)
        .env("SLUICE_KEY", stack.caller.key().unwrap())
        .env("HYPOTHESIS_STORAGE_DIRECTORY", stack.dir())
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .await
        .unwrap_or_else(|error| panic!("{:?}: {error}; set SLUICE_PYTHON", place::python()));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code(), text)
}
