//! `bench-load`: so many requests over so many connections that stay, and what came of them as one line of JSON.
//!
//! `--port`, `--requests` and `--connections` say where and how many; `--seconds` ends it earlier. `--sizes 1000,10000`
//! are the bodies, in turn; `--model`, `--stream` and `--tools` what stands in them; `--file` is a body of its own.
//! `--header 'name: value'` may repeat, `--path` is another path.
//!
//! `--rate` sends so many a second whether answers come or not: a request that has to wait for a free connection counts
//! from the time at which it was due, so that a stall is seen by all that it delays.

mod count;

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use count::Count;
use sluice_bench::arguments::Arguments;
use sluice_bench::bodies::{Shape, body};
use sluice_bench::http::Connection;

/// What all connections share.
struct Load {
    port: u16,
    requests: Vec<Vec<u8>>,
    count: usize,
    next: AtomicUsize,
    rate: f64,
    begun: Instant,
    limit: Duration,
}

fn main() -> Result<(), String> {
    let arguments = Arguments::read();
    let connections: usize = arguments.value("--connections", 16)?;
    let load = Arc::new(Load {
        port: arguments.value("--port", 8080)?,
        requests: requests(&arguments)?,
        count: arguments.value("--requests", 1000)?,
        next: AtomicUsize::new(0),
        rate: arguments.value("--rate", 0.0)?,
        begun: Instant::now(),
        limit: Duration::from_secs_f64(arguments.value("--seconds", 60.0)?),
    });
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            let load = Arc::clone(&load);
            thread::spawn(move || load.connection())
        })
        .collect();
    let mut whole = Count::default();
    for thread in threads {
        whole.add(thread.join().map_err(|_| "a connection panicked")?);
    }
    println!("{}", whole.json(load.begun.elapsed()));
    Ok(())
}

/// The requests that are sent in turn.
fn requests(arguments: &Arguments) -> Result<Vec<Vec<u8>>, String> {
    let path = arguments.value("--path", "/v1/chat/completions".to_owned())?;
    let headers: String = arguments
        .all("--header")
        .map(|header| format!("{header}\r\n"))
        .collect();
    let message = |body: Vec<u8>| {
        let len = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: bench.local\r\nuser-agent: bench-load\r\ncontent-type: application/json\r\n\
             {headers}content-length: {len}\r\n\r\n"
        );
        [head.into_bytes(), body].concat()
    };
    if let Some(file) = arguments.all("--file").next() {
        let body = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
        return Ok(vec![message(body)]);
    }
    let model = arguments.value("--model", "demo".to_owned())?;
    let shape = if arguments.has("--tools") {
        Shape::Tools
    } else {
        Shape::Chat
    };
    let sizes = arguments.value("--sizes", "1000".to_owned())?;
    let sizes = sizes.split(',').map(str::parse);
    let body = |len| message(body(shape, len, &model, arguments.has("--stream")));
    let bodies: Result<_, _> = sizes.map(|len| len.map(body)).collect();
    bodies.map_err(|error| format!("--sizes: {error}"))
}

impl Load {
    /// One connection after the other, until all requests are sent.
    fn connection(&self) -> Count {
        let mut count = Count::default();
        let mut open = None;
        loop {
            let i = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = self.requests.get(i % self.requests.len()) else {
                return count;
            };
            if i >= self.count || self.begun.elapsed() > self.limit {
                return count;
            }
            let begun = self.wait(i);
            match self.exchange(open.take(), request, begun, &mut count) {
                Ok(connection) => open = connection,
                Err(_) => count.broken += 1,
            }
        }
    }

    /// Waits until a request is due; when its time begins.
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    fn wait(&self, i: usize) -> Instant {
        let now = Instant::now();
        if self.rate <= 0.0 {
            return now;
        }
        let due = self.begun + Duration::from_secs_f64(i as f64 / self.rate);
        if due <= now {
            return due;
        }
        thread::sleep(due - now);
        Instant::now()
    }

    fn exchange(
        &self,
        open: Option<Connection>,
        request: &[u8],
        begun: Instant,
        count: &mut Count,
    ) -> io::Result<Option<Connection>> {
        let mut connection = match open {
            Some(connection) => connection,
            None => Connection::new(TcpStream::connect(("127.0.0.1", self.port))?)?,
        };
        connection.send(request)?;
        let Some(answer) = connection.message()? else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        count.whole.push(begun.elapsed());
        let first = answer.first.map(|first| first.duration_since(begun));
        count.first.extend(first);
        if answer.status() != Some(200) {
            count.refused += 1;
        }
        Ok((!answer.is_last()).then_some(connection))
    }
}
