//! The tower layer and the actix-web middleware give the same responses and log the
//! same events.
//!
//! Each test installs a subscriber: tracing caches callsite interest, so an event that
//! occurs first without one could be lost.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod adapters;
mod answers;
mod events;
mod messages;
