//! A request's body: bytes → [`Chat`], or every fault of it.
//!
//! One pass over the text ([`crate::json`]) checks the fields and notes where they stand. Nothing
//! is built from the body but what the gateway acts on.

mod caps;
mod chat;
mod edits;
mod extras;
mod faults;
mod known;
mod messages;
mod rules;
mod stop;

pub use caps::Cap;
pub use chat::{Chat, Rules};
pub use edits::Upstream;
pub use extras::Extras;

#[cfg(test)]
mod tests;
