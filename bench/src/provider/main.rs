//! `bench-provider`: a provider that answers at once with the same chat, or streams it chunk by chunk.
//!
//! `--port` answers 200. `--failing-port` answers 500, but to a request with an `x-request-id` that
//! it has seen: so a bare Envoy's retry at the same cluster is answered, too.
//! `--chunks` (200) of a stream come `--gap-us` (5000) apart.

mod answers;

use std::collections::HashSet;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use answers::Answers;
use sluice_bench::arguments::Arguments;
use sluice_bench::http::{Connection, Message};

/// What all connections share.
struct Provider {
    answers: Answers,
    gap: Duration,
    /// Ids of requests that failed once.
    failed: Mutex<HashSet<String>>,
}

fn main() -> Result<(), String> {
    let arguments = Arguments::read();
    let provider = Arc::new(Provider {
        answers: Answers::new(arguments.value("--chunks", 200)?),
        gap: Duration::from_micros(arguments.value("--gap-us", 5000)?),
        failed: Mutex::default(),
    });
    let mut listeners = Vec::new();
    for (name, fails) in [("--port", false), ("--failing-port", true)] {
        let port: u16 = arguments.value(name, 0)?;
        let listener = TcpListener::bind(("127.0.0.1", port));
        let listener = listener.map_err(|error| format!("{name} {port}: {error}"))?;
        let provider = Arc::clone(&provider);
        listeners.push(thread::spawn(move || listen(&listener, fails, &provider)));
    }
    for listener in listeners {
        listener.join().map_err(|_| "a listener panicked")?;
    }
    Ok(())
}

fn listen(listener: &TcpListener, fails: bool, provider: &Arc<Provider>) {
    for stream in listener.incoming().flatten() {
        let provider = Arc::clone(provider);
        // A connection that breaks is Envoy's way to say that its caller has gone.
        thread::spawn(move || drop(provider.serve(stream, fails)));
    }
}

impl Provider {
    fn serve(&self, stream: TcpStream, fails: bool) -> io::Result<()> {
        let mut connection = Connection::new(stream)?;
        while let Some(request) = connection.message()? {
            if fails && !self.is_second(&request) {
                connection.send(&self.answers.failure)?;
            } else if request
                .tail
                .windows(13)
                .any(|bytes| bytes == b"\"stream\":true")
            {
                self.stream(&mut connection)?;
            } else {
                connection.send(&self.answers.plain)?;
            }
        }
        Ok(())
    }

    /// Each chunk leaves at its own time, however long the one before took.
    fn stream(&self, connection: &mut Connection) -> io::Result<()> {
        let mut due = Instant::now();
        for chunk in &self.answers.stream {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            connection.send(chunk)?;
            due += self.gap;
        }
        Ok(())
    }

    fn is_second(&self, request: &Message) -> bool {
        let Some(id) = request.header("x-request-id") else {
            return false;
        };
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.remove(id) || !failed.insert(id.to_owned())
    }
}
