//! The variables with keys and regions.

use qstash_verify_tests::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, Kind, MULTI_REGION, Request, Token, US,
    US_VARIABLES, on_each_server,
};
use serde_json::json;

use crate::{BODY, DEVELOPMENT, URL, accepted, delivery, now, refused};
use qstash_verify_tests::Example;

on_each_server! {
    and_examples:
    development_keys_are_the_default,
    keys_of_the_environment_replace_development_keys,
    both_regions_are_accepted,
    half_pair_is_an_error_that_names_the_variables,
    unused_regional_keys_are_an_error,
    unknown_region_is_an_error,
    non_unicode_variable_is_an_error_that_names_it,
    unclear_development_mode_is_an_error,
}

const NOTICE: &str = "no signing keys are set: using the published keys of the development server";

fn development_keys_are_the_default(kind: Kind) {
    let mut example = Example::start(kind, &[]);
    let health = example.ask(&Request::new("GET", "/health"));
    assert_eq!(health.brief(), (200, "ok".to_owned()));

    let unsigned = Request::post("/webhook").body(BODY);
    let answer = example.ask(&unsigned);
    answer.assert_unauthorized("missing_signature");

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
    // The system clock is used.
    let old = Token::new(URL, BODY, now() - 301).sign(DEVELOPMENT[0]);
    let request = Request::post("/webhook").signed(old).body(BODY);
    assert_eq!(example.json(&request), (401, refused("expired")));

    let output = example.stop();
    let notices = output.lines().filter(|line| *line == NOTICE);
    assert_eq!(notices.count(), 1, "{output}");
    assert!(!output.contains("sig_"), "{output}");
}

fn keys_of_the_environment_replace_development_keys(kind: Kind) {
    let mut example = Example::start(kind, &DEFAULT_VARIABLES);
    for (key, slot) in DEFAULT.into_iter().zip(["current", "next"]) {
        let answer = example.json(&delivery(key, BODY));
        assert_eq!(answer, accepted(None, slot, BODY.len()));
    }
    for key in DEVELOPMENT.into_iter().chain(US) {
        let answer = example.json(&delivery(key, BODY));
        assert_eq!(answer, (401, refused("bad_signature")));
    }
    let output = example.stop();
    assert!(!output.contains("published"), "{output}");
    assert!(!output.contains("sig_"), "{output}");
}

fn both_regions_are_accepted(kind: Kind) {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let example = Example::start(kind, &variables);
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

fn half_pair_is_an_error_that_names_the_variables(kind: Kind) {
    for half in DEFAULT_VARIABLES {
        let errors = Example::failure(kind, &[half]);
        for (name, value) in DEFAULT_VARIABLES {
            assert!(errors.contains(name), "{errors}");
            assert!(!errors.contains(value), "{errors}");
        }
        assert!(!errors.contains("published"), "{errors}");
    }
    for half in US_VARIABLES {
        let errors = Example::failure(kind, &[half, MULTI_REGION]);
        for (name, value) in [US_VARIABLES, EU_VARIABLES, DEFAULT_VARIABLES].concat() {
            assert!(errors.contains(name), "{errors}");
            assert!(!errors.contains(value), "{errors}");
        }
    }
}

fn unused_regional_keys_are_an_error(kind: Kind) {
    let errors = Example::failure(kind, &EU_VARIABLES);
    for (name, value) in EU_VARIABLES {
        assert!(errors.contains(name), "{errors}");
        assert!(!errors.contains(value), "{errors}");
    }
    assert!(!errors.contains("published"), "{errors}");
}

fn unknown_region_is_an_error(kind: Kind) {
    for keys in [&DEFAULT_VARIABLES[..], &[]] {
        let variables = [keys, &[("QSTASH_REGION", "MARS_1")]].concat();
        let errors = Example::failure(kind, &variables);
        assert!(errors.contains("MARS_1"), "{errors}");
        assert!(!errors.contains("published"), "{errors}");
    }
}

#[cfg(unix)]
fn non_unicode_variable_is_an_error_that_names_it(kind: Kind) {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    for name in ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_DEV", "PUBLIC_URL"] {
        let errors = Example::failure(kind, &[(name, OsStr::from_bytes(b"sig_\xff"))]);
        let expected = format!("error: {name} is set to bytes that are not UTF-8");
        assert!(errors.contains(&expected), "{errors}");
    }
}

#[cfg(not(unix))]
fn non_unicode_variable_is_an_error_that_names_it(_: Kind) {}

fn unclear_development_mode_is_an_error(kind: Kind) {
    let errors = Example::failure(kind, &[("QSTASH_DEV", "yes")]);
    assert!(errors.contains("error: QSTASH_DEV is \"yes\""), "{errors}");
}
