//! What the tests of all platforms share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic fails the test"
)]

mod server;

use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::{Value, json};

pub use server::Server;

/// The origin that deliveries are signed for.
pub const ORIGIN: &str = "https://api.example.com";
/// The URL that deliveries are signed for.
pub const URL: &str = "https://api.example.com/webhook";

/// Returns the path in an environment variable that the test's script sets.
#[must_use]
pub fn path(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("{variable} is not set; run the test by its script"))
        .into()
}

/// Returns the time in seconds since the Unix epoch.
#[must_use]
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs().try_into().unwrap()
}

/// Returns `length` bytes, most of which are not text.
#[must_use]
pub fn binary(length: usize) -> Vec<u8> {
    let bytes = (0..=u8::MAX).rev().cycle();
    bytes.take(length).collect()
}

/// Returns status and JSON of an accepted delivery.
#[must_use]
pub fn accepted(region: Option<&str>, key: &str, bytes: usize) -> (u16, Value) {
    let body = json!({ "message_id": null, "region": region, "key": key, "bytes": bytes });
    (200, body)
}

/// Returns status and JSON of a refused delivery.
#[must_use]
pub fn refused(code: &str) -> (u16, Value) {
    let status = match code {
        "body_too_large" => 413,
        "body_unreadable" => 400,
        _ => 401,
    };
    (status, json!({ "error": code }))
}
