//! Tests of the check on a store of the test.

use std::future::ready;
use std::io;
use std::pin::pin;
use std::task::Waker;
use std::time::Duration;

use super::*;
use crate::clock::time_at;
use crate::delivery::TokenId;
use crate::keys::{KeySlot, KeySource};
use crate::token::claims::Claims;

fn verified(exp: f64, tolerance: f64) -> Verified {
    let mut claims = Claims::default();
    claims.exp = exp;
    Verified {
        region: None,
        key: KeySlot::Current,
        source: KeySource::Explicit,
        claims,
        id: TokenId([0xab; 16]),
        tolerance,
    }
}

/// A store that answers with what a function returns.
struct Answer<F>(F);

impl<F> ReplayStore for Answer<F>
where
    F: Fn() -> Result<Recorded, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
{
    fn record(&self, _token: &TokenRecord) -> RecordFuture {
        Box::pin(ready((self.0)()))
    }
}

fn check(store: impl ReplayStore) -> Result<(), VerifyError> {
    let protection = ReplayProtection::from(store);
    let check = protection.check(&verified(0.0, 0.0)).unwrap();
    match pin!(check).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("the store answers at once"),
    }
}

#[test]
fn answers_of_the_store_are_verdicts() {
    assert_eq!(check(Answer(|| Ok(Recorded::First))), Ok(()));
    let seen = Arc::new(Answer(|| Ok(Recorded::Seen)));
    assert_eq!(check(seen), Err(VerifyError::Replayed));
    let before = check(Answer(|| Ok(Recorded::SignedBefore)));
    assert_eq!(before, Err(VerifyError::SignedBeforeReplayStore));
    let unavailable = check(Answer(|| Err(io::Error::other("refused\n").into()))).unwrap_err();
    assert_eq!(unavailable.status(), 503);
    let text = unavailable.to_string();
    assert!(text.contains(r"(refused\n)"), "{text}");
}

#[test]
fn no_store_means_no_check() {
    let off = ReplayProtection::default();
    assert!(off.check(&verified(0.0, 0.0)).is_none());
    assert_eq!(format!("{off:?}"), "off");
    let on = ReplayProtection::from(Answer(|| Ok(Recorded::First)));
    assert_eq!(format!("{on:?}"), "on");
}

#[test]
fn record_is_kept_until_exp_plus_tolerance() {
    let record = verified(1000.0, 2.5).token_record();
    assert_eq!(record.id(), &[0xab; 16]);
    assert_eq!(record.signed_at(), UNIX_EPOCH);
    let until = UNIX_EPOCH + Duration::from_millis(1_002_500);
    assert_eq!(record.accepted_until(), until);
    let endless = verified(1000.0, f64::MAX).token_record();
    assert_eq!(endless.accepted_until(), time_at(f64::MAX));
}

#[test]
fn debug_forms_hide_the_id() {
    let verified = verified(0.0, 0.0);
    let texts = [
        format!("{verified:?}"),
        format!("{:?}", verified.token_record()),
        format!(
            "{:?}",
            verified.check_replay(&Answer(|| Ok(Recorded::Seen)))
        ),
    ];
    for text in texts {
        assert!(!text.contains("171, 171"), "{text}");
        assert!(!text.contains(&"ab".repeat(5)), "{text}");
    }
}
