//! Requests on the wire.

use qstash_verify_test_support::DEFAULT_VARIABLES;

use crate::backend::{Backend, Received, answer, ok};
use crate::process::Run;

use super::{URL, assert_printed, first, ping, send, verify};

/// Sends a delivery to a server, and returns the request.
fn received(path: &str, arguments: &[&str], prepare: impl FnOnce(Run) -> Run) -> Received {
    let backend = Backend::start([ok()]);
    let run = send(&backend.url(path), arguments).with(&DEFAULT_VARIABLES);
    prepare(run).end().code(0);
    backend.request()
}

#[test]
fn head_is_that_of_qstash() {
    let backend = Backend::start([ok()]);
    let url = backend.url("/hooks/a%20b?c=d&e=%2F");
    let output = ping(&url, &[]);
    assert_printed(&output, 0, &[&*first(&url), "200 OK after T"]);
    let request = backend.request();
    assert_eq!(request.line, "POST /hooks/a%20b?c=d&e=%2F HTTP/1.1");
    assert_eq!(
        request.names(),
        [
            "content-length",
            "content-type",
            "host",
            "upstash-message-id",
            "upstash-region",
            "upstash-retried",
            "upstash-signature",
            "user-agent",
        ]
    );
    let host = format!("127.0.0.1:{}", backend.port());
    for (name, value) in [
        ("host", &*host),
        ("upstash-region", "EU-CENTRAL-1"),
        ("upstash-retried", "0"),
        ("user-agent", "Upstash-QStash"),
    ] {
        assert_eq!(request.header(name), Some(value));
    }
    let id = request.header("upstash-message-id").unwrap();
    assert!(id.starts_with("msg_"), "{id}");
    // Each message has its own ID.
    let other = received("/", &["--data", "ping"], |run| run);
    assert_ne!(other.header("upstash-message-id"), Some(id));
    assert_eq!(request.body, b"ping");
    assert_eq!(verify(&request, &url).claims().sub(), url);
}

#[test]
fn options_change_the_head() {
    let request = received(
        "/",
        &[
            "--data",
            "a,b",
            "--method",
            "PATCH",
            "--region",
            "US-EAST-1",
            "--message-id",
            "msg_7",
            "--retried",
            "2",
            "--schedule-id",
            "scd_1",
            "--url",
            URL,
            "-H",
            "Content-Type: text/csv",
            "--header",
            "X-More: a: b",
            "-H",
            "user-agent:mine",
        ],
        |run| run,
    );
    assert_eq!(request.line, "PATCH / HTTP/1.1");
    for (name, value) in [
        ("upstash-region", "US-EAST-1"),
        ("upstash-message-id", "msg_7"),
        ("upstash-retried", "2"),
        ("upstash-schedule-id", "scd_1"),
        ("content-type", "text/csv"),
        ("x-more", "a: b"),
        ("user-agent", "mine"),
    ] {
        assert_eq!(request.header(name), Some(value));
    }
    assert_eq!(verify(&request, URL).claims().sub(), URL);
}

#[test]
fn body_is_sent_unchanged() {
    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let text = "text/plain; charset=utf-8";
    let octets = "application/octet-stream";
    let plain: &dyn Fn(Run) -> Run = &|run| run;
    for (arguments, prepare, body, kind) in [
        (
            &["--data", r#" {"a":1}"#][..],
            plain,
            &br#" {"a":1}"#[..],
            "application/json",
        ),
        (&["--data", "-é\n"], plain, "-é\n".as_bytes(), text),
        (&["--data-raw", "@b.txt"], plain, b"@b.txt", text),
        (
            &["--data", "@b.txt"],
            &|run| run.file("b.txt", "a\r\n\n"),
            b"a\r\n\n",
            text,
        ),
        (
            &["-d", "@b.bin"],
            &|run| run.file("b.bin", &binary),
            &binary,
            octets,
        ),
        (
            &["--data-binary", "@-"],
            &|run| run.input(&*binary),
            &binary,
            octets,
        ),
        (&["--data", ""], plain, b"", text),
        // Standard input is empty.
        (&[], plain, b"", text),
        (
            &["--body", "b.bin"],
            &|run| run.file("b.bin", &binary),
            &binary,
            octets,
        ),
        (
            &["--body", "-"],
            &|run| run.input(&*binary),
            &binary,
            octets,
        ),
        (
            &[],
            &|run| run.input("[1]\r\n"),
            b"[1]\r\n",
            "application/json",
        ),
        // Standard input is not read then.
        (&["--data", "a"], &|run| run.input("b"), b"a", text),
    ] {
        let request = received("/x", arguments, prepare);
        assert_eq!(request.body, body, "{arguments:?}");
        assert_eq!(request.header("content-type"), Some(kind), "{arguments:?}");
        let host = request.header("host").unwrap();
        verify(&request, &format!("http://{host}/x"));
    }
}

#[test]
fn redirects_are_not_followed() {
    let backend = Backend::start([answer("302 Found", &["location: /elsewhere"]), ok()]);
    let url = backend.url("/");
    assert_printed(&ping(&url, &[]), 1, &[&*first(&url), "302 Found after T"]);
    assert_eq!(backend.requests().len(), 1);
}

#[test]
fn http_is_assumed_for_a_loopback_host() {
    let backend = Backend::start([ok()]);
    let url = backend.url("/webhook");
    let output = ping(url.strip_prefix("http://").unwrap(), &[]);
    assert_printed(&output, 0, &[&*first(&url), "200 OK after T"]);
    assert_eq!(verify(&backend.request(), &url).claims().sub(), url);
}

#[test]
fn url_is_signed_as_written() {
    let backend = Backend::start([ok()]);
    let url = backend.url("");
    send(&url, &["--data", "ping"])
        .with(&DEFAULT_VARIABLES)
        .end()
        .code(0);
    assert_eq!(verify(&backend.request(), &url).claims().sub(), url);
}
