//! The actix-web middleware: its contract, and its place among others.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod bodies;
mod drain;
mod drain_limits;
mod dropped_body;
mod extractors;
mod late_body;
mod limits;
mod mount_points;
mod order;
mod printed;
mod refusals;
mod support;
mod wire;
mod with_other_middleware;
