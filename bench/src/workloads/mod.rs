//! The workloads of the core: the same on every run, and nothing of them is asked of a clock or of chance.

mod answer;
mod exchange;
mod gateway;
mod health;
mod plan;
mod record;
mod request;

use std::fmt::Debug;

use crate::bodies::Shape::{Chat, Tools};
use crate::bodies::{self, Shape};

/// When all of it happens, Unix milliseconds.
const NOW: u64 = 1_763_683_200_000;
/// The seed of all chance.
const SEED: [u8; 16] = [7; 16];

/// A workload by its name.
pub struct Workload {
    /// Its name: part and case.
    pub name: &'static str,
    /// What a call is to cost in Wasm at most, µs.
    pub target: Option<f64>,
    /// Makes it.
    make: fn() -> Result<Work, String>,
}

impl Workload {
    /// All that a call works on, made once.
    ///
    /// # Errors
    ///
    /// What the core says of it: the workload is wrong.
    pub fn make(&self) -> Result<Work, String> {
        (self.make)()
    }

    const fn at_most(self, target: f64) -> Self {
        let target = Some(target);
        Self { target, ..self }
    }
}

/// A workload that is ready.
pub struct Work {
    /// Bytes that a call goes over; 0 where that says nothing.
    pub bytes: usize,
    /// What comes of a call: more than 0.
    call: Box<dyn FnMut() -> Result<usize, String>>,
}

impl Work {
    fn new(bytes: usize, call: impl FnMut() -> Result<usize, String> + 'static) -> Self {
        let call = Box::new(call);
        Self { bytes, call }
    }

    /// Does it once.
    ///
    /// # Errors
    ///
    /// What the core says of it, or that nothing came of it: the workload is wrong.
    pub fn once(&mut self) -> Result<usize, String> {
        match (self.call)()? {
            0 => Err("nothing came of it".to_owned()),
            some => Ok(some),
        }
    }
}

const fn workload(name: &'static str, make: fn() -> Result<Work, String>) -> Workload {
    Workload {
        name,
        target: None,
        make,
    }
}

/// All of them, in the order of the data's way.
pub const ALL: [Workload; 26] = [
    workload("parse 1 KB", || request::parse(Chat, 1_000)),
    workload("parse 10 KB", || request::parse(Chat, 10_000)),
    workload("parse 100 KB", || request::parse(Chat, 100_000)),
    workload("parse 1 MB", || request::parse(Chat, 1_000_000)),
    workload("parse 10 KB tools", || request::parse(Tools, 10_000)),
    workload("plan model", plan::model),
    workload("plan sequence", plan::sequence),
    workload("plan function", plan::function),
    workload("plan cooling", plan::cooling),
    workload("plan auto", plan::auto),
    workload("edit 10 KB", || request::edit(10_000)),
    workload("edit 1 MB", || request::edit(1_000_000)),
    // Parsed, planned and edited: what lies between two bodies.
    workload("request 10 KB", || request::whole(10_000)).at_most(12.0),
    workload("request 1 MB", || request::whole(1_000_000)).at_most(800.0),
    workload("stream, usage dropped", answer::usage_dropped),
    workload("stream, usage asked", answer::usage_asked),
    workload("stream, odd splits", answer::odd_splits),
    workload("plain answer", answer::plain),
    workload("record", record::one),
    workload("batch of 100 records", record::batch),
    workload("health ring", health::ring),
    workload("health cooldowns", health::cooldowns),
    workload("exchange, plain 1 KB", exchange::small),
    workload("exchange, plain 10 KB", exchange::plain),
    workload("exchange, stream", exchange::stream),
    workload("exchange, failover", exchange::failover),
];

/// A body that asks for the model of [`gateway`].
fn body(shape: Shape, len: usize, stream: bool) -> Vec<u8> {
    bodies::body(shape, len, "gpt-4o-mini", stream)
}

/// A fault as words.
fn told(why: impl Debug) -> String {
    format!("{why:?}")
}
