//! The tower layer: the `Service` contract, and composition with other layers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod body;
mod body_limit;
mod cancel;
mod compose;
mod debug;
mod readiness;
mod refused_head;
mod replay;
mod service;
mod support;
mod with_tower_http;
