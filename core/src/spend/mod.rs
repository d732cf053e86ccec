//! Money: what an exchange used → [`Record`] → [`Cost`].
//!
//! The filter makes records, the sidecar prices and stores them; both use this one type.

mod cost;
mod estimate;
mod labels;
pub mod outbox;
mod record;
mod written;

pub use cost::{Cost, cost_of, price};
pub use estimate::estimated;
pub use labels::{Contact, Thread};
pub use record::{Attempt, Batch, EndReason, Outcome, Record, Usage, UsageSource};
