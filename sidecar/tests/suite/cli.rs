use std::path::Path;

use crate::support::{DOCUMENT, Running, finished, program, run, write};

#[test]
fn help_names_every_command_and_flag() {
    let (code, text, _) = run(["--help"]);
    assert_eq!(code, Some(0));
    for command in ["serve", "check", "key", "recover", "demo", "health"] {
        assert!(text.contains(&format!("\n  {command} ")), "{command}");
    }
    let (_, text, _) = run(["serve", "--help"]);
    for flag in [
        "--listen",
        "--envoy-config",
        "--config",
        "--database",
        "--admin-token",
        "--admin-token-file",
        "--ingest-token",
        "--ingest-token-file",
        "--log-format",
    ] {
        assert!(text.contains(&format!("{flag} <")), "{flag}");
    }
    assert!(text.contains("[env: SLUICE_DATABASE]") && text.contains("127.0.0.1:8081"));
}

#[test]
fn help_does_not_show_a_token_of_the_environment() {
    let output = program()
        .args(["serve", "--help"])
        .env("SLUICE_ADMIN_TOKEN", "canary")
        .output();
    let (_, text, _) = finished(output.unwrap());
    assert!(text.contains("SLUICE_ADMIN_TOKEN") && !text.contains("canary"));
}

#[test]
fn serve_refuses_a_document_with_faults_and_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        "d.json",
        &DOCUMENT.replace("\"host\": \"near.ai\"", ""),
    );
    let path = path.to_str().unwrap();
    let (code, _, stderr) = run(["serve", "--config", path]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("{path}: /providers/near/host: is required")),
        "{stderr}"
    );
}

#[test]
fn serve_refuses_a_store_that_it_has_no_driver_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "d.json", DOCUMENT);
    let path = path.to_str().unwrap();
    let (code, _, stderr) = run([
        "serve",
        "--config",
        path,
        "--database",
        "postgres://u:canary@h/d",
    ]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("no driver for `postgres`") && !stderr.contains("canary"),
        "{stderr}"
    );
}

#[test]
fn serve_needs_one_document() {
    let (code, _, stderr) = run(["serve"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--envoy-config"), "{stderr}");
    let (code, ..) = run(["serve", "--config", "a", "--envoy-config", "b"]);
    assert_eq!(code, Some(2));
}

#[test]
fn a_key_is_made_for_an_id() {
    let (code, text, _) = run(["key", "--id", "team1"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("sk-ollm-team1-"), "{text}");
    assert!(text.contains("\n{id: \"team1\", sha256: \""), "{text}");
    assert_eq!(run(["key", "--id", "a-b"]).0, Some(2));
}

#[test]
fn health_is_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Running::start(folder.path());
    let url = format!("http://{}/health", sidecar.address);
    assert_eq!(
        run(["health", "--url", &url]),
        (Some(0), String::new(), String::new())
    );
    let (code, _, stderr) = run(["health", "--url", &url.replace("/health", "/nowhere")]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("answered 404"), "{stderr}");
    assert_eq!(
        run(["health", "--url", "https://127.0.0.1/health"]).0,
        Some(1)
    );
    sidecar.child.kill().unwrap();
    sidecar.child.wait().unwrap();
    assert_eq!(run(["health", "--url", &url]).0, Some(1));
}

#[test]
fn the_reference_envoy_file_is_whole() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoy/envoy.yaml");
    let (code, stdout, _) = run(["check", file.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{stdout}");
}
