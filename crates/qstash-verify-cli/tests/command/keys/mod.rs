//! `keys`: the keys of the environment beside those of a server that plays QStash's API.

mod compare;
mod online;
mod roll;
#[cfg(unix)]
mod write;

use serde_json::Value;

use crate::backend::{Backend, Reply, answer_with};
use crate::process::Output;

pub(crate) const OLD: &str = "sig_1QwErTyUiOpAsDfGhJkLzXcVbN4m";
pub(crate) const CURRENT: &str = "sig_4QF5dZrPuLx5kS1bWmHc8TnAeG6v";
pub(crate) const NEXT: &str = "sig_6VnY2tRqMb8pXw3JcEs9LhKdUa7z";
pub(crate) const NEW: &str = "sig_9ZxCvBnMaSdFgHjKlQwErTyUiO2p";
const OTHER_CURRENT: &str = "sig_3BkT9uWyHf2aNs7QeRx4MvJpCz8d";
const OTHER_NEXT: &str = "sig_8DmG5wLrKc1yZt6PbXn4FjSqVh2e";
pub(crate) const TOKEN: &str = "eyJVc2VySUQiOiJhY21lIn0=";

/// The answer with these keys.
pub(crate) fn keys(current: &str, next: &str) -> Reply {
    let body = format!(r#"{{"current":"{current}","next":"{next}"}}"#);
    answer_with("200 OK", &["connection: close"], body.as_bytes())
}

/// The API of one region, which answers once with these keys.
fn api(current: &str, next: &str) -> Backend {
    Backend::start([keys(current, next)])
}

/// The variables of the default pair.
fn default_pair<'a>(url: &'a str, current: &'a str, next: &'a str) -> Vec<(&'a str, &'a str)> {
    let variables = [
        ("QSTASH_URL", url),
        ("QSTASH_TOKEN", TOKEN),
        ("QSTASH_CURRENT_SIGNING_KEY", current),
        ("QSTASH_NEXT_SIGNING_KEY", next),
    ];
    variables
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Parses the one line that `--json` prints.
fn json(output: &Output) -> Value {
    assert_eq!(output.stdout.lines().count(), 1, "{output:?}");
    serde_json::from_str(&output.stdout).unwrap()
}
