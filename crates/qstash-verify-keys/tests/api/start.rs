//! Settings, and errors at the start.

use qstash_verify::{Credentials, Verifier};
use qstash_verify_keys::{KeyApi, KeyRefresher, StartError};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{DEFAULT, lookup, signing_keys};

use crate::server::{NEW, Server, TOKEN, block_on, pair};

#[test]
fn unusable_credentials_are_errors_at_the_start() {
    let verifier = Verifier::new(signing_keys(&DEFAULT));
    let start = |verifier: &Verifier, variables: &[(&str, &str)]| {
        let refresher = KeyRefresher::from_lookup(verifier, lookup(variables))?;
        refresher.start().map(drop)
    };
    let text = |variables: &[(&str, &str)]| {
        let (result, _) = captured(|| block_on(async { start(&verifier, variables) }));
        let error = result.unwrap_err();
        let text = error.to_string();
        assert!(!text.contains("secret"), "{text}");
        text
    };
    for (url, expected) in [
        (
            "http://qstash.upstash.io",
            "the URL in QSTASH_URL has http://",
        ),
        (
            "https://user:secret@qstash.upstash.io",
            "the URL in QSTASH_URL has a user",
        ),
        ("qstash", "the URL in QSTASH_URL is not an absolute URL"),
    ] {
        let text = text(&[("QSTASH_URL", url), ("QSTASH_TOKEN", "secret")]);
        assert!(text.starts_with(expected), "{text}");
    }
    assert!(text(&[]).contains("QSTASH_TOKEN"));
    assert!(text(&[("QSTASH_TOKEN", "secret secret")]).starts_with("the token in QSTASH_TOKEN"));
    // The verifier has no pair of a region.
    let us = [
        ("QSTASH_REGION", "US_EAST_1"),
        ("US_EAST_1_QSTASH_TOKEN", "secret"),
    ];
    assert!(text(&us).contains("none of the verifier's keys"));
    let default = [("QSTASH_TOKEN", "secret")];
    assert_eq!(start(&verifier, &default), Err(StartError::NoRuntime));
}

#[test]
fn debug_forms_hide_keys_and_tokens() {
    let server = Server::start(pair(NEW));
    let api = KeyApi::new(None, &Credentials::new(&server.url(), TOKEN)).unwrap();
    let form = format!("{api:?}");
    let host = format!("Endpoint {{ host: \"{}\"", server.address);
    assert!(form.contains(&host) && !form.contains(TOKEN), "{form}");
    let keys = block_on(api.fetch()).unwrap();
    assert_eq!(format!("{keys:?}"), "FetchedKeys { .. }");
}
