//! Servers over sockets: accepted deliveries and refusals.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use qstash_verify::{KeyRing, ReplayProtection, Verifier};
use qstash_verify_tests::{
    DEFAULT, EU, EU_VARIABLES, Kind, MULTI_REGION, NOW, Request, Server, Token, URL, US,
    US_VARIABLES, builder, lookup, on_each_server, pinned,
};

on_each_server! {
    one_server_accepts_deliveries_of_both_regions,
    each_401_has_its_code,
    two_signature_headers_are_refused,
    long_signature_is_refused,
    every_method_is_verified;
    except_rocket:
    non_ascii_header_bytes_are_handled,
}

const BODY: &[u8] = br#"{"message":"hello world"}"#;

fn one_server_accepts_deliveries_of_both_regions(kind: Kind) {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let verifier = Verifier::builder(KeyRing::from_lookup(lookup(&variables)).unwrap())
        .base_url("https://api.example.com")
        .unwrap()
        .clock(pinned(NOW + 10))
        .build();
    let server = Server::start(kind, verifier);
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
        // The header selects the pair; keys of the other region are refused.
        for key in other.into_iter().chain(DEFAULT) {
            let request = delivery(key).header("upstash-region", header);
            server
                .connect()
                .ask(&request)
                .assert_unauthorized("bad_signature");
        }
        // Without the header there is no pair.
        let answer = server.connect().ask(&delivery(pair[0]));
        answer.assert_unauthorized("no_signing_keys");
    }
    assert_eq!(server.calls(), 4);
}

fn each_401_has_its_code(kind: Kind) {
    let server = Server::start(
        kind,
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
        server
            .connect()
            .ask(&request.body(BODY))
            .assert_unauthorized(code);
    }
    let unsigned = Request::post("/hooks/qstash?from=qstash").body(BODY);
    server
        .connect()
        .ask(&unsigned)
        .assert_unauthorized("missing_signature");
    assert_eq!(server.calls(), 0);
    // The same server accepts a genuine delivery.
    let genuine = Request::genuine(BODY).body(BODY);
    assert_eq!(server.connect().ask(&genuine).status(), 200);
}

fn two_signature_headers_are_refused(kind: Kind) {
    let server = Server::start(kind, builder().build());
    let genuine = Request::genuine(BODY);
    let token = Token::new(URL, BODY, NOW).sign(DEFAULT[0]);
    for second in [&*token, "", "x"] {
        let request = genuine
            .clone()
            .header("Upstash-Signature", second)
            .body(BODY);
        server
            .connect()
            .ask(&request)
            .assert_unauthorized("malformed_token");
    }
    assert_eq!(server.calls(), 0);
}

fn non_ascii_header_bytes_are_handled(kind: Kind) {
    let server = Server::start(kind, builder().build());
    let token = Token::new(URL, BODY, NOW).sign(DEFAULT[0]);
    let mut connection = server.connect();
    for byte in 0x80..=0xff {
        for signature in [vec![byte], [token.as_bytes(), &[byte]].concat()] {
            let request = Request::post("/hook").signed(signature).body(BODY);
            server
                .connect()
                .ask(&request)
                .assert_unauthorized("malformed_token");
        }
        // An unknown region counts as none.
        let region = [b"US-EAST-1", &[byte][..]].concat();
        let request = Request::genuine(BODY).header("upstash-region", region);
        let answer = connection.ask(&request.body(BODY));
        assert_eq!(answer.status(), 200, "{byte}");
        assert_eq!(answer.header("x-region"), Some("none"));
    }
}

fn long_signature_is_refused(kind: Kind) {
    let server = Server::start(kind, builder().build());
    let token = Token::new(URL, BODY, NOW).claim("x", &format!("{:?}", "x".repeat(64 * 1024)));
    let token = token.sign(DEFAULT[0]);
    for signature in [token, "a".repeat(64 * 1024), ".".repeat(64 * 1024)] {
        let request = Request::post("/hook").signed(signature).body(BODY);
        server
            .connect()
            .ask(&request)
            .assert_unauthorized("malformed_token");
    }
}

fn every_method_is_verified(kind: Kind) {
    let server = Server::start(kind, builder().build());
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
        // `Content-Length: 0` equals no body.
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
fn tower_layer_works_on_hyper() {
    let server = Server::layered_hyper(
        builder()
            .base_url("https://api.example.com")
            .unwrap()
            .build(),
        ReplayProtection::default(),
    );
    let mut connection = server.connect();
    let answer = connection.ask(&Request::genuine(BODY).body(BODY));
    assert_eq!(answer.brief(), (200, String::from_utf8_lossy(BODY).into()));
    assert_eq!(answer.header("x-key"), Some("current"));
    let answer = connection.ask(&Request::genuine(BODY).chunks(BODY, 3));
    assert_eq!(answer.body, BODY);
    assert_eq!(server.calls(), 2);

    let answer = server.connect().ask(&Request::forged(BODY).body(BODY));
    answer.assert_unauthorized("bad_signature");
    let forged = Request::forged(BODY).header("content-length", "52428800");
    server
        .connect()
        .ask(&forged)
        .assert_unauthorized("bad_signature");
    let long = Request::genuine(BODY).header("content-length", "52428800");
    let line = "HTTP/1.1 413 Payload Too Large";
    server
        .connect()
        .ask(&long)
        .assert_refusal(line, "body_too_large");
    assert_eq!(server.calls(), 2);
}
