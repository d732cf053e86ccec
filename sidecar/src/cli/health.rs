//! `health`: asks a sidecar for its health, for images that have no shell and no HTTP client.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use axum::http::Uri;
use clap::Args;

use super::Failure;

/// How long each step may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Bytes of an answer's first line at most.
const LINE: u64 = 64;

/// Settings of `health`.
#[derive(Args)]
pub(super) struct Health {
    /// What to ask; plain HTTP.
    #[arg(
        long,
        env = "SLUICE_HEALTH_URL",
        default_value = "http://127.0.0.1:8081/health"
    )]
    url: Uri,
}

impl Health {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let status = ask(&self.url)?;
        if (200..300).contains(&status) {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::new(format!("{} answered {status}", self.url)))
    }
}

/// The status of a GET.
fn ask(url: &Uri) -> Result<u16, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{url}: {error}"));
    let (Some("http"), Some(authority)) = (url.scheme_str(), url.authority()) else {
        return Err(Failure::new(format!("{url}: must begin with http://")));
    };
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let port = authority.port_u16().unwrap_or(80);
    let mut addresses = (host, port).to_socket_addrs().map_err(failed)?;
    let address = addresses
        .next()
        .ok_or_else(|| Failure::new(format!("{url}: no address")))?;
    let mut stream = TcpStream::connect_timeout(&address, LIMIT).map_err(failed)?;
    stream.set_read_timeout(Some(LIMIT)).map_err(failed)?;
    stream.set_write_timeout(Some(LIMIT)).map_err(failed)?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nhost: {authority}\r\nconnection: close\r\n\r\n"
    )
    .map_err(failed)?;
    let mut line = Vec::new();
    stream.take(LINE).read_to_end(&mut line).map_err(failed)?;
    let line = String::from_utf8_lossy(&line);
    let status = line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    status.ok_or_else(|| Failure::new(format!("{url}: no HTTP answer")))
}
