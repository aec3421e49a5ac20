//! The layer on routers, with middleware and in nested routers; the extractors.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod compose;
mod display;
mod extractors;
mod nested_routers;
mod routers;
mod support;
