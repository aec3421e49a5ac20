//! The example binaries: environment variables, responses, resource usage. All tests
//! run on each of them, except where a test names the framework's limit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod answers;
mod connections;
mod example_parity;
mod keys;
#[cfg(target_os = "linux")]
mod linux;
mod replay;
mod secrets;

use std::time::SystemTime;

use qstash_verify_tests::{Request, Token};
use serde_json::{Value, json};

/// The keys of the development server, current and next.
const DEVELOPMENT: [&str; 2] = [
    "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
];
const ORIGIN: &str = "https://api.example.com";
const URL: &str = "https://api.example.com/webhook";
const BODY: &[u8] = br#"{"message":"hello world"}"#;
const MEBIBYTE: usize = 1024 * 1024;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs().try_into().unwrap()
}

/// The head of a delivery signed now.
fn signed(key: &str, body: &[u8]) -> Request {
    Request::post("/webhook").signed(Token::new(URL, body, now()).sign(key))
}

/// A delivery signed now.
fn delivery(key: &str, body: &[u8]) -> Request {
    signed(key, body).body(body)
}

/// The head of a delivery signed with another key.
fn forged(body: &[u8]) -> Request {
    signed("sig_ofSomebodyElse", body)
}

fn refused(code: &str) -> Value {
    json!({ "error": code })
}

fn accepted(region: Option<&str>, key: &str, bytes: usize) -> (u16, Value) {
    let message_id = Value::Null;
    let answer = json!({ "message_id": message_id, "region": region, "key": key, "bytes": bytes });
    (200, answer)
}
