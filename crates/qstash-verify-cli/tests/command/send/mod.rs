//! `send`: requests on the wire, and printed answers.

mod early_answers;
mod errors;
mod listening;
mod output;
mod retries;
mod services;
mod wire;

use qstash_verify::{RequestHead, Verified, Verifier};
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU_VARIABLES, MULTI_REGION, US_VARIABLES, signing_keys,
};

use crate::backend::Received;
use crate::process::{Output, Run, run};

const NOTICE: &str =
    "note: no signing keys are set: using the published keys of the development server\n";
const PUBLIC: (&str, &str) = ("PUBLIC_URL", "https://api.example.com");
const URL: &str = "https://api.example.com/webhook";

fn send(url: &str, arguments: &[&str]) -> Run {
    run(&[&["send", url], arguments].concat())
}

/// Sends four bytes, signed with the default pair.
fn ping(url: &str, arguments: &[&str]) -> Output {
    send(url, &[&["--data", "ping"], arguments].concat())
        .with(&DEFAULT_VARIABLES)
        .end()
}

fn both_regions() -> Vec<(&'static str, &'static str)> {
    [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat()
}

/// Replaces durations by `T`.
fn timeless(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(" after ") {
        Some((what, rest)) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            let (time, why) = rest.split_at(rest.find(": ").unwrap_or(rest.len()));
            assert!(time.ends_with(" s") || time.ends_with(" ms"), "{line}");
            format!("{what} after T{why}\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

#[track_caller]
fn assert_printed(output: &Output, code: i32, lines: &[&str]) {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(timeless(&output.stdout), lines, "{}", output.stderr);
    assert_eq!((output.code, &*output.stderr), (Some(code), ""));
}

/// The first line of a delivery of [`ping`].
fn first(url: &str) -> String {
    format!(
        "POST {url}: 4 bytes from EU_CENTRAL_1, signed with the current key of the default pair"
    )
}

/// Verifies a request as a delivery to this URL.
fn verify(received: &Received, url: &str) -> Verified {
    let verifier = Verifier::builder(signing_keys(&DEFAULT)).url(url).unwrap();
    let headers = received.headers.iter().map(|(name, value)| (name, value));
    let head = RequestHead::new(headers, received.target());
    verifier.build().verify(&head, &received.body).unwrap()
}
