//! The layer in axum: its place among routers and middleware, the URL it sees there,
//! the extractors.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod compose;
mod extractors;
mod nested_routers;
mod printed;
mod routers;
mod support;
