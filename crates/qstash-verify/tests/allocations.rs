//! Number of allocations of a verification.
//!
//! Forgeries must not keep the allocator busy, and the body must not be copied. The
//! counter is per thread, so other tests don't affect it.
#![allow(clippy::unwrap_used, reason = "a test whose set-up fails must stop")]

use std::time::{Duration, UNIX_EPOCH};

use allocation_counter::{AllocationInfo, measure};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use qstash_verify::{RequestHead, SigningKeys, Verified, Verifier, VerifyError};
use sha2::{Digest, Sha256};

const CURRENT: &str = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r";
const NEXT: &str = "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs";
const NOW: u64 = 1_790_000_000;

const SUB: &str = "https://api.example.com/webhooks/orders";

/// Returns a token in the form that QStash writes, signed with `key`.
fn token(key: &str, body: &[u8]) -> String {
    token_for(SUB, key, body)
}

fn token_for(sub: &str, key: &str, body: &[u8]) -> String {
    let payload = format!(
        "{{\"aud\":\"\",\"body\":\"{}\",\"exp\":{},\"iat\":{NOW},\"iss\":\"Upstash\",\
         \"jti\":\"jwt_4tDrPZmrYFWzeMEFMYGfUsmRRHbz\",\"nbf\":-62135596800,\
         \"sub\":\"{sub}\"}}",
        URL_SAFE.encode(Sha256::digest(body)),
        NOW + 300,
    );
    let signing_input = format!(
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{}",
        URL_SAFE_NO_PAD.encode(payload)
    );
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .unwrap()
        .chain_update(&signing_input)
        .finalize()
        .into_bytes();
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(mac))
}

fn verifier() -> Verifier {
    let verifier = Verifier::builder(SigningKeys::new(CURRENT, NEXT).unwrap())
        .base_url("https://api.example.com")
        .unwrap()
        .clock(|| UNIX_EPOCH + Duration::from_secs(NOW))
        .build();
    // The first load of the keys allocates once for each thread.
    let _ring = verifier.keys();
    verifier
}

/// Returns the number of allocations of a verification, and its outcome.
fn count(token: Option<&str>, body: &[u8]) -> (u64, Result<Verified, VerifyError>) {
    count_at("/webhooks/orders", token, body)
}

fn count_at(
    path_and_query: &str,
    token: Option<&str>,
    body: &[u8],
) -> (u64, Result<Verified, VerifyError>) {
    let verifier = verifier();
    let mut outcome = None;
    let counted = measure(|| {
        let headers = [
            ("host", Some("api.example.com")),
            ("upstash-message-id", Some("msg_7YoJxFpwkEy5zBp378Jg")),
            ("upstash-region", Some("EU-CENTRAL-1")),
            ("upstash-signature", token),
        ];
        let headers = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let head = RequestHead::new(headers, path_and_query);
        outcome = Some(verifier.verify(&head, body));
    });
    (counted.count_total, outcome.unwrap())
}

#[test]
fn counter_counts_an_allocation() {
    let counted = measure(|| {
        std::hint::black_box(Box::new(1));
    });
    assert_eq!(counted.count_total, 1);
}

#[test]
fn accepted_delivery_allocates_at_most_4_times_for_any_body() {
    let counts = [0, 1024, 16 * 1024, 1024 * 1024].map(|size| {
        let body = vec![b'x'; size];
        let (allocations, outcome) = count(Some(&token(CURRENT, &body)), &body);
        assert!(outcome.is_ok(), "{outcome:?}");
        allocations
    });
    assert!(counts.iter().all(|count| *count <= 4), "{counts:?}");
    assert!(
        counts.windows(2).all(|pair| pair[0] == pair[1]),
        "{counts:?}"
    );
}

/// Go's JSON escapes `&`.
#[test]
fn accepted_delivery_with_an_escaped_url_allocates_at_most_4_times() {
    let sub = format!("{SUB}?region=eu\\u0026kind=refund\\u0026source=shop");
    let token = token_for(&sub, CURRENT, b"body");
    let target = "/webhooks/orders?region=eu&kind=refund&source=shop";
    let (allocations, outcome) = count_at(target, Some(&token), b"body");
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(allocations <= 4, "{allocations}");
}

#[test]
fn forged_and_unsigned_requests_do_not_allocate() {
    for size in [0, 1024 * 1024] {
        let body = vec![b'x'; size];
        let (allocations, outcome) = count(Some(&token("sig_other", &body)), &body);
        assert!(
            matches!(outcome, Err(VerifyError::BadSignature { .. })),
            "{outcome:?}"
        );
        assert_eq!(allocations, 0);

        let (allocations, outcome) = count(None, &body);
        assert_eq!(outcome.unwrap_err(), VerifyError::MissingSignature);
        assert_eq!(allocations, 0);
    }
}

#[test]
fn forged_token_with_a_long_url_allocates_once() {
    for (length, expected) in [(0, 0), (100, 0), (200, 0), (1000, 1), (5000, 1)] {
        let sub = format!("{SUB}?{}", "x".repeat(length));
        let (allocations, outcome) = count(Some(&token_for(&sub, "sig_other", b"")), b"");
        assert!(
            matches!(outcome, Err(VerifyError::BadSignature { .. })),
            "{outcome:?}"
        );
        assert_eq!(allocations, expected, "{length}");
    }
}

/// Returns the allocations of buffering a body that arrives in nine chunks.
fn buffered(declared: Option<&str>) -> AllocationInfo {
    // Static, so that the chunks are not allocated.
    static BODY: [u8; 900_000] = [b'x'; 900_000];
    let token = token(CURRENT, &BODY);
    let headers = [
        ("upstash-signature", Some(token.as_str())),
        ("content-length", declared),
    ];
    let headers = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let head = RequestHead::new(headers, "/webhooks/orders");
    let pending = verifier().authenticate(&head).unwrap();
    let mut delivery = None;
    let counted = measure(|| {
        let delivery = delivery.insert(pending.buffered());
        for chunk in BODY.chunks(100_000) {
            delivery.update(Bytes::from_static(chunk)).unwrap();
        }
    });
    let (_, whole) = delivery.unwrap().finish().unwrap();
    assert!(whole == BODY[..]);
    counted
}

#[test]
fn chunked_body_reserves_its_declared_length() {
    let counted = buffered(Some("900000"));
    assert!(counted.bytes_current <= 900_000, "{counted:?}");
    assert!(counted.count_total <= 4, "{counted:?}");
}

#[test]
fn chunked_body_reserves_at_most_twice_its_length() {
    for declared in [None, Some("1"), Some("10000000")] {
        let counted = buffered(declared);
        assert!(counted.bytes_current <= 1_800_000, "{counted:?}");
        assert!(counted.count_total <= 5, "{counted:?}");
    }
}
