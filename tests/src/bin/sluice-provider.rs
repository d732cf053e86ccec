//! The scripted provider as a program, for tests that are not written in Rust.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use sluice_tests::{Provider, Script};

/// A provider that speaks OpenAI's chat completions and does as it is told.
///
/// PUT /_control/script sets what it does, GET /_control/requests shows what it saw.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where it listens, HTTP/1.1 and h2c.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,

    /// A script to begin with, as JSON.
    #[arg(long)]
    script: Option<PathBuf>,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let script = options.script.map_or_else(Script::default, |path| {
        let text = std::fs::read(&path).expect("the script can be read");
        serde_json::from_slice(&text).expect("the script is one")
    });
    let provider = Provider::listen(options.listen, script, None).await;
    eprintln!("listening on {}", provider.addr());
    tokio::select! {
        () = provider.forever() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
