//! The tower layer and the actix-web middleware give the same responses and log the
//! same events.
//!
//! Each test listens to the log: an event that comes first on a thread without a
//! listener could be lost to the others.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod adapters;
mod answers;
mod events;
mod messages;
