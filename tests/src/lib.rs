//! Servers with the adapters; with them all of `qstash-verify-test-support`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "support of tests: what goes wrong here is to fail the test"
)]

mod server;

pub use qstash_verify_test_support::*;
pub use server::Server;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
