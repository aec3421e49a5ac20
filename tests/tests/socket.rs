//! Whole servers over real sockets: genuine deliveries, and the answers to
//! those that aren't.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: what goes wrong here is to fail"
)]

use qstash_verify::{KeyRing, Verifier};
use qstash_verify_tests::{
    Answer, Capture, DEFAULT, EU, EU_VARIABLES, MULTI_REGION, NOW, Request, Server, Token, URL, US,
    US_VARIABLES, builder, captures, lookup, pinned, signing_keys,
};

const BODY: &[u8] = br#"{"message":"hello world"}"#;

/// What every refusal is, but for its `date`.
fn assert_refusal(answer: &Answer, line: &str, code: &str) {
    assert_eq!(answer.line, line);
    assert_eq!(answer.text(), format!(r#"{{"error":"{code}"}}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let challenge = answer.header("www-authenticate");
    let wanted = (answer.status() == 401).then_some("Upstash-Signature");
    assert_eq!(challenge, wanted);
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), Some(&*length));
    for (name, _) in &answer.headers {
        let known = ["content-type", "www-authenticate", "content-length", "date"];
        assert!(known.contains(&&**name), "{name}");
    }
}

fn assert_unauthorized(answer: &Answer, code: &str) {
    assert_refusal(answer, "HTTP/1.1 401 Unauthorized", code);
}

/// Asks a new server that verifies with this, on a new connection.
fn ask(verifier: Verifier, request: &Request) -> Answer {
    let server = Server::axum(verifier);
    let answer = server.connect().ask(request);
    assert_eq!(server.calls(), usize::from(answer.status() == 200));
    answer
}

/// Origin and target of a capture's URL.
fn split(capture: &Capture) -> (&str, &str) {
    let host = "https://".len();
    let path = host + capture.url[host..].find('/').unwrap();
    capture.url.split_at(path)
}

/// The capture as it was sent, but for this body.
fn captured(capture: &Capture, body: &[u8]) -> Request {
    let (_, target) = split(capture);
    Request::post(target).signed(&capture.signature).body(body)
}

#[test]
fn captures_are_accepted_until_they_expire() {
    assert_eq!(captures().len(), 2);
    for capture in captures() {
        let (origin, _) = split(&capture);
        let at = |time: i64| {
            let verifier = Verifier::builder(signing_keys(&capture.keys))
                .base_url(origin)
                .unwrap()
                .clock(pinned(time))
                .build();
            ask(verifier, &captured(&capture, &capture.body))
        };
        for time in [capture.at, capture.expires - 1] {
            let answer = at(time);
            assert_eq!(answer.line, "HTTP/1.1 200 OK", "{}", capture.name);
            assert_eq!(answer.body, capture.body);
            assert_eq!(answer.header("x-key"), Some("current"));
            assert_eq!(answer.header("x-region"), Some("none"));
        }
        for time in [capture.expires, capture.expires + 1] {
            assert_unauthorized(&at(time), "expired");
        }
    }
}

#[test]
fn captures_with_another_body_are_refused() {
    for capture in captures() {
        let mut flipped = capture.body.to_vec();
        flipped[0] ^= 1;
        let longer = [&capture.body, &b"\n"[..]].concat();
        let shorter = &capture.body[..capture.body.len() - 1];
        for body in [&flipped, &longer, shorter, b""] {
            let verifier = Verifier::builder(signing_keys(&capture.keys))
                .clock(pinned(capture.at))
                .build();
            let answer = ask(verifier, &captured(&capture, body));
            assert_unauthorized(&answer, "body_mismatch");
        }
    }
}

#[test]
fn captures_for_another_url_are_refused() {
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
            let answer = ask(verifier, &request.body(&capture.body));
            assert_unauthorized(&answer, "url_mismatch");
        }
    }
}

#[test]
fn captures_are_refused_with_the_keys_of_another_account() {
    let captures = captures();
    for (capture, other) in captures.iter().zip(captures.iter().rev()) {
        assert_ne!(capture.keys, other.keys);
        let verifier = Verifier::builder(signing_keys(&other.keys))
            .clock(pinned(capture.at))
            .build();
        let answer = ask(verifier, &captured(capture, &capture.body));
        assert_unauthorized(&answer, "bad_signature");
    }
}

#[test]
fn deliveries_of_both_regions_arrive_at_one_server() {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let verifier = Verifier::builder(KeyRing::from_lookup(lookup(&variables)).unwrap())
        .base_url("https://api.example.com")
        .unwrap()
        .clock(pinned(NOW + 10))
        .build();
    let server = Server::axum(verifier);
    let delivery = |key: &str| {
        Request::post("/hooks/qstash?from=qstash")
            .header("user-agent", "Upstash-QStash")
            .header("upstash-message-id", "msg_26hZCxZCuWyyTWPmSVBrNB882AHVjQGd")
            .header("upstash-retried", "0")
            .signed(Token::new(URL, BODY, NOW).sign(key))
            .body(BODY)
    };
    for (header, region, pair, other) in [
        ("US-EAST-1", "US_EAST_1", US, EU),
        ("EU-CENTRAL-1", "EU_CENTRAL_1", EU, US),
    ] {
        let mut connection = server.connect();
        for (key, slot) in pair.into_iter().zip(["current", "next"]) {
            let answer = connection.ask(&delivery(key).header("upstash-region", header));
            assert_eq!(answer.brief(), (200, String::from_utf8_lossy(BODY).into()));
            assert_eq!(answer.header("x-region"), Some(region));
            assert_eq!(answer.header("x-key"), Some(slot));
        }
        // The header picks the pair; it makes no key good for the other region.
        for key in other.into_iter().chain(DEFAULT) {
            let request = delivery(key).header("upstash-region", header);
            assert_unauthorized(&server.connect().ask(&request), "bad_signature");
        }
        // And without it there is no pair to be picked here.
        let answer = server.connect().ask(&delivery(pair[0]));
        assert_unauthorized(&answer, "no_signing_keys");
    }
    assert_eq!(server.calls(), 4);
}

#[test]
fn every_reason_has_its_answer() {
    let server = Server::axum(
        builder()
            .base_url("https://api.example.com")
            .unwrap()
            .build(),
    );
    let token = || Token::new(URL, BODY, NOW);
    let signed = |token: Token| token.sign(DEFAULT[0]);
    let hs512 = r#"{"alg":"HS512","typ":"JWT"}"#;
    for (signature, code) in [
        (token().sign("sig_other"), "bad_signature"),
        (String::new(), "malformed_token"),
        ("a.b".to_owned(), "malformed_token"),
        (signed(token().header(hs512)), "unsupported_algorithm"),
        (signed(token().without("exp")), "missing_claim"),
        (signed(token().claim("exp", "true")), "invalid_claim"),
        (signed(token().claim("iss", r#""Mallory""#)), "wrong_issuer"),
        (signed(token().claim("exp", "0")), "expired"),
        (signed(token().claim("nbf", "1e10")), "not_yet_valid"),
        (signed(token().claim("sub", r#""x""#)), "url_mismatch"),
        (signed(Token::new(URL, b"x", NOW)), "body_mismatch"),
    ] {
        let request = Request::post("/hooks/qstash?from=qstash").signed(signature);
        assert_unauthorized(&server.connect().ask(&request.body(BODY)), code);
    }
    let unsigned = Request::post("/hooks/qstash?from=qstash").body(BODY);
    assert_unauthorized(&server.connect().ask(&unsigned), "missing_signature");
    assert_eq!(server.calls(), 0);
    // The same server takes what is right.
    let genuine = Request::genuine(BODY).body(BODY);
    assert_eq!(server.connect().ask(&genuine).status(), 200);
}

#[test]
fn two_signatures_are_one_too_many() {
    let server = Server::axum(builder().build());
    let genuine = Request::genuine(BODY);
    let token = Token::new(URL, BODY, NOW).sign(DEFAULT[0]);
    for second in [&*token, "", "x"] {
        let request = genuine
            .clone()
            .header("Upstash-Signature", second)
            .body(BODY);
        assert_unauthorized(&server.connect().ask(&request), "malformed_token");
    }
    assert_eq!(server.calls(), 0);
}

#[test]
fn headers_may_hold_any_bytes() {
    let server = Server::axum(builder().build());
    let token = Token::new(URL, BODY, NOW).sign(DEFAULT[0]);
    let mut connection = server.connect();
    for byte in 0x80..=0xff {
        for signature in [vec![byte], [token.as_bytes(), &[byte]].concat()] {
            let request = Request::post("/hook").signed(signature).body(BODY);
            assert_unauthorized(&server.connect().ask(&request), "malformed_token");
        }
        // A region that is none is as good as no region.
        let region = [b"US-EAST-1", &[byte][..]].concat();
        let request = Request::genuine(BODY).header("upstash-region", region);
        let answer = connection.ask(&request.body(BODY));
        assert_eq!(answer.status(), 200, "{byte}");
        assert_eq!(answer.header("x-region"), Some("none"));
    }
}

#[test]
fn a_long_signature_is_refused() {
    let server = Server::axum(builder().build());
    let token = Token::new(URL, BODY, NOW).claim("x", &format!("{:?}", "x".repeat(64 * 1024)));
    let token = token.sign(DEFAULT[0]);
    for signature in [token, "a".repeat(64 * 1024), ".".repeat(64 * 1024)] {
        let request = Request::post("/hook").signed(signature).body(BODY);
        assert_unauthorized(&server.connect().ask(&request), "malformed_token");
    }
}

#[test]
fn every_method_is_verified() {
    let server = Server::axum(builder().build());
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let mut connection = server.connect();
        for (token, status) in [
            (Token::new(URL, b"", NOW), 200),
            (Token::new(URL, BODY, NOW), 401),
        ] {
            let request = Request::new(method, "/hook").signed(token.sign(DEFAULT[0]));
            connection.send(request.bytes());
            let answer = if method == "HEAD" {
                connection.answer_to_head().unwrap()
            } else {
                connection.answer()
            };
            assert_eq!(answer.status(), status, "{method}");
        }
        // A length of 0 is no body, too.
        let token = Token::new(URL, b"", NOW).sign(DEFAULT[0]);
        let request = Request::new(method, "/hook").signed(token).body(b"");
        connection.send(request.bytes());
        assert_eq!(
            connection.answer_to_head().unwrap().status(),
            200,
            "{method}"
        );
    }
    assert_eq!(server.calls(), 12);
}

#[test]
fn hyper_alone_will_do() {
    let server = Server::hyper(
        builder()
            .base_url("https://api.example.com")
            .unwrap()
            .build(),
    );
    let mut connection = server.connect();
    let answer = connection.ask(&Request::genuine(BODY).body(BODY));
    assert_eq!(answer.brief(), (200, String::from_utf8_lossy(BODY).into()));
    assert_eq!(answer.header("x-key"), Some("current"));
    let answer = connection.ask(&Request::genuine(BODY).chunks(BODY, 3));
    assert_eq!(answer.body, BODY);
    assert_eq!(server.calls(), 2);

    let answer = server.connect().ask(&Request::forged(BODY).body(BODY));
    assert_unauthorized(&answer, "bad_signature");
    let forged = Request::forged(BODY).header("content-length", "52428800");
    assert_unauthorized(&server.connect().ask(&forged), "bad_signature");
    let long = Request::genuine(BODY).header("content-length", "52428800");
    let line = "HTTP/1.1 413 Payload Too Large";
    assert_refusal(&server.connect().ask(&long), line, "body_too_large");
    assert_eq!(server.calls(), 2);
}
