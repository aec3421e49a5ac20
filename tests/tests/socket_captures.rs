//! Captured deliveries over sockets.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a panic fails the test"
)]

use qstash_verify::Verifier;
use qstash_verify_tests::{
    Answer, Capture, Kind, Request, Server, captures, on_each_server, pinned, signing_keys,
};

on_each_server! {
    captures_are_accepted_until_they_expire,
    captures_with_another_body_are_refused,
    captures_for_another_url_are_refused,
    captures_are_refused_with_the_keys_of_another_account,
}

/// Sends a request to a new server with this verifier.
fn ask(kind: Kind, verifier: Verifier, request: &Request) -> Answer {
    let server = Server::start(kind, verifier);
    let answer = server.connect().ask(request);
    assert_eq!(server.calls(), usize::from(answer.status() == 200));
    answer
}

/// Splits the URL of a capture into origin and request target.
fn split(capture: &Capture) -> (&str, &str) {
    let host = "https://".len();
    let path = host + capture.url[host..].find('/').unwrap();
    capture.url.split_at(path)
}

/// The captured request with this body.
fn captured(capture: &Capture, body: &[u8]) -> Request {
    let (_, target) = split(capture);
    Request::post(target).signed(&capture.signature).body(body)
}

fn captures_are_accepted_until_they_expire(kind: Kind) {
    assert_eq!(captures().len(), 2);
    for capture in captures() {
        let (origin, _) = split(&capture);
        let at = |time: i64| {
            let verifier = Verifier::builder(signing_keys(&capture.keys))
                .base_url(origin)
                .unwrap()
                .clock(pinned(time))
                .build();
            ask(kind, verifier, &captured(&capture, &capture.body))
        };
        for time in [capture.at, capture.expires - 1] {
            let answer = at(time);
            assert_eq!(answer.line, "HTTP/1.1 200 OK", "{}", capture.name);
            assert_eq!(answer.body, capture.body);
            assert_eq!(answer.header("x-key"), Some("current"));
            assert_eq!(answer.header("x-region"), Some("none"));
        }
        for time in [capture.expires, capture.expires + 1] {
            at(time).assert_unauthorized("expired");
        }
    }
}

fn captures_with_another_body_are_refused(kind: Kind) {
    for capture in captures() {
        let mut flipped = capture.body.to_vec();
        flipped[0] ^= 1;
        let longer = [&capture.body, &b"\n"[..]].concat();
        let shorter = &capture.body[..capture.body.len() - 1];
        for body in [&flipped, &longer, shorter, b""] {
            let verifier = Verifier::builder(signing_keys(&capture.keys))
                .clock(pinned(capture.at))
                .build();
            let answer = ask(kind, verifier, &captured(&capture, body));
            answer.assert_unauthorized("body_mismatch");
        }
    }
}

fn captures_for_another_url_are_refused(kind: Kind) {
    for capture in captures() {
        let (origin, target) = split(&capture);
        for (base, target) in [
            ("https://api.example.com", target.to_owned()),
            (&origin.replace("https", "http"), target.to_owned()),
            (&format!("{origin}/api"), target.to_owned()),
            (origin, format!("{target}?from=elsewhere")),
            (origin, format!("/api{target}")),
        ] {
            let verifier = Verifier::builder(signing_keys(&capture.keys))
                .base_url(base)
                .unwrap()
                .clock(pinned(capture.at))
                .build();
            let request = Request::post(&target).signed(&capture.signature);
            let answer = ask(kind, verifier, &request.body(&capture.body));
            answer.assert_unauthorized("url_mismatch");
        }
    }
}

fn captures_are_refused_with_the_keys_of_another_account(kind: Kind) {
    let captures = captures();
    for (capture, other) in captures.iter().zip(captures.iter().rev()) {
        assert_ne!(capture.keys, other.keys);
        let verifier = Verifier::builder(signing_keys(&other.keys))
            .clock(pinned(capture.at))
            .build();
        let answer = ask(kind, verifier, &captured(capture, &capture.body));
        answer.assert_unauthorized("bad_signature");
    }
}
