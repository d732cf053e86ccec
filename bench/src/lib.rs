//! What Sluice is measured with.

pub mod work;
