//! `Verifier::receive`: the frame loop of every adapter.
#![cfg(all(feature = "http-body", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use qstash_verify::testing::{SignedDelivery, delivery, verifier};
use qstash_verify::{RequestHead, Verified, VerifyError};

/// What a body does when it is polled.
enum Step {
    Data(&'static [u8]),
    Trailers,
    Wait,
    Fail,
}

struct ScriptedBody {
    steps: VecDeque<Step>,
    declared: u64,
    polls: usize,
}

impl ScriptedBody {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        ScriptedBody {
            steps: steps.into_iter().collect(),
            declared: 0,
            polls: 0,
        }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.polls += 1;
        Poll::Ready(match self.steps.pop_front() {
            None => None,
            Some(Step::Data(data)) => Some(Ok(Frame::data(Bytes::from_static(data)))),
            Some(Step::Trailers) => Some(Ok(Frame::trailers(HeaderMap::new()))),
            Some(Step::Fail) => Some(Err(io::ErrorKind::ConnectionReset.into())),
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        })
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.declared);
        hint
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The outcome, and how often the future was pending.
fn receive(
    delivery: &SignedDelivery,
    body: &mut ScriptedBody,
) -> (Result<(Verified, Bytes), VerifyError>, usize) {
    let verifier = verifier().body_limit(1024).build();
    let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(verifier.receive(&head, Pin::new(body)));
    for pending in 0.. {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut cx) {
            assert_eq!(wakes.0.load(Ordering::Relaxed), pending);
            return (outcome, pending);
        }
    }
    unreachable!()
}

fn genuine() -> SignedDelivery {
    delivery("https://example.com/orders", "hello")
}

fn code(delivery: &SignedDelivery, body: &mut ScriptedBody) -> &'static str {
    receive(delivery, body).0.unwrap_err().code()
}

#[test]
fn hands_out_the_signed_bytes() {
    let steps = [
        Step::Wait,
        Step::Data(b"hel"),
        Step::Wait,
        Step::Data(b""),
        Step::Data(b"lo"),
        Step::Trailers,
    ];
    let (outcome, pending) = receive(&genuine(), &mut ScriptedBody::new(steps));
    let (verified, body) = outcome.unwrap();
    assert_eq!(verified.claims().sub(), "https://example.com/orders");
    assert_eq!((&body[..], pending), (&b"hello"[..], 2));
}

#[test]
fn refuses_by_the_head_without_polling_the_body() {
    let mut body = ScriptedBody::new([Step::Data(b"hello")]);
    assert_eq!(
        code(&genuine().key("sig_other"), &mut body),
        "bad_signature"
    );
    assert_eq!(body.polls, 0);
    body.declared = 1025;
    assert_eq!(code(&genuine(), &mut body), "body_too_large");
    assert_eq!(body.polls, 0);
}

#[test]
fn refuses_other_bodies() {
    let other = &mut ScriptedBody::new([Step::Data(b"hullo")]);
    assert_eq!(code(&genuine(), other), "body_mismatch");
    let broken = &mut ScriptedBody::new([Step::Data(b"hel"), Step::Fail]);
    assert_eq!(code(&genuine(), broken), "body_unreadable");
    let chunks = std::iter::repeat_with(|| Step::Data(&[b'x'; 100])).take(1000);
    let long = &mut ScriptedBody::new(chunks);
    assert_eq!(code(&genuine(), long), "body_too_large");
    assert_eq!(long.polls, 11);
}

#[test]
fn yields_after_64_frames() {
    let empty = || std::iter::repeat_with(|| Step::Data(b"")).take(63);
    for (more, expected) in [(0, 0), (1, 1), (64, 1), (65, 2)] {
        let more = std::iter::repeat_with(|| Step::Data(b"")).take(more);
        // 63 frames, these, and EOF.
        let steps = empty().chain(more);
        let (_, pending) = receive(&genuine(), &mut ScriptedBody::new(steps));
        assert_eq!(pending, expected);
    }
}
