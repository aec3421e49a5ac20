//! `listen`: answers, output and forwarding.

mod answers;
mod forward;
mod shutdown;
mod start;

use std::time::SystemTime;

use qstash_verify_test_support::{DEFAULT, DEFAULT_VARIABLES, Request, Token};

use crate::backend::Backend;
use crate::process::{Listen, Output, split_time};

const NOTICE: &str =
    "note: no signing keys are set: using the published keys of the development server\n";
const URL: &str = "https://api.example.com/webhook";
const BODY: &[u8] = br#"{"a":1}"#;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs().try_into().unwrap()
}

fn token(body: &[u8]) -> Token {
    Token::new(URL, body, now())
}

fn genuine(body: &[u8]) -> String {
    token(body).sign(DEFAULT[0])
}

fn forged(body: &[u8]) -> String {
    token(body).sign("sig_ofSomebodyElse")
}

fn delivery(body: &[u8]) -> Request {
    Request::post("/webhook").signed(genuine(body)).body(body)
}

/// Starts `listen` with the default pair.
fn listen(arguments: &[&str]) -> Listen {
    Listen::start(arguments, &DEFAULT_VARIABLES)
}

/// Checks the exit status 0 and the last lines.
#[track_caller]
fn assert_ended(output: &Output, lines: &[&str]) {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let timeless = |line| format!("{}\n", split_time(line).1);
    let said: String = output.stdout.lines().map(timeless).collect();
    assert_eq!(said, lines, "{}", output.stderr);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
}

/// Starts `listen` with `--forward`.
fn forward(backend: &Backend, path: &str) -> Listen {
    listen(&["--forward", &backend.url(path)])
}
