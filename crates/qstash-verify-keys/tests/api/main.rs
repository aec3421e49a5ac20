//! The requests to the API over real sockets, and what becomes of its responses.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: what goes wrong here is to fail"
)]

mod answers;
mod fetch;
mod roll;
mod server;
mod start;
