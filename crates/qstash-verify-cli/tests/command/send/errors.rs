//! Wrong options, missing keys, unreachable servers.

use qstash_verify_test_support::{DEFAULT_VARIABLES, EU_VARIABLES, MULTI_REGION, US_VARIABLES};

use crate::backend::{Backend, Nobody, Reply, answer, ok};

use super::{assert_printed, first, ping, send, timeless};

#[test]
fn invalid_url_is_an_error() {
    for (url, wrong) in [
        ("", "it is empty"),
        ("http://127.0.0.1/a b", "it has a space"),
        ("a.b:3000", "it has no scheme"),
        ("/webhook", "it has neither scheme nor host"),
        ("ftp://127.0.0.1/", "its scheme is neither http nor https"),
        ("http://127.0.0.1:x/", "its port is not a number"),
    ] {
        let output = ping(url, &[]).code(2);
        assert_eq!(output.stdout, "");
        let line = format!("error: invalid value '{url}' for '<URL>': {wrong}");
        assert!(output.stderr.starts_with(&line), "{output:?}");
    }
}

#[test]
fn conflicting_options_are_an_error() {
    for (arguments, named) in [
        (
            &["--corrupt", "body", "--retries", "1"][..],
            ["--corrupt", "--retries"],
        ),
        (
            &["--corrupt", "body", "--both-regions"],
            ["--corrupt", "--both-regions"],
        ),
        (
            &["--both-regions", "--region", "US-EAST-1"],
            ["--both-regions", "--region"],
        ),
        (&["--fast"], ["--fast", "--retries"]),
        (&["--body", "x"], ["--body", "--data"]),
        (&["--data-raw", "x"], ["--data-raw", "--data"]),
    ] {
        let output = ping("http://127.0.0.1:1/", arguments).code(2);
        assert_eq!(output.stdout, "");
        for name in named {
            assert!(output.stderr.contains(name), "{output:?}");
        }
    }
}

#[test]
fn both_regions_need_both_pairs() {
    let us = [&US_VARIABLES[..], &[MULTI_REGION]].concat();
    let eu = [&EU_VARIABLES[..], &DEFAULT_VARIABLES, &[MULTI_REGION]].concat();
    let unset = [&DEFAULT_VARIABLES[..], &US_VARIABLES, &EU_VARIABLES].concat();
    let pair = |region: &str| {
        format!("{region}_QSTASH_CURRENT_SIGNING_KEY, {region}_QSTASH_NEXT_SIGNING_KEY")
    };
    for (variables, missing) in [
        (&us, pair("EU_CENTRAL_1")),
        (&eu, pair("US_EAST_1")),
        (&unset, "QSTASH_REGION".to_owned()),
    ] {
        let backend = Backend::start([ok()]);
        let arguments = ["--data", "ping", "--both-regions"];
        let output = send(&backend.url("/"), &arguments).with(variables).end();
        output.assert_misuse(&format!(
            "--both-regions needs a pair of keys for each region; not set: {missing}"
        ));
        assert_eq!(backend.requests(), []);
    }
}

#[test]
fn incomplete_keys_are_an_error() {
    let token = ("QSTASH_TOKEN", "eyJVc2VySUQiOiJ0aGUtd2hvbGUtdG9rZW4ifQ==");
    let arguments = ["--data", "ping"];
    for variables in [
        &[DEFAULT_VARIABLES[0], token][..],
        &EU_VARIABLES,
        &[
            DEFAULT_VARIABLES[0],
            DEFAULT_VARIABLES[1],
            ("QSTASH_REGION", "MARS_1"),
        ],
    ] {
        let output = send("http://127.0.0.1:1/", &arguments)
            .with(variables)
            .end();
        assert_eq!((output.code, &*output.stdout), (Some(2), ""));
        let hint = "; run `qstash-verify check`\n";
        assert!(output.stderr.starts_with("error: "), "{output:?}");
        assert!(output.stderr.ends_with(hint), "{output:?}");
        assert!(!output.stderr.contains("sig_"), "{output:?}");
    }
    // Complete keys are not printed either.
    let backend = Backend::start([answer("401 Unauthorized", &[])]);
    let output = send(&backend.url("/"), &arguments);
    let output = output.with(&DEFAULT_VARIABLES).with(&[token]).end().code(1);
    assert!(!output.all().contains("sig_"), "{output:?}");
}

#[test]
fn invalid_header_is_an_error() {
    let backend = Backend::start([ok()]);
    let output = ping(&backend.url("/"), &["--message-id", "a\nb"]);
    let output = output.code(2);
    assert!(
        output
            .stderr
            .contains("it has a character that a header can't hold"),
        "{output:?}"
    );
    for header in ["nothing", "a b: c", "a: b\nc: d"] {
        let output = ping(&backend.url("/"), &["-H", header]).code(2);
        assert_eq!(output.stdout, "");
    }
    assert_eq!(backend.requests(), []);
}

#[test]
fn missing_body_file_is_an_error() {
    let backend = Backend::start([ok()]);
    let output = send(&backend.url("/"), &["--body", "nothing.json"]);
    let output = output.with(&DEFAULT_VARIABLES).end();
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
    let line = "error: the body can't be read from nothing.json: ";
    assert!(output.stderr.starts_with(line), "{output:?}");
    assert_eq!(backend.requests(), []);
}

#[test]
fn silent_server_times_out() {
    let slow = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nha".to_vec();
    for reply in [Reply::Silence, Reply::Keep(slow)] {
        let backend = Backend::start([reply]);
        let url = backend.url("/");
        let output = ping(&url, &["--timeout", "0.2"]);
        assert_printed(
            &output,
            1,
            &[&*first(&url), "no response after T: the limit of --timeout"],
        );
    }
}

#[test]
fn closed_stdout_stops_no_delivery() {
    let failure = || answer("500 Internal Server Error", &[]);
    let backend = Backend::start([failure(), failure()]);
    let output = send(
        &backend.url("/"),
        &["--data", "ping", "--retries", "1", "--fast"],
    )
    .with(&DEFAULT_VARIABLES)
    .unread();
    assert_eq!(output, Some(1));
    assert_eq!(backend.requests().len(), 2);
}

#[test]
fn refused_connection_is_reported() {
    let nobody = Nobody::new();
    let url = nobody.url("/");
    let output = ping(&url, &[]).code(1);
    let printed = timeless(&output.stdout);
    let (line, reason) = printed.split_once('\n').unwrap();
    assert_eq!(line, first(&url));
    assert!(
        reason.starts_with("no response after T: tcp connect error: "),
        "{printed}"
    );
    assert_eq!(output.stderr, "");
}
