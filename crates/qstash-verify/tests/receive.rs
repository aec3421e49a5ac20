//! `Verifier::receive`, the frame loop of every adapter.
#![cfg(all(feature = "http-body", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use qstash_verify::testing::{SignedDelivery, delivery, verifier};
use qstash_verify::{RequestHead, Verified, VerifyError};
use qstash_verify_test_support::{BodyScript, Step};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns the outcome, and how often the future was pending.
fn receive(
    delivery: &SignedDelivery,
    body: BodyScript,
) -> (Result<(Verified, Bytes), VerifyError>, usize) {
    let verifier = verifier().body_limit(1024).build();
    let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(verifier.receive(&head, body));
    let mut pending = 0;
    loop {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut cx) {
            assert_eq!(wakes.0.load(Ordering::Relaxed), pending);
            return (outcome, pending);
        }
        pending += 1;
    }
}

fn genuine() -> SignedDelivery {
    delivery("https://example.com/orders", "hello")
}

/// Returns the code of the refusal, and the number of polls of the body.
fn refused(
    delivery: &SignedDelivery,
    hint: u64,
    steps: impl IntoIterator<Item = Step>,
) -> (&'static str, usize) {
    let (body, probe) = BodyScript::hinting(&SizeHint::with_exact(hint), steps);
    let (outcome, _) = receive(delivery, body);
    (outcome.unwrap_err().code(), probe.polls())
}

#[test]
fn returns_the_signed_bytes() {
    let (body, _) = BodyScript::new([
        Step::Wait,
        Step::data(b"hel"),
        Step::Wait,
        Step::data(b""),
        Step::data(b"lo"),
        Step::Trailers(HeaderMap::new()),
    ]);
    let (outcome, pending) = receive(&genuine(), body);
    let (verified, body) = outcome.unwrap();
    assert_eq!(verified.claims().sub(), "https://example.com/orders");
    assert_eq!((&body[..], pending), (&b"hello"[..], 2));
}

#[test]
fn refused_head_does_not_poll_the_body() {
    let forged = genuine().key("sig_other");
    let body = || [Step::data(b"hello")];
    assert_eq!(refused(&forged, 5, body()), ("bad_signature", 0));
    assert_eq!(refused(&genuine(), 1025, body()), ("body_too_large", 0));
}

#[test]
fn refuses_altered_broken_and_long_bodies() {
    let other = refused(&genuine(), 5, [Step::data(b"hullo")]);
    assert_eq!(other, ("body_mismatch", 2));
    let broken = [Step::data(b"hel"), Step::error("reset")];
    assert_eq!(refused(&genuine(), 5, broken), ("body_unreadable", 2));
    let chunks = std::iter::repeat_with(|| Step::data(&[b'x'; 100])).take(1000);
    assert_eq!(refused(&genuine(), 0, chunks), ("body_too_large", 11));
}

#[test]
fn yields_after_64_frames() {
    // EOF takes one more poll than there are steps.
    for (steps, expected) in [(63, 0), (64, 1), (127, 1), (128, 2)] {
        let steps = std::iter::repeat_with(|| Step::data(b"")).take(steps);
        let (body, _) = BodyScript::new(steps);
        assert_eq!(receive(&genuine(), body).1, expected);
    }
}
