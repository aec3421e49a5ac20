//! The actix-web middleware: its contract, and its place among others.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod answers;
mod bodies;
mod cases;
mod company;
mod extractors;
mod let_go;
mod limits;
mod order;
mod places;
mod printed;
mod refusals;
mod server;
mod support;
mod unread;
mod wire;
