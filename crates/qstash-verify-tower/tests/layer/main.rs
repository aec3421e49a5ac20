//! The tower layer: its contract as a service, and its place among others.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod body;
mod cancel;
mod compose;
mod compose_http;
mod heads;
mod limits;
mod printed;
mod readiness;
mod service;
mod support;
