//! A request's body: bytes → [`Chat`], or every fault of it.
//!
//! One pass over the text ([`crate::json`]) holds every field against its [`shape`] and notes where
//! it stands. Nothing is built from the body but what the gateway acts on.

mod alike;
mod caps;
mod chat;
mod check;
mod edits;
mod extras;
mod faults;
pub mod fields;
mod needs;
mod noted;
mod path;
mod reader;
mod routing;
pub mod shape;
mod usage;
mod value;

pub use caps::Cap;
pub use chat::{Chat, Rules};
pub use edits::Upstream;
pub use extras::Extras;
pub use needs::Needs;
pub use routing::{Retry, Routing, Weighted};

#[cfg(test)]
mod tests;
