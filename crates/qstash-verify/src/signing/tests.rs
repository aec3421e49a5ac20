//! Tests of signed deliveries against a verifier.

use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::token::seconds;
use super::*;
use crate::delivery::Verified;
use crate::error::VerifyError;
use crate::request::RequestHead;
use crate::verifier::Verifier;

const CURRENT_KEY: &str = "sig_a";
const NEXT_KEY: &str = "sig_b";
const URL: &str = "https://example.com/orders?a=b#c";

fn keys() -> SigningKeys {
    SigningKeys::new(CURRENT_KEY, NEXT_KEY).unwrap()
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_783_794_365)
}

fn genuine() -> SignedDelivery {
    SignedDelivery::new(URL, "hello", &keys(), now())
}

fn check(delivery: &SignedDelivery, body: &[u8]) -> Result<Verified, VerifyError> {
    let verifier = Verifier::builder(keys()).clock(now);
    let verifier = verifier.base_url("https://example.com").unwrap().build();
    let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
    verifier.verify(&head, body)
}

fn code(delivery: &SignedDelivery) -> &'static str {
    check(delivery, delivery.body()).map_or_else(|refused| refused.code(), |_| "ok")
}

fn payload(delivery: &SignedDelivery) -> String {
    let token = delivery.token();
    let payload = token.split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = headers.iter().filter(|(known, _)| known == name);
    let (_, value) = values.next()?;
    assert_eq!(values.next(), None, "{name}");
    Some(value)
}

#[test]
fn token_has_the_claims_of_qstash() {
    let verified = check(&genuine(), b"hello").unwrap();
    assert_eq!(verified.key_slot(), KeySlot::Current);
    assert_eq!(verified.claims().sub(), URL);
    assert_eq!(
        payload(&genuine()),
        "{\"aud\":\"\",\"body\":\"LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\",\
         \"exp\":1783794665,\"iat\":1783794365,\"iss\":\"Upstash\",\
         \"jti\":\"jwt_testDelivery0000000000000000\",\"nbf\":-62135596800,\
         \"sub\":\"https://example.com/orders?a=b#c\"}"
    );
    let token = genuine().token();
    assert!(
        token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."),
        "{token}"
    );
}

#[test]
fn key_replaces_the_current_key() {
    let next = check(&genuine().key(NEXT_KEY), b"hello").unwrap();
    assert_eq!(next.key_slot(), KeySlot::Next);
    assert_eq!(code(&genuine().key("sig_other")), "bad_signature");
    assert_eq!(code(&genuine().key("")), "bad_signature");
    assert_eq!(
        code(&genuine().key("x").key(format!(" {CURRENT_KEY}\n"))),
        "ok"
    );
}

#[test]
fn another_body_is_a_body_mismatch() {
    let refused = check(&genuine(), b"hullo").unwrap_err();
    assert_eq!(refused.code(), "body_mismatch");
    let other = URL_SAFE.encode(Sha256::digest(b"hullo"));
    assert!(check(&genuine().claim("body", other), b"hullo").is_ok());
}

#[test]
fn lifetime_follows_the_time_of_issue_and_exp() {
    let second = Duration::from_secs(1);
    for (delivery, expected) in [
        (genuine().issued_at(now() - second * 299), "ok"),
        (genuine().issued_at(now() - second * 300), "expired"),
        (genuine().expires_in(second), "ok"),
        (genuine().expires_in(Duration::ZERO), "expired"),
        (genuine().expires_in(Duration::MAX), "ok"),
        (genuine().claim("nbf", 1_783_794_366), "not_yet_valid"),
        (
            genuine().claim("exp", 1_783_794_365).expires_in(second),
            "expired",
        ),
    ] {
        assert_eq!(code(&delivery), expected, "{delivery:?}");
    }
}

#[test]
fn dates_are_rounded_down_and_clamped() {
    let half = Duration::from_millis(500);
    for (time, iat, exp) in [
        (UNIX_EPOCH - half, "\"iat\":-1,", "\"exp\":0,"),
        (UNIX_EPOCH + half, "\"iat\":0,", "\"exp\":1,"),
        (
            now() - Duration::from_secs(2_000_000_000),
            "\"iat\":-216205635,",
            "-216205634,",
        ),
    ] {
        let payload = payload(&genuine().issued_at(time).expires_in(half * 2));
        assert!(payload.contains(iat) && payload.contains(exp), "{payload}");
    }
    assert_eq!(seconds(i128::MIN), i64::MIN);
    assert_eq!(seconds(i128::MAX), i64::MAX);
}

#[test]
fn claims_can_be_replaced_and_removed() {
    for claim in ["iss", "sub", "exp", "body"] {
        assert_eq!(code(&genuine().without(claim)), "missing_claim", "{claim}");
        let back = payload(&genuine().without(claim).claim(claim, "a \"quote\""));
        assert!(
            back.contains(&format!(r#""{claim}":"a \"quote\"""#)),
            "{back}"
        );
    }
    for claim in ["aud", "iat", "jti", "nbf"] {
        assert_eq!(code(&genuine().without(claim)), "ok", "{claim}");
    }
    assert_eq!(code(&genuine().claim("iss", "Mallory")), "wrong_issuer");
    assert_eq!(code(&genuine().claim("exp", "soon")), "invalid_claim");
    assert_eq!(
        code(&genuine().claim("sub", "https://example.com/")),
        "url_mismatch"
    );
    assert_eq!(code(&genuine().claim("new", Value::Null)), "ok");
}

#[test]
fn headers_can_be_added_and_replaced() {
    let headers = genuine().headers();
    assert_eq!(
        value(&headers, "upstash-signature"),
        Some(&*genuine().token())
    );
    assert_eq!(value(&headers, "upstash-retried"), Some("0"));
    assert_eq!(value(&headers, "user-agent"), Some("Upstash-QStash"));
    assert!(
        value(&headers, "upstash-message-id")
            .unwrap()
            .starts_with("msg_")
    );
    assert_eq!(value(&headers, "upstash-region"), None);
    assert_eq!(
        value(&headers, "content-type"),
        Some("text/plain; charset=utf-8")
    );

    let changed = genuine()
        .region(Region::EuCentral1)
        .header("Content-Type", "text/x")
        .header("Upstash-Retried", "2")
        .header("upstash-RETRIED", "3");
    let headers = changed.headers();
    assert_eq!(value(&headers, "upstash-region"), Some("EU-CENTRAL-1"));
    assert_eq!(value(&headers, "content-type"), Some("text/x"));
    assert_eq!(value(&headers, "upstash-retried"), Some("3"));
    let region = check(&changed, b"hello").unwrap().region();
    assert_eq!(region, Some(Region::EuCentral1));
    assert_eq!(
        code(&changed.header("Upstash-Signature", "x")),
        "malformed_token"
    );
}

#[test]
fn path_and_query_is_what_a_client_sends() {
    for (url, expected) in [
        (URL, "/orders?a=b"),
        ("https://example.com", "/"),
        ("https://example.com#/x", "/"),
        ("https://example.com?a=/", "/?a=/"),
        ("https://example.com/?a=://b", "/?a=://b"),
        ("/orders", "/orders"),
        ("", "/"),
        ("://", "/"),
    ] {
        assert_eq!(
            SignedDelivery::new(url, "", &keys(), now()).path_and_query(),
            expected,
            "{url}"
        );
    }
}

#[test]
fn debug_form_has_no_key() {
    let text = format!("{:?}", genuine().key("sig_secret"));
    assert!(!text.contains("sig_") && text.contains("/orders"), "{text}");
}

#[cfg(feature = "http")]
#[test]
fn request_is_an_error_for_invalid_headers_and_urls() {
    let request: http::Request<Vec<u8>> = genuine().request().unwrap();
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(request.uri(), "/orders?a=b");
    assert_eq!(request.headers().len(), genuine().headers().len());
    assert_eq!(request.body(), b"hello");
    for odd in [
        genuine().header("a b", "c"),
        genuine().header("a", "b\r\nc: d"),
        SignedDelivery::new("https://example.com/a b", "", &keys(), now()),
    ] {
        assert!(odd.request::<Vec<u8>>().is_err(), "{odd:?}");
    }
}

#[test]
fn key_ring_returns_the_pair_of_the_region() {
    let lookup = |name: &str| match name {
        "QSTASH_REGION" => Some("EU_CENTRAL_1".to_owned()),
        "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY" => Some(CURRENT_KEY.to_owned()),
        "US_EAST_1_QSTASH_NEXT_SIGNING_KEY" => Some(NEXT_KEY.to_owned()),
        _ => None,
    };
    let ring = KeyRing::from_lookup(lookup).unwrap();
    for (slot, key) in [(KeySlot::Current, CURRENT_KEY), (KeySlot::Next, NEXT_KEY)] {
        let keys = ring.signing_keys(Some(Region::UsEast1)).unwrap();
        let delivery = SignedDelivery::new(URL, "hello", &keys, now()).key_slot(slot);
        assert_eq!(delivery.token(), genuine().key(key).token());
    }
    for region in [None, Some(Region::EuCentral1)] {
        assert!(ring.signing_keys(region).is_none());
    }
}
