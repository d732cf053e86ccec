//! The official OpenAI SDK as the caller; its tests are in `tests/sdk`.

use serde_json::json;
use sluice_tests::{Answer, Chat, Stack, place};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sdk() {
    let stack = Stack::builder()
        .steady()
        .provider("openai", Chat::default())
        .provider("azure", Answer::error(503, "nobody is to come here"))
        .config(|doc| doc["defaults"]["failover_order"] = json!(["openai", "azure"]))
        .sidecar()
        .start()
        .await;
    let output = Command::new(place::python())
        .args([
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-rs",
            "tests/sdk",
        ])
        .current_dir(place::workspace())
        .env("SLUICE_URL", format!("http://{}", stack.caller.addr()))
        .env("SLUICE_KEY", stack.caller.key().unwrap())
        .env(
            "SLUICE_OPENAI",
            format!("http://{}", stack.provider("openai").addr()),
        )
        .env(
            "SLUICE_AZURE",
            format!("http://{}", stack.provider("azure").addr()),
        )
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .await
        .unwrap_or_else(|error| panic!("{:?}: {error}; set SLUICE_PYTHON", place::python()));
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{text}");
    eprintln!("{text}");
}
