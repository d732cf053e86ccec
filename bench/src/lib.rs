//! What the programs here share: the bodies, the workloads of the core, and as much of HTTP/1.1 as a load and a mock need.

pub mod arguments;
pub mod bodies;
pub mod http;
pub mod workloads;
