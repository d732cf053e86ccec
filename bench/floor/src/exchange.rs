//! What both filters of a request share.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use memchr::memmem;

thread_local! {
    static EXCHANGES: RefCell<HashMap<u32, Rc<Exchange>>> = RefCell::default();
}

/// One request: its body, and where the model stands in it.
pub(crate) struct Exchange {
    body: Vec<u8>,
    model: Range<usize>,
    pub(crate) plan: &'static [Attempt],
    tried: Cell<usize>,
}

/// What an attempt needs.
pub(crate) struct Attempt {
    pub(crate) cluster: &'static str,
    pub(crate) host: &'static str,
    pub(crate) path: &'static str,
    pub(crate) key: &'static str,
    pub(crate) model: &'static str,
}

/// The first provider answers.
const ONE: [Attempt; 1] = [Attempt {
    cluster: "groq",
    host: "api.groq.com",
    path: "/openai/v1/chat/completions",
    key: "Bearer key-of-the-bench",
    model: "llama-3.3-70b-versatile",
}];

/// The first provider fails.
const TWO: [Attempt; 2] = [
    Attempt {
        cluster: "openai",
        host: "api.openai.com",
        path: "/v1/chat/completions",
        key: "Bearer key-of-the-bench",
        model: "gpt-4o-mini-2024-07-18",
    },
    Attempt {
        cluster: "azure",
        host: "example.openai.azure.com",
        path: "/openai/deployments/mini/chat/completions?api-version=2024-10-21",
        key: "Bearer key-of-the-bench",
        model: "mini",
    },
];

impl Exchange {
    /// Finds the model, and the plan that it has; `None` where there is no model.
    pub(crate) fn new(body: Vec<u8>) -> Option<Self> {
        let member = b"\"model\":\"";
        let start = memmem::find(&body, member)? + member.len();
        let rest = body.get(start..)?;
        let end = start + memchr::memchr(b'"', rest)?;
        let plan: &[Attempt] = if rest.starts_with(b"llama") {
            &ONE
        } else {
            &TWO
        };
        Some(Self {
            body,
            model: start..end,
            plan,
            tried: Cell::default(),
        })
    }

    /// The attempt that begins, and the one after it.
    pub(crate) fn attempt(&self) -> Option<(&'static Attempt, Option<&'static Attempt>)> {
        let at = self.tried.replace(self.tried.get() + 1);
        Some((self.plan.get(at)?, self.plan.get(at + 1)))
    }

    /// Length of an attempt's body.
    pub(crate) fn len(&self, attempt: &Attempt) -> usize {
        self.body.len() - self.model.len() + attempt.model.len()
    }

    /// What the body begins with in an attempt, and how many bytes of the caller's that replaces.
    pub(crate) fn prefix(&self, attempt: &Attempt) -> (Vec<u8>, usize) {
        let before = self.body.get(..self.model.start).unwrap_or_default();
        ([before, attempt.model.as_bytes()].concat(), self.model.end)
    }
}

pub(crate) fn insert(handle: u32, exchange: Exchange) {
    EXCHANGES.with_borrow_mut(|all| all.insert(handle, Rc::new(exchange)));
}

pub(crate) fn get(handle: u32) -> Option<Rc<Exchange>> {
    EXCHANGES.with_borrow(|all| all.get(&handle).cloned())
}

pub(crate) fn remove(handle: u32) {
    EXCHANGES.with_borrow_mut(|all| all.remove(&handle));
}
