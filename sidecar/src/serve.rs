//! Serves a router until told to stop, then drains.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Serves until `stop` is done, then takes no further connection and lets requests in flight
/// finish, for at most `drain`.
///
/// # Errors
///
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send,
    drain: Duration,
) -> io::Result<()> {
    let (begin, began) = oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = began.await;
    });
    let mut server = tokio::spawn(server.into_future());
    tokio::select! {
        result = &mut server => return result.unwrap_or_else(|error| Err(io::Error::other(error))),
        () = stop => {}
    }
    tracing::info!(
        drain_seconds = drain.as_secs(),
        "stopping: requests in flight may finish"
    );
    let _ = begin.send(());
    match timeout(drain, &mut server).await {
        Ok(result) => result.unwrap_or_else(|error| Err(io::Error::other(error))),
        Err(_) => {
            tracing::warn!("requests in flight were cut: they did not finish in time");
            server.abort();
            Ok(())
        }
    }
}

/// Done at the first SIGTERM or SIGINT.
///
/// # Errors
///
/// The signals cannot be listened for.
pub(crate) fn signalled() -> io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
