//! The sidecar from outside: routes through the router, commands through the program.

#![cfg(test)]

mod check;
mod cli;
mod demo;
mod durability;
mod models;
mod records;
mod recover;
mod service;
mod spend;
mod support;
