//! The guards and the fairing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "tests: what goes wrong here is to fail; handlers own their arguments"
)]

mod delivery;
mod fairing;
mod message;
mod responders;
mod support;
