//! The Workers of examples/worker in workerd. Each test runs on both: on axum, and plain.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod bindings;
mod bodies;
mod heads;
mod log;
mod worker;

use qstash_verify_platform_tests::{URL, now};
use qstash_verify_test_support::{Request, Token};

const BODY: &[u8] = br#"{"message":"hello world"}"#;

/// The head of a delivery that is signed now.
fn signed(key: &str, body: &[u8]) -> Request {
    Request::post("/webhook").signed(Token::new(URL, body, now()).sign(key))
}

/// A delivery that is signed now.
fn delivery(key: &str, body: &[u8]) -> Request {
    signed(key, body).body(body)
}
