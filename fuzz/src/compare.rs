//! Comparison of the core with the reference.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qstash_verify::{MessageMetadata, RequestHead, Verified, VerifyError};

use crate::reference::{Code, Genuine, Head};

/// Compares two outcomes, and the content of an accepted delivery.
pub fn verdicts(expected: Result<&Genuine, Code>, found: Result<&Verified, &VerifyError>) {
    match (expected, found) {
        (Err(code), Err(refused)) => {
            assert_eq!(code, refused.code(), "{refused}");
            check_refusal(refused);
        }
        (Ok(genuine), Ok(verified)) => check_verified(genuine, verified),
        (Err(code), Ok(verified)) => panic!("accepted, and should be {code}: {verified:?}"),
        (Ok(genuine), Err(refused)) => {
            panic!("{}, and should be accepted: {genuine:?}", refused.code())
        }
    }
}

fn check_verified(genuine: &Genuine, verified: &Verified) {
    assert_eq!(verified.region().map(|it| it.as_str()), genuine.region);
    assert_eq!(verified.key_slot().as_str(), genuine.slot);
    assert_eq!(verified.key_source().as_str(), genuine.source);
    let claims = verified.claims();
    assert_eq!(claims.iss(), "Upstash");
    assert_eq!(claims.sub(), genuine.sub);
    assert_eq!(claims.exp(), date(genuine.exp));
    assert_eq!(claims.nbf(), genuine.nbf.map(date));
    assert_eq!(claims.iat(), genuine.iat.map(date));
    assert_eq!(claims.jti(), genuine.jti.as_deref());
}

/// Converts a `NumericDate`, clamped to the years 1 to 9999 as in the core.
fn date(seconds: f64) -> SystemTime {
    let distance =
        Duration::from_secs_f64(seconds.clamp(-62_135_596_800.0, 253_402_300_799.0).abs());
    if seconds < 0.0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

/// Asserts that status, headers, body and text of a refusal fit its code.
fn check_refusal(refused: &VerifyError) {
    let status = match refused.code() {
        "body_too_large" => 413,
        "body_unreadable" => 400,
        _ => 401,
    };
    assert_eq!(refused.status(), status);
    assert_eq!(
        refused.body(),
        format!("{{\"error\":\"{}\"}}", refused.code())
    );
    let challenge = ("www-authenticate", "Upstash-Signature");
    assert_eq!(refused.headers().contains(&challenge), status == 401);
    // The text is logged, so it must be one line without control characters.
    let text = refused.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// Converts a head for the core.
#[must_use]
pub fn request_head(head: &Head) -> RequestHead<'_> {
    let headers = head.headers.iter().map(|(name, value)| (name, value));
    RequestHead::new(headers, &head.target)
}

/// Compares the metadata in the headers.
pub fn metadata(head: &Head) {
    let headers = head.headers.iter().map(|(name, value)| (name, value));
    let found = MessageMetadata::from_headers(headers);
    let expected = head.metadata();
    assert_eq!(found.message_id(), expected.message_id.as_deref());
    assert_eq!(found.retried(), expected.retried);
    assert_eq!(found.schedule_id(), expected.schedule_id.as_deref());
    assert_eq!(found.url_group(), expected.url_group.as_deref());
    assert_eq!(found.caller_ip(), expected.caller_ip.as_deref());
    assert_eq!(found.labels(), expected.labels);
    assert_eq!(found.workflow_run_id(), expected.workflow_run_id.as_deref());
    assert_eq!(
        found.flow_control_key(),
        expected.flow_control_key.as_deref()
    );
    let mut other_headers = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in expected.other_headers {
        other_headers.entry(name).or_default().push(value);
    }
    assert_eq!(*found.other_headers(), other_headers);
}
