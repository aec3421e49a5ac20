//! The axum example as it is: its binary, its environment, its answers.
#![allow(clippy::unwrap_used, reason = "tests: what goes wrong here is to fail")]

mod process;

use std::time::SystemTime;

use qstash_verify_tests::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, Request, Token, US, US_VARIABLES,
};
use serde_json::{Value, json};

use process::Example;

const DEVELOPMENT: [&str; 2] = [
    "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
];
const NOTICE: &str = "no signing keys are set: using the PUBLIC keys of the development server";
const URL: &str = "https://api.example.com/webhook";
const BODY: &[u8] = br#"{"message":"hello world"}"#;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs().try_into().unwrap()
}

/// A delivery as of now.
fn delivery(key: &str, body: &[u8]) -> Request {
    Request::post("/webhook")
        .signed(Token::new(URL, body, now()).sign(key))
        .body(body)
}

fn refused(code: &str) -> Value {
    json!({ "error": code })
}

fn accepted(region: Option<&str>, key: &str, bytes: usize) -> (u16, Value) {
    let message_id = Value::Null;
    let answer = json!({ "message_id": message_id, "region": region, "key": key, "bytes": bytes });
    (200, answer)
}

#[test]
fn without_variables_it_is_for_development() {
    let mut example = Example::start(&[]);
    let health = example.ask(&Request::new("GET", "/health"));
    assert_eq!(health.brief(), (200, "ok".to_owned()));

    let unsigned = Request::post("/webhook").body(BODY);
    let answer = example.ask(&unsigned);
    assert_eq!(answer.line, "HTTP/1.1 401 Unauthorized");
    assert_eq!(answer.header("www-authenticate"), Some("Upstash-Signature"));
    assert_eq!(answer.text(), r#"{"error":"missing_signature"}"#);

    for (key, slot) in DEVELOPMENT.into_iter().zip(["current", "next"]) {
        let request = delivery(key, BODY);
        assert_eq!(example.json(&request), accepted(None, slot, BODY.len()));
        let request = request.header("upstash-region", "us-east-1");
        let wanted = accepted(Some("US_EAST_1"), slot, BODY.len());
        assert_eq!(example.json(&request), wanted);
    }
    let request = delivery(DEVELOPMENT[0], b"").header("upstash-message-id", "msg_1");
    let answer = json!({ "message_id": "msg_1", "region": null, "key": "current", "bytes": 0 });
    assert_eq!(example.json(&request), (200, answer));

    for key in DEFAULT.into_iter().chain(US) {
        let answer = example.json(&delivery(key, BODY));
        assert_eq!(answer, (401, refused("bad_signature")));
    }
    // Its clock is the system's.
    let old = Token::new(URL, BODY, now() - 301).sign(DEVELOPMENT[0]);
    let request = Request::post("/webhook").signed(old).body(BODY);
    assert_eq!(example.json(&request), (401, refused("expired")));

    let errors = example.stop();
    assert_eq!(
        errors.lines().filter(|line| *line == NOTICE).count(),
        1,
        "{errors}"
    );
    assert!(!errors.contains("sig_"), "{errors}");
}

#[test]
fn only_the_webhook_is_behind_the_layer() {
    let example = Example::start(&[]);
    assert_eq!(example.ask(&Request::new("GET", "/webhook")).status(), 401);
    assert_eq!(example.ask(&Request::post("/health")).status(), 405);
    let genuine = Token::new(URL, b"", now()).sign(DEVELOPMENT[0]);
    let request = Request::new("GET", "/webhook").signed(genuine);
    assert_eq!(example.ask(&request).status(), 405);
}

#[test]
fn keys_of_the_environment_replace_those_of_development() {
    let mut example = Example::start(&DEFAULT_VARIABLES);
    for (key, slot) in DEFAULT.into_iter().zip(["current", "next"]) {
        let answer = example.json(&delivery(key, BODY));
        assert_eq!(answer, accepted(None, slot, BODY.len()));
    }
    for key in DEVELOPMENT.into_iter().chain(US) {
        let answer = example.json(&delivery(key, BODY));
        assert_eq!(answer, (401, refused("bad_signature")));
    }
    let errors = example.stop();
    assert!(!errors.contains("PUBLIC"), "{errors}");
    assert!(!errors.contains("sig_"), "{errors}");
}

#[test]
fn both_regions_are_received_at_once() {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let example = Example::start(&variables);
    for (header, region, pair, other) in [
        ("US-EAST-1", "US_EAST_1", US, EU),
        ("EU-CENTRAL-1", "EU_CENTRAL_1", EU, US),
    ] {
        for (key, slot) in pair.into_iter().zip(["current", "next"]) {
            let request = delivery(key, BODY).header("upstash-region", header);
            let wanted = accepted(Some(region), slot, BODY.len());
            assert_eq!(example.json(&request), wanted);
        }
        for key in other.into_iter().chain(DEFAULT).chain(DEVELOPMENT) {
            let request = delivery(key, BODY).header("upstash-region", header);
            assert_eq!(example.json(&request), (401, refused("bad_signature")));
        }
        let answer = example.json(&delivery(pair[0], BODY));
        assert_eq!(answer, (401, refused("no_signing_keys")));
    }
}

#[test]
fn the_public_url_is_honoured() {
    let request = delivery(DEVELOPMENT[0], BODY);
    for (public, status) in [
        ("https://api.example.com", 200),
        ("https://api.example.com/", 200),
        ("https://elsewhere.example.com", 401),
        ("http://api.example.com", 401),
        ("https://api.example.com/api", 401),
        ("", 200),
    ] {
        let (code, answer) = Example::start(&[("PUBLIC_URL", public)]).json(&request);
        assert_eq!(code, status, "{public}");
        if code == 401 {
            assert_eq!(answer, refused("url_mismatch"));
        }
    }
    let errors = Example::failure(&[("PUBLIC_URL", "api.example.com")]);
    assert!(errors.contains("api.example.com"), "{errors}");
}

#[test]
fn bodies_are_accepted_up_to_the_limit() {
    let key = DEVELOPMENT[0];
    let example = Example::start(&[]);
    for length in [3_000_000, 10 * 1024 * 1024] {
        let answer = example.json(&delivery(key, &vec![b'x'; length]));
        assert_eq!(answer, accepted(None, "current", length));
    }
    let answer = example.json(&delivery(key, &vec![b'x'; 10 * 1024 * 1024 + 1]));
    assert_eq!(answer, (413, refused("body_too_large")));

    let example = Example::start(&[("MAX_BODY_BYTES", "1000")]);
    let answer = example.json(&delivery(key, &[b'x'; 1000]));
    assert_eq!(answer, accepted(None, "current", 1000));
    let answer = example.json(&delivery(key, &[b'x'; 1001]));
    assert_eq!(answer, (413, refused("body_too_large")));

    for value in ["a", "-1", "1e6"] {
        let errors = Example::failure(&[("MAX_BODY_BYTES", value)]);
        assert!(errors.contains("MAX_BODY_BYTES"), "{errors}");
        assert!(errors.contains(value), "{errors}");
    }
}

#[test]
fn half_a_pair_is_an_error_that_names_the_variables() {
    for half in DEFAULT_VARIABLES {
        let errors = Example::failure(&[half]);
        for (name, value) in DEFAULT_VARIABLES {
            assert!(errors.contains(name), "{errors}");
            assert!(!errors.contains(value), "{errors}");
        }
        assert!(!errors.contains("PUBLIC"), "{errors}");
    }
    for half in US_VARIABLES {
        let errors = Example::failure(&[half, MULTI_REGION]);
        for (name, value) in [US_VARIABLES, EU_VARIABLES, DEFAULT_VARIABLES].concat() {
            assert!(errors.contains(name), "{errors}");
            assert!(!errors.contains(value), "{errors}");
        }
    }
}

#[test]
fn keys_that_would_not_be_used_are_an_error() {
    let errors = Example::failure(&EU_VARIABLES);
    for (name, value) in EU_VARIABLES {
        assert!(errors.contains(name), "{errors}");
        assert!(!errors.contains(value), "{errors}");
    }
    assert!(!errors.contains("PUBLIC"), "{errors}");
}

#[test]
fn a_region_that_is_none_is_an_error() {
    for keys in [&DEFAULT_VARIABLES[..], &[]] {
        let variables = [keys, &[("QSTASH_REGION", "MARS_1")]].concat();
        let errors = Example::failure(&variables);
        assert!(errors.contains("MARS_1"), "{errors}");
        assert!(!errors.contains("PUBLIC"), "{errors}");
    }
}
