//! `examples/vercel` on its development port.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic fails the test"
)]

use std::net::TcpListener;
use std::process::Command;

use qstash_verify_platform_tests::{ORIGIN, Server, accepted, binary, now, path, refused};
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, Request, Token, US, US_VARIABLES,
};

const BODY: &[u8] = b"hello";
const TARGET: &str = "/api/webhook?from=qstash&b=2&a=1";

/// Starts the function with exactly these variables.
fn start(variables: &[(&str, &str)]) -> Server {
    // The runtime prints the port that was asked for, even 0.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let mut command = Command::new(path("EXAMPLE_VERCEL"));
    command.env_clear().env("VERCEL_DEV_PORT", port);
    Server::start(command.envs(variables.iter().copied()))
}

/// The head of a delivery that is signed now.
fn signed(key: &str, body: &[u8]) -> Request {
    let token = Token::new(&format!("{ORIGIN}{TARGET}"), body, now());
    Request::post(TARGET).signed(token.sign(key))
}

#[test]
fn bodies_are_accepted_whole_and_chunked() {
    let function = start(&DEFAULT_VARIABLES);
    for body in [Vec::new(), BODY.to_vec(), binary(1000), binary(5 << 20)] {
        let expected = accepted(None, "current", body.len());
        let whole = signed(DEFAULT[0], &body).body(&body);
        assert_eq!(function.json(&whole), expected);
        let chunked = signed(DEFAULT[0], &body).chunks(&body, 10_000);
        assert_eq!(function.json(&chunked), expected);
        let changed = signed(DEFAULT[0], &body).body(b"other");
        assert_eq!(function.json(&changed), refused("body_mismatch"));
    }
}

#[test]
fn both_keys_of_both_regions_are_accepted() {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let function = start(&variables);
    for (header, region, pair) in [
        ("US-EAST-1", "US_EAST_1", US),
        ("EU-CENTRAL-1", "EU_CENTRAL_1", EU),
    ] {
        for (key, slot) in pair.into_iter().zip(["current", "next"]) {
            let request = signed(key, BODY).header("upstash-region", header);
            let answer = function.json(&request.body(BODY));
            assert_eq!(answer, accepted(Some(region), slot, BODY.len()));
        }
    }
}

#[test]
fn forgeries_and_long_bodies_are_refused_before_the_body_arrives() {
    let function = start(&DEFAULT_VARIABLES);
    for (key, length, code) in [
        ("sig_ofSomebodyElse", "1000000", "bad_signature"),
        (DEFAULT[0], "10485761", "body_too_large"),
    ] {
        // Only the head is sent.
        let head = signed(key, BODY).header("content-length", length);
        assert_eq!(function.json(&head), refused(code));
    }
    let unsigned = Request::post(TARGET).header("content-length", "1000000");
    assert_eq!(function.json(&unsigned), refused("missing_signature"));
}

#[test]
fn public_url_sets_the_base_url() {
    for (url, expected) in [
        (ORIGIN, accepted(None, "current", BODY.len())),
        ("https://elsewhere.example.com", refused("url_mismatch")),
    ] {
        let function = start(&[&DEFAULT_VARIABLES[..], &[("PUBLIC_URL", url)]].concat());
        let answer = function.json(&signed(DEFAULT[0], BODY).body(BODY));
        assert_eq!(answer, expected, "{url}");
    }
}
