//! Differences between the examples, due to the HTTP parsers of hyper and actix-web.
//! None of them accepts a forgery.

use qstash_verify_tests::{Kind, Request};

use super::{examples, genuine, genuine_for};
use crate::refused;
use qstash_verify_tests::json;

#[test]
fn http_parsers_of_hyper_and_actix_web_differ() {
    let examples = examples();
    let long = "x".repeat(20_000);
    let whole = "5\r\nhello\r\n0\r\n\r\n";
    let hello = || genuine(b"hello");
    let chunked = |chunks: &str| {
        let request = hello().header("transfer-encoding", "chunked");
        request.raw_body(chunks)
    };
    let (accepted, invalid, unreadable) = ((200, ""), (400, ""), (400, "body_unreadable"));
    for (name, request, hyper, actix) in [
        // actix-web decodes a path before routing.
        (
            "an escape",
            genuine_for("POST", "/%77ebhook", b""),
            (404, ""),
            accepted,
        ),
        // actix-web refuses ambiguous framing.
        (
            "a length and chunks",
            chunked(whole).header("content-length", "5"),
            accepted,
            invalid,
        ),
        (
            "chunks twice",
            chunked(whole).header("transfer-encoding", "chunked"),
            accepted,
            invalid,
        ),
        (
            "chunks of something",
            hello()
                .header("transfer-encoding", "gzip, chunked")
                .raw_body(whole),
            accepted,
            invalid,
        ),
        (
            "a length twice",
            hello().body(b"hello").header("content-length", "5"),
            accepted,
            invalid,
        ),
        (
            "two hosts",
            genuine(b"").header("host", "x"),
            accepted,
            invalid,
        ),
        // actix-web skips extensions and trailers; hyper parses them, with limits.
        (
            "trailers that are none",
            chunked("5\r\nhello\r\n0\r\njunk\r\n\r\n"),
            unreadable,
            accepted,
        ),
        (
            "long trailers",
            chunked(&format!("5\r\nhello\r\n0\r\nx: {long}\r\n\r\n")),
            unreadable,
            accepted,
        ),
        (
            "long extensions",
            chunked(&format!("5;{long}\r\nhello\r\n0\r\n\r\n")),
            unreadable,
            accepted,
        ),
        // Limits differ.
        (
            "the greatest length",
            genuine(b"").header("content-length", u64::MAX.to_string()),
            (431, ""),
            (413, "body_too_large"),
        ),
        (
            "a long head",
            genuine(b"").header("x", "x".repeat(200_000)),
            accepted,
            (431, ""),
        ),
        (
            "a long target",
            Request::post(&format!("/webhook?{}", "x".repeat(70_000))),
            (414, ""),
            invalid,
        ),
    ] {
        for (kind, example) in &examples {
            let (status, code) = if *kind == Kind::Actix { actix } else { hyper };
            let answer = example.ask(&request);
            assert_eq!(answer.status(), status, "{name}: {kind:?}");
            if !code.is_empty() {
                assert_eq!(json(&answer), refused(code), "{name}: {kind:?}");
            }
        }
    }
}
