//! The one writer: what waits is written in one transaction, so that all share one sync.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::insert;
use crate::store::{Appended, Entry, StoreError};

/// Batches that may wait; a further one makes its sender wait, which bounds the memory.
const QUEUE: usize = 16;

/// Entries after which a transaction takes no further batch.
const GROUP: usize = 5_000;

/// Hands work to the writer's task.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
}

/// One piece of work and where its result goes.
enum Job {
    Append(Append),
    Probe(oneshot::Sender<Result<(), StoreError>>),
    Close(oneshot::Sender<()>),
}

struct Append {
    entries: Vec<Entry>,
    reply: oneshot::Sender<Result<Appended, StoreError>>,
}

impl Writer {
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(run(pool, jobs));
        Self { queue }
    }

    pub(super) async fn append(&self, entries: Vec<Entry>) -> Result<Appended, StoreError> {
        let (reply, result) = oneshot::channel();
        let job = Job::Append(Append { entries, reply });
        self.queue.send(job).await.map_err(|_| StoreError::Closed)?;
        result.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(super) async fn probe(&self) -> Result<(), StoreError> {
        let (reply, result) = oneshot::channel();
        let job = Job::Probe(reply);
        self.queue.send(job).await.map_err(|_| StoreError::Closed)?;
        result.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Returns when everything queued before is written and the file is closed.
    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.queue.send(Job::Close(reply)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

async fn run(pool: SqlitePool, mut jobs: mpsc::Receiver<Job>) {
    let mut next = jobs.recv().await;
    while let Some(job) = next.take() {
        match job {
            Job::Append(first) => {
                let mut group = vec![first];
                next = gather(&mut group, &mut jobs);
                write(&pool, group).await;
            }
            Job::Probe(reply) => {
                let _ = reply.send(insert::probe(&pool, now_ms()).await);
            }
            Job::Close(reply) => {
                jobs.close();
                pool.close().await;
                let _ = reply.send(());
                return;
            }
        }
        if next.is_none() {
            next = jobs.recv().await;
        }
    }
    pool.close().await;
}

/// Takes the batches that wait; gives back the job that ended the row of them, if one did.
fn gather(group: &mut Vec<Append>, jobs: &mut mpsc::Receiver<Job>) -> Option<Job> {
    let mut entries: usize = group.iter().map(|append| append.entries.len()).sum();
    while entries < GROUP {
        match jobs.try_recv() {
            Ok(Job::Append(append)) => {
                entries += append.entries.len();
                group.push(append);
            }
            Ok(other) => return Some(other),
            Err(_) => return None,
        }
    }
    None
}

/// Writes a group in one transaction: all of it is stored, or nothing is and all are told why.
async fn write(pool: &SqlitePool, group: Vec<Append>) {
    let batches: Vec<&[Entry]> = group.iter().map(|append| &*append.entries).collect();
    let (mut results, fault) = match insert::all(pool, &batches).await {
        Ok(results) => (results.into_iter(), None),
        Err(error) => (Vec::new().into_iter(), Some(Arc::new(error))),
    };
    for append in group {
        let new = results.next().unwrap_or_default();
        let result = match &fault {
            None => Ok(split(append.entries, &new)),
            Some(fault) => Err(StoreError::Shared(Arc::clone(fault))),
        };
        let _ = append.reply.send(result);
    }
}

/// Divides the entries into those that were new and those that were not.
fn split(entries: Vec<Entry>, new: &insert::New) -> Appended {
    let mut appended = Appended::default();
    for (place, entry) in entries.into_iter().enumerate() {
        if new.contains(&place) {
            appended.stored.push(entry);
        } else {
            appended.duplicates += 1;
        }
    }
    appended
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
