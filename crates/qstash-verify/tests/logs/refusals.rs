//! Events of refused deliveries and messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::{
    KeyRing, NotVerified, REGION_HEADER, RequestHead, SIGNATURE_HEADER, Verifier,
    log_message_not_read, parse_message,
};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU_VARIABLES, MULTI_REGION, US_VARIABLES, lookup, pinned,
    signing_keys,
};

use crate::{BODY, NOW, token};

#[test]
fn refusal_is_one_event_at_its_level() {
    let verifier = Verifier::builder(signing_keys(&DEFAULT))
        .clock(pinned(NOW))
        .build();
    let event = |token: Option<&str>| {
        let mut headers = vec![
            ("upstash-message-id", "msg_1\nERROR forged"),
            (REGION_HEADER, "us-east-1"),
        ];
        headers.extend(token.map(|token| (SIGNATURE_HEADER, token)));
        let head = RequestHead::new(headers, "/hook");
        let ((), log) = captured(|| verifier.verify(&head, BODY).unwrap_err().log(&head));
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("region=\"US_EAST_1\""), "{log}");
        log
    };
    let none = token().header(r#"{"alg":"none"}"#).sign(DEFAULT[0]);
    let expired = token().claim("exp", "1").sign(DEFAULT[0]);
    let elsewhere = token()
        .claim("x", "1")
        .again("x\\n ERROR y", "1")
        .again("x\\n ERROR y", "1");
    for (token, level, code) in [
        (None, "DEBUG ", "missing_signature"),
        (Some("x"), " INFO ", "malformed_token"),
        (Some(none.as_str()), " INFO ", "unsupported_algorithm"),
        (Some(&token().sign("sig_forged")), " WARN ", "bad_signature"),
        (Some(&expired), " WARN ", "expired"),
        (Some(&elsewhere.sign(DEFAULT[0])), " WARN ", "invalid_claim"),
    ] {
        let log = event(token);
        assert!(log.starts_with(level), "{log}");
        assert!(log.contains(&format!("code=\"{code}\"")), "{log}");
    }
}

#[test]
fn region_without_keys_is_one_error_a_minute() {
    let start = u64::try_from(NOW).unwrap();
    let now = Arc::new(AtomicU64::new(start));
    let clock = Arc::clone(&now);
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let verifier = Verifier::builder(KeyRing::from_lookup(lookup(&variables)).unwrap())
        .clock(move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed)))
        .build();
    let token = token().sign("sig_forged");
    let refused = |token: &str, region: &str| {
        let headers = [(SIGNATURE_HEADER, token), (REGION_HEADER, region)];
        let head = RequestHead::new(headers, "/hook");
        let ((), log) = captured(|| verifier.verify(&head, BODY).unwrap_err().log(&head));
        assert_eq!(log.lines().count(), 1, "{log}");
        log
    };
    // The structure of the token is checked first.
    assert!(refused("x", "us-gov-1").contains("malformed_token"));
    for minute in 0..2 {
        now.store(start + 60 * minute, Ordering::Relaxed);
        let log = refused(&token, "us-gov-1");
        assert!(log.starts_with("ERROR "), "{log}");
        assert!(log.contains("code=\"no_signing_keys\""), "{log}");
        assert!(log.contains(DEFAULT_VARIABLES[0].0), "{log}");
        now.store(start + 60 * minute + 59, Ordering::Relaxed);
        for _ in 0..30 {
            let log = refused(&token, "us-gov-2");
            assert!(log.starts_with(" INFO "), "{log}");
            assert!(log.contains("code=\"no_signing_keys\""), "{log}");
        }
    }
}

#[test]
fn refused_message_is_one_event_with_line_and_column() {
    let headers = [
        ("upstash-message-id", "msg_1\nERROR forged"),
        (REGION_HEADER, "us-east-1"),
    ];
    let head = RequestHead::new(headers, "/hook");
    let event = |body: &[u8]| {
        let ((), log) = captured(|| parse_message::<[u32; 2]>(body).unwrap_err().log(&head));
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.starts_with(" WARN "), "{log}");
        assert!(log.contains("region=\"US_EAST_1\""), "{log}");
        assert!(log.contains(r"message_id=msg_1\nERROR forged"), "{log}");
        log
    };
    let log = event(b"[1,\n\"confidential\"]");
    assert!(log.contains("line=2 column=14"), "{log}");
    assert!(!log.contains("confidential"), "{log}");
    let log = event(b"");
    assert!(!log.contains("line="), "{log}");
}

#[test]
fn unprotected_route_is_one_error_with_its_path() {
    let ((), log) = captured(|| NotVerified.log("/hook\nERROR forged"));
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.starts_with("ERROR "), "{log}");
    assert!(log.contains(r"path=/hook\nERROR forged"), "{log}");
    assert!(log.contains(&NotVerified.to_string()), "{log}");
}

#[test]
fn unread_message_is_one_warning_with_the_remedy() {
    let ((), log) = captured(|| log_message_not_read(&"too long", "raise the limit"));
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.starts_with(" WARN "), "{log}");
    assert!(log.contains("message refused: too long; "), "{log}");
    assert!(log.contains("extractors, raise the limit"), "{log}");
}

#[test]
fn delivery_span_has_region_and_key() {
    let verifier = Verifier::builder(signing_keys(&DEFAULT))
        .clock(pinned(NOW))
        .build();
    for (key, slot) in DEFAULT.iter().zip(["current", "next"]) {
        let token = token().sign(key);
        let headers = [
            (SIGNATURE_HEADER, token.as_str()),
            (REGION_HEADER, "us-east-1"),
        ];
        let head = RequestHead::new(headers, "/hook");
        let ((), log) = captured(|| {
            let verified = verifier.verify(&head, BODY).unwrap();
            verified.span().in_scope(|| tracing::info!("handled"));
        });
        let span = format!("qstash_delivery{{region=\"US_EAST_1\" key=\"{slot}\"}}");
        assert!(log.contains(&span), "{log}");
    }
}
