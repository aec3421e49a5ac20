//! `verify`: reports, and causes of refusals.

mod bodies;
mod input;
mod keys;
mod report;
mod unset_keys;
mod urls;

use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::testing::{self, SignedDelivery};
use qstash_verify_test_support::{DEFAULT, EU, US};

use crate::process::{Output, run};

const URL: &str = "https://api.example.com/orders";
const BODY: &str = r#"{"id":7,"items":["a b"]}"#;
/// The time of signing and, by default, of arrival.
const AT: u64 = 1_783_794_365;

fn delivery(key: &str) -> SignedDelivery {
    testing::delivery(URL, BODY)
        .key(key)
        .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
}

/// Runs `verify` with the default pair in the environment.
fn verify(token: &str, body: &str, arguments: &[&str]) -> Output {
    verify_with(&default_pair(), token, body, arguments)
}

fn verify_with(variables: &[(&str, &str)], token: &str, body: &str, arguments: &[&str]) -> Output {
    let mut all = vec!["verify", "--signature", token, "--data", body];
    if !arguments.contains(&"--at") {
        all.extend(["--at", "1783794365"]);
    }
    all.extend(arguments);
    let output = run(&all).with(variables).end();
    for key in [DEFAULT, US, EU].as_flattened() {
        assert!(!output.all().contains(key), "{output:#?}");
    }
    assert!(
        !output.all().contains(token) || token.len() < 100,
        "{output:#?}"
    );
    output
}

fn default_pair() -> [(&'static str, &'static str); 2] {
    [
        ("QSTASH_CURRENT_SIGNING_KEY", DEFAULT[0]),
        ("QSTASH_NEXT_SIGNING_KEY", DEFAULT[1]),
    ]
}

fn both_regions() -> [(&'static str, &'static str); 5] {
    [
        ("QSTASH_REGION", "US_EAST_1"),
        ("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", US[0]),
        ("US_EAST_1_QSTASH_NEXT_SIGNING_KEY", US[1]),
        ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", EU[0]),
        ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", EU[1]),
    ]
}

impl Output {
    /// Returns the line of a step.
    #[track_caller]
    fn check(&self, name: &str) -> &str {
        let of = |line: &&str| line.get(5..).is_some_and(|line| line.starts_with(name));
        self.stdout
            .lines()
            .find(of)
            .unwrap_or_else(|| panic!("{self:#?}"))
    }

    #[track_caller]
    fn assert_check(&self, name: &str, mark: &str, text: &str) {
        assert_eq!(self.check(name), format!("{mark:<4} {name:<9} {text}"));
    }

    /// Checks the exit status and the last line.
    #[track_caller]
    fn assert_verdict(&self, verdict: &str) {
        assert_eq!(self.stdout.lines().last(), Some(verdict), "{self:#?}");
        let code = if verdict == "genuine" { 0 } else { 1 };
        assert_eq!(self.code, Some(code));
    }
}
