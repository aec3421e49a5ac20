//! Retries.

use std::time::{Duration, SystemTime};

use qstash_verify::Retry;

use crate::backend::{Backend, Reply, answer, ok};

use super::{assert_printed, first, ping, verify};

#[test]
fn delivery_is_retried_until_it_is_accepted() {
    let failure = || answer("500 Internal Server Error", &[]);
    let backend = Backend::start([failure(), failure(), ok(), ok()]);
    let url = backend.url("/webhook");
    let output = ping(&url, &["--retries", "3", "--fast"]);
    let first = first(&url);
    assert_printed(
        &output,
        0,
        &[
            &*first,
            "500 Internal Server Error after T",
            "next attempt in 12.182 s (12 ms with --fast)",
            &*format!("{first}, retry 1"),
            "500 Internal Server Error after T",
            "next attempt in 2 min 28 s (148 ms with --fast)",
            &*format!("{first}, retry 2"),
            "200 OK after T",
        ],
    );
    let requests = backend.requests();
    let header = |name| {
        let values = requests.iter().map(|request| request.header(name));
        values.collect::<Option<Vec<_>>>().unwrap()
    };
    assert_eq!(header("upstash-retried"), ["0", "1", "2"]);
    let ids = header("upstash-message-id");
    assert_eq!(ids, [ids[0]; 3]);
    // Each attempt has a token of its own.
    let mut tokens: Vec<_> = requests
        .iter()
        .map(|request| verify(request, &url).claims().jti().unwrap().to_owned())
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

#[test]
fn retries_end_at_their_maximum() {
    let failure = || answer("503 Service Unavailable", &[]);
    let backend = Backend::start([failure(), failure(), ok()]);
    let url = backend.url("/");
    let first = first(&url);
    assert_printed(
        &ping(&url, &["--retries", "1", "--fast", "--retried", "4"]),
        1,
        &[
            &*first,
            "503 Service Unavailable after T",
            "next attempt in 1 d (1 s with --fast)",
            &*format!("{first}, retry 1"),
            "503 Service Unavailable after T",
            "no retries left: QStash moves the message to the dead letter queue",
        ],
    );
    let requests = backend.requests();
    let retried = requests
        .iter()
        .map(|request| request.header("upstash-retried").unwrap());
    assert_eq!(retried.collect::<Vec<_>>(), ["4", "5"]);
}

#[test]
fn retry_after_delays_the_next_attempt() {
    // Far enough from a whole minute to be the same for half a minute.
    let ahead = Duration::from_secs(5 * 3600 + 29 * 60 + 45);
    let (name, date) = Retry::At(SystemTime::now() + ahead).header();
    let wait = |value: &str| answer("503 Service Unavailable", &[&*format!("{name}: {value}")]);
    let backend = Backend::start([wait("30"), wait(&date), wait("6m5s"), wait("soon"), ok()]);
    let output = ping(&backend.url("/"), &["--retries", "4", "--fast"]).code(0);
    let waits = output
        .stdout
        .lines()
        .filter(|line| line.starts_with("next"));
    assert_eq!(
        waits.collect::<Vec<_>>(),
        [
            "next attempt in 30 s, as Retry-After asks (30 ms with --fast)",
            "next attempt in 5 h 29 min, as Retry-After asks (1 s with --fast)",
            "next attempt in 6 min 5 s, as Retry-After asks (365 ms with --fast)",
            // Invalid: the fourth back-off is e^10 s.
            "next attempt in 6 h 7 min (Retry-After is invalid, or longer than a day) (1 s with --fast)",
        ]
    );
}

#[test]
fn retry_after_0_is_immediate() {
    let backend = Backend::start([answer("429 Too Many Requests", &["retry-after: 0"]), ok()]);
    let url = backend.url("/");
    let first = first(&url);
    assert_printed(
        &ping(&url, &["--retries", "1"]),
        0,
        &[
            &*first,
            "429 Too Many Requests after T",
            "next attempt in 0 ms, as Retry-After asks",
            &*format!("{first}, retry 1"),
            "200 OK after T",
        ],
    );
}

#[test]
fn non_retryable_error_ends_the_retries() {
    let never = answer("489 ", &["Upstash-NonRetryable-Error: true"]);
    let backend = Backend::start([answer("489 ", &[]), never, ok()]);
    let url = backend.url("/");
    let first = first(&url);
    assert_printed(
        &ping(&url, &["--retries", "3", "--fast"]),
        1,
        &[
            &*first,
            "489 after T",
            "next attempt in 12.182 s (12 ms with --fast)",
            &*format!("{first}, retry 1"),
            "489 after T",
            "no retry: the response says that the failure is permanent",
        ],
    );
    assert_eq!(backend.requests().len(), 2);
}

#[test]
fn attempt_without_a_response_counts() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nha".to_vec();
    let backend = Backend::start([
        Reply::Answer(Vec::new()),
        answer("302 Found", &["location: /elsewhere"]),
        Reply::Answer(half),
        ok(),
    ]);
    let url = backend.url("/");
    let first = first(&url);
    assert_printed(
        &ping(&url, &["--retries", "3", "--fast"]),
        0,
        &[
            &*first,
            "no response after T: connection closed before message completed",
            "next attempt in 12.182 s (12 ms with --fast)",
            &*format!("{first}, retry 1"),
            "302 Found after T",
            "next attempt in 2 min 28 s (148 ms with --fast)",
            &*format!("{first}, retry 2"),
            "no response after T: error reading a body from connection: end of file before message \
             length reached",
            "next attempt in 30 min 8 s (1 s with --fast)",
            &*format!("{first}, retry 3"),
            "200 OK after T",
        ],
    );
}

#[test]
fn each_attempt_has_a_connection_of_its_own() {
    let failure = b"HTTP/1.1 500 \r\ncontent-length: 0\r\n\r\n".to_vec();
    let backend = Backend::start([Reply::Keep(failure), ok()]);
    ping(&backend.url("/"), &["--retries", "1", "--fast"]).code(0);
    assert_eq!(backend.requests().len(), 2);
}
