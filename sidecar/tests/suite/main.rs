//! The sidecar from outside: routes through the router, commands through the program.

#![cfg(test)]

mod check;
mod cli;
mod contacts;
mod demo;
mod durability;
mod health;
mod labels;
mod models;
mod openapi;
mod records;
mod recover;
mod service;
mod spend;
mod support;
