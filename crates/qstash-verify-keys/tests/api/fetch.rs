//! Fetched keys, and the requests for them.

use std::net::TcpListener;
use std::time::Duration;

use qstash_verify::{Credentials, KeyRing, Region, SigningKeys, Verifier};
use qstash_verify_keys::KeyApi;
use qstash_verify_test_support::{DEFAULT, EU, US, signing_keys};

use crate::server::{NEW, Server, TOKEN, block_on, first_fetch, is_in_use, json, pair};

#[test]
fn keys_are_fetched_with_the_token_and_replaced() {
    let server = Server::start(pair(NEW));
    let verifier = Verifier::new(signing_keys(&DEFAULT));
    let url = server.url() + "/";
    let variables = [("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)];
    let (result, log) = first_fetch(&verifier, &variables);
    assert_eq!(result, Ok(()));
    assert!(is_in_use(&verifier, None, NEW));
    let [request] = &server.requests()[..] else {
        panic!("{:?}", server.requests());
    };
    assert!(
        request.starts_with("GET /v2/keys HTTP/1.1\r\n"),
        "{request}"
    );
    let header = format!("\r\nauthorization: Bearer {TOKEN}\r\n");
    assert!(request.contains(&header), "{request}");
    assert!(log.contains("the new ones are in use"), "{log}");
    // Keys of another account would look the same.
    let warning = format!(
        "both new signing keys differ from those before: QSTASH_TOKEN at {}; unless",
        server.address
    );
    assert!(log.contains("WARN") && log.contains(&warning), "{log}");
    for secret in [TOKEN, "sig_"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn pair_with_a_known_key_is_replaced_without_a_warning() {
    let [current, next] = DEFAULT;
    for pair_of_api in [[current, "sig_newNext"], ["sig_newCurrent", current]] {
        let server = Server::start(pair(pair_of_api));
        let verifier = Verifier::new(signing_keys(&[current, next]));
        let url = server.url();
        let variables = [("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)];
        let (result, log) = first_fetch(&verifier, &variables);
        assert_eq!(result, Ok(()));
        assert!(is_in_use(&verifier, None, pair_of_api), "{pair_of_api:?}");
        assert!(!log.contains("WARN"), "{log}");
    }
}

#[test]
fn each_region_has_its_own_api() {
    let (us, eu) = (
        Server::start(pair(NEW)),
        Server::start(json("401 Unauthorized", "")),
    );
    let (us_url, eu_url) = (us.url(), eu.url() + "/a/path");
    let ring = KeyRing::builder()
        .region(Region::UsEast1, signing_keys(&US))
        .region(Region::EuCentral1, signing_keys(&EU))
        .default_keys(signing_keys(&DEFAULT));
    let verifier = Verifier::new(ring.build().unwrap());
    let variables = [
        ("QSTASH_REGION", "EU_CENTRAL_1"),
        ("US_EAST_1_QSTASH_URL", &us_url),
        ("US_EAST_1_QSTASH_TOKEN", "us-token"),
        ("EU_CENTRAL_1_QSTASH_URL", &eu_url),
        ("EU_CENTRAL_1_QSTASH_TOKEN", "eu-token"),
    ];
    let (result, log) = first_fetch(&verifier, &variables);
    let expected = format!(
        "401 from {}: the token in EU_CENTRAL_1_QSTASH_TOKEN is not valid for this \
         region; copy it from the QStash console",
        eu.address
    );
    assert_eq!(result.unwrap_err().to_string(), expected);
    assert!(log.contains(&expected), "{log}");
    assert!(
        log.contains("not refreshed: QSTASH_TOKEN is not set"),
        "{log}"
    );
    assert!(is_in_use(&verifier, Some(Region::UsEast1), NEW));
    assert!(is_in_use(&verifier, Some(Region::EuCentral1), EU));
    assert!(is_in_use(&verifier, None, DEFAULT));
    assert!(us.requests()[0].contains("Bearer us-token\r\n"));
    assert!(eu.requests()[0].contains("Bearer eu-token\r\n"));
}

#[test]
fn default_pair_of_a_region_is_fetched_with_it() {
    let server = Server::start(pair(NEW));
    let ring = KeyRing::builder()
        .region(Region::EuCentral1, signing_keys(&EU))
        .default_keys(signing_keys(&EU));
    let verifier = Verifier::new(ring.build().unwrap());
    let url = server.url();
    let variables = [
        ("QSTASH_REGION", "EU_CENTRAL_1"),
        ("EU_CENTRAL_1_QSTASH_URL", &*url),
        ("EU_CENTRAL_1_QSTASH_TOKEN", TOKEN),
        ("QSTASH_URL", &url),
        ("QSTASH_TOKEN", TOKEN),
    ];
    let (result, log) = first_fetch(&verifier, &variables);
    assert_eq!(result, Ok(()));
    assert_eq!(server.requests().len(), 1);
    assert!(is_in_use(&verifier, Some(Region::EuCentral1), NEW));
    assert!(is_in_use(&verifier, None, NEW));
    assert!(log.contains("pair=EU_CENTRAL_1, default"), "{log}");
    // Another token may be of another account.
    let mut variables = variables;
    variables[4].1 = "another-token";
    first_fetch(&verifier, &variables).0.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn timeout_of_one_request_can_be_set() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = KeyApi::new(None, &Credentials::new(&url, TOKEN)).unwrap();
    let api = api.timeout(Duration::from_millis(10));
    let error = block_on(api.fetch()).unwrap_err().to_string();
    assert!(error.contains("within 0.01 s"), "{error}");
}

#[test]
fn development_keys_are_left_alone() {
    let variables = [("QSTASH_DEV", "1"), ("QSTASH_TOKEN", TOKEN)];
    let verifier = Verifier::new(SigningKeys::development());
    let (result, log) = first_fetch(&verifier, &variables);
    assert_eq!(result, Ok(()));
    assert!(log.contains("QSTASH_DEV is on"), "{log}");
}
