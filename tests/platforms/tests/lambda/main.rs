//! `example-lambda` under a runtime API on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod bodies;
mod event;
mod refusals;
mod runtime_api;
mod urls;
