//! Cases of bodies: framing, length, malformed framing.

use qstash_verify_tests::Request;

use super::{Case, LIMIT, genuine, genuine_for};
use crate::{BODY, forged};

/// A request with raw chunks.
fn chunked(body: &[u8], chunks: &str) -> Request {
    let request = genuine(body).header("transfer-encoding", "chunked");
    request.raw_body(chunks)
}

pub(super) fn framing() -> Vec<Case> {
    let mut cases = Vec::new();
    let binary: Vec<u8> = (0..=255).cycle().take(LIMIT).collect();
    for length in [0, 1, 2, 255, 256, LIMIT - 1, LIMIT] {
        let (body, _) = binary.split_at(length);
        let name = format!("{length} bytes");
        let request = genuine(body).body(body);
        cases.push(Case::new(&name, request, 200, ""));
        for size in [1, 7, LIMIT] {
            let name = format!("{name} in chunks of {size}");
            let request = genuine(body).chunks(body, size);
            cases.push(Case::new(name, request, 200, ""));
        }
    }
    for text in [
        &b"\xff\xfe\x00"[..],
        b"\r\n\r\n",
        b"0\r\n\r\n",
        "ä€😀".as_bytes(),
    ] {
        let name = String::from_utf8_lossy(text);
        cases.push(Case::new(name.clone(), genuine(text).body(text), 200, ""));
        let request = genuine(text).chunks(text, 1);
        cases.push(Case::new(name, request, 200, ""));
    }
    cases.push(Case::new(
        "neither length nor chunks",
        genuine(b""),
        200,
        "",
    ));

    for chunks in [
        "5\r\nhello\r\n0\r\n\r\n",
        "00005\r\nhello\r\n000\r\n\r\n",
        "2;a=b\r\nhe\r\n3;name=\"a value\"\r\nllo\r\n0;last\r\n\r\n",
        "5;\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nx-trailer: y\r\n\r\n",
        "5\r\nhello\r\n0\r\nx: y\r\nupstash-signature: forged\r\ncontent-length: 7\r\n\r\n",
    ] {
        cases.push(Case::new(chunks, chunked(b"hello", chunks), 200, ""));
    }
    let upper = "A\r\n0123456789\r\n0\r\n\r\n";
    let lower = "a\r\n0123456789\r\n0\r\n\r\n";
    for chunks in [upper, lower] {
        cases.push(Case::new(chunks, chunked(b"0123456789", chunks), 200, ""));
    }
    let shouted = genuine(b"hello").header("Transfer-Encoding", "CHUNKED");
    let shouted = shouted.raw_body("5\r\nhello\r\n0\r\n\r\n");
    cases.push(Case::new("CHUNKED", shouted, 200, ""));

    // A signature in the trailers is ignored.
    let trailers = format!("0\r\nupstash-signature: {}\r\n\r\n", "x".repeat(450));
    let request = Request::post("/webhook").header("transfer-encoding", "chunked");
    let request = request.raw_body(trailers);
    cases.push(Case::new("late", request, 401, "missing_signature"));

    for (method, target, status) in [
        ("GET", "/webhook", 405),
        ("PUT", "/webhook", 405),
        ("GET", "/health", 200),
        ("POST", "/health", 405),
        ("POST", "/nope", 404),
    ] {
        let request = genuine_for(method, target, BODY);
        for request in [request.clone().body(BODY), request.chunks(BODY, 5)] {
            let name = format!("{method} {target} with a body");
            cases.push(Case::new(name, request, status, "").method(method));
        }
    }
    cases
}

pub(super) fn refused() -> Vec<Case> {
    let mut cases = Vec::new();
    let long = [b'x'; LIMIT + 1];
    for size in [1, 7, LIMIT, LIMIT + 1] {
        let name = format!("too long in chunks of {size}");
        let request = genuine(&long).chunks(&long, size);
        cases.push(Case::new(name, request, 413, "body_too_large"));
        // Refused before EOF.
        let head = genuine(&long).header("transfer-encoding", "chunked");
        let endless = format!("{size:x}\r\n{}\r\n", "x".repeat(size)).repeat(1 + LIMIT / size);
        let request = head.raw_body(endless);
        cases.push(Case::new("no end", request, 413, "body_too_large"));
    }
    let request = genuine(&long).body(&long);
    cases.push(Case::new("too long", request, 413, "body_too_large"));
    for length in ["1001", "52428800", "9223372036854775808"] {
        let head = |request: Request| request.header("content-length", length);
        let name = |who| format!("{who} {length} declared");
        let request = head(genuine(b""));
        cases.push(Case::new(name("genuine"), request, 413, "body_too_large"));
        // A forgery doesn't reveal the limit.
        let request = head(forged(b""));
        cases.push(Case::new(name("forged"), request, 401, "bad_signature"));
        let request = head(Request::post("/webhook"));
        cases.push(Case::new(
            name("unsigned"),
            request,
            401,
            "missing_signature",
        ));
        let asks = head(genuine(b"")).header("expect", "100-continue");
        cases.push(Case::new(name("asking"), asks, 413, "body_too_large"));
    }
    // Wrong body over the limit: the length is checked first.
    let request = genuine(b"another").body(&long);
    cases.push(Case::new("both", request, 413, "body_too_large"));

    for chunks in [
        "x\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloo\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
    ] {
        let request = chunked(b"hello", chunks);
        cases.push(Case::new(chunks, request, 400, "body_unreadable"));
    }
    for missing in [1, 10, BODY.len()] {
        let name = format!("{missing} bytes missing");
        let request = genuine(BODY).body(BODY);
        let case = Case::new(name, request, 400, "body_unreadable");
        cases.push(case.truncated(missing));
    }
    for missing in [2, 5, 12, 30] {
        let name = format!("{missing} bytes of chunks missing");
        let request = genuine(BODY).chunks(BODY, 5);
        let case = Case::new(name, request, 400, "body_unreadable");
        cases.push(case.truncated(missing));
    }
    cases
}
