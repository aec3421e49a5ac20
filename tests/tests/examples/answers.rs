//! Routes, and the variables other than keys.

use std::net::TcpListener;

use qstash_verify_tests::{Kind, Request, Token, on_each_server};

use crate::{BODY, DEVELOPMENT, MEBIBYTE, ORIGIN, URL, accepted, delivery, now, refused};
use qstash_verify_tests::Example;

on_each_server! {
    and_examples:
    only_the_webhook_is_verified,
    public_url_sets_the_base_url,
    bodies_are_accepted_up_to_the_limit,
    prints_only_its_address_without_logs,
    unusable_port_is_an_error,
}

fn only_the_webhook_is_verified(kind: Kind) {
    let example = Example::start(kind, &[]);
    // Rocket looks for a route first, and has no 405.
    let (unsigned, not_allowed) = match kind {
        Kind::Rocket => (404, 404),
        _ => (401, 405),
    };
    let get = Request::new("GET", "/webhook");
    assert_eq!(example.ask(&get).status(), unsigned);
    let post = Request::post("/health");
    assert_eq!(example.ask(&post).status(), not_allowed);
    let genuine = Token::new(URL, b"", now()).sign(DEVELOPMENT[0]);
    let request = Request::new("GET", "/webhook").signed(genuine);
    assert_eq!(example.ask(&request).status(), not_allowed);
}

fn public_url_sets_the_base_url(kind: Kind) {
    let request = delivery(DEVELOPMENT[0], BODY);
    for (public, status) in [
        (ORIGIN, 200),
        ("https://api.example.com/", 200),
        ("https://elsewhere.example.com", 401),
        ("http://api.example.com", 401),
        ("https://api.example.com/api", 401),
        ("", 200),
    ] {
        let (code, answer) = Example::start(kind, &[("PUBLIC_URL", public)]).json(&request);
        assert_eq!(code, status, "{public}");
        if code == 401 {
            assert_eq!(answer, refused("url_mismatch"));
        }
    }
    let errors = Example::failure(kind, &[("PUBLIC_URL", "api.example.com")]);
    assert!(errors.contains("api.example.com"), "{errors}");
}

fn bodies_are_accepted_up_to_the_limit(kind: Kind) {
    let key = DEVELOPMENT[0];
    let example = Example::start(kind, &[]);
    for length in [3_000_000, 10 * MEBIBYTE] {
        let answer = example.json(&delivery(key, &vec![b'x'; length]));
        assert_eq!(answer, accepted(None, "current", length));
    }
    let answer = example.json(&delivery(key, &vec![b'x'; 10 * MEBIBYTE + 1]));
    assert_eq!(answer, (413, refused("body_too_large")));

    let example = Example::start(kind, &[("MAX_BODY_BYTES", "1000")]);
    let answer = example.json(&delivery(key, &[b'x'; 1000]));
    assert_eq!(answer, accepted(None, "current", 1000));
    let answer = example.json(&delivery(key, &[b'x'; 1001]));
    assert_eq!(answer, (413, refused("body_too_large")));

    for value in ["a", "-1", "1e6"] {
        let errors = Example::failure(kind, &[("MAX_BODY_BYTES", value)]);
        assert!(errors.contains("MAX_BODY_BYTES"), "{errors}");
        assert!(errors.contains(value), "{errors}");
    }
}

fn prints_only_its_address_without_logs(kind: Kind) {
    let quiet = [("RUST_LOG", "off")];
    let keys = qstash_verify_tests::DEFAULT_VARIABLES;
    let mut example = Example::start(kind, &[&quiet[..], &keys].concat());
    example.ask(&Request::new("GET", "/health"));
    example.ask(&Request::post("/webhook"));
    let wanted = format!("listening on http://127.0.0.1:{}\n", example.port());
    assert_eq!(example.stop(), wanted);
}

fn unusable_port_is_an_error(kind: Kind) {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let errors = Example::failure(kind, &[("PORT", &port)]);
    assert!(errors.contains("Address already in use"), "{errors}");
    for port in ["http", "65536", "-1"] {
        let errors = Example::failure(kind, &[("PORT", port)]);
        assert!(errors.contains("PORT"), "{errors}");
        assert!(errors.contains(port), "{errors}");
    }
}
