//! The replay store in Redis behind real servers, with a Redis that is killed, and with
//! clocks that differ. `scripts/test-redis` runs these tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a panic fails the test"
)]

mod clocks;
mod once;
mod outage;
mod simultaneous;
mod support;
