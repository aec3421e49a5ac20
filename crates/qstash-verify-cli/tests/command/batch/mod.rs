//! `verify --batch`: JSON Lines in and out.

mod fields;
mod limits;
mod stream;

use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::testing;
use qstash_verify_test_support::DEFAULT;
use serde_json::Value;

use crate::process::run;

const NOTICE: &str =
    "note: no signing keys are set: using the published keys of the development server\n";
const AT: u64 = 1_783_794_365;
const URL: &str = "https://api.example.com/orders";

/// Returns the answers to these lines, and the exit status.
fn batch(
    variables: &[(&str, &str)],
    arguments: &[&str],
    lines: &[u8],
) -> (Vec<Value>, Option<i32>) {
    let output = run(&[&["verify", "--batch"], arguments].concat())
        .with(variables)
        .input(lines)
        .end();
    let count = output.stdout.lines().count();
    let plural = if count == 1 { "" } else { "s" };
    let summary = output.stderr.strip_prefix(NOTICE).unwrap_or(&output.stderr);
    assert!(
        summary.starts_with(&format!("{count} line{plural}: ")) && summary.lines().count() == 1,
        "{output:?}"
    );
    let answers = output.stdout.lines();
    let answers = answers
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (answers, output.code)
}

fn lines(values: &[Value]) -> Vec<u8> {
    let lines = values.iter().map(|value| format!("{value}\n"));
    lines.collect::<String>().into_bytes()
}

fn token(key: &str, body: impl Into<Vec<u8>>) -> String {
    testing::delivery(URL, body)
        .key(key)
        .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
        .token()
}

fn default_pair() -> [(&'static str, &'static str); 2] {
    [
        ("QSTASH_CURRENT_SIGNING_KEY", DEFAULT[0]),
        ("QSTASH_NEXT_SIGNING_KEY", DEFAULT[1]),
    ]
}

fn code(answer: &Value) -> &str {
    assert_eq!(answer["ok"], answer["error"].is_null());
    assert_ne!(answer["message"], "");
    answer["error"].as_str().unwrap_or("ok")
}
