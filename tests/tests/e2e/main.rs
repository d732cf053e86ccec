//! End to end: a real Envoy, scripted providers, and the real sidecar where money is the subject.

mod bad_input;
mod chat;
mod config;
mod echo;
mod envoys;
mod expect;
mod failover;
mod fields;
mod gate;
mod golden;
mod health;
mod hygiene;
mod integrity;
mod keys;
mod leaks;
mod openapi;
mod plan;
mod protocols;
mod provider;
mod request;
mod routes;
mod sdk;
mod spend;
mod stream;
mod survival;
mod trap;
