//! Requests, bodies and inner services that tell what is done to them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use qstash_verify_tests::{DEFAULT, Token, pinned, signing_keys};
use qstash_verify_tower::{QstashLayer, VerifiedBody, Verifier, VerifierBuilder, VerifyError};
use tower::{Service, ServiceExt as _};

pub(crate) const IAT: i64 = 1_783_794_355;
pub(crate) const BASE: &str = "https://api.example.com";
pub(crate) const URL: &str = "https://api.example.com/hooks/qstash?from=qstash";
pub(crate) const TARGET: &str = "/hooks/qstash?from=qstash";
pub(crate) const BODY: &[u8] = br#"{"message":"hello world"}"#;

/// A verifier whose clock stands still while the tokens here are valid.
pub(crate) fn builder() -> VerifierBuilder {
    Verifier::builder(signing_keys(&DEFAULT)).clock(pinned(IAT + 10))
}

pub(crate) fn layer() -> QstashLayer {
    QstashLayer::new(builder().build())
}

/// A layer that knows its URL.
pub(crate) fn at_base() -> QstashLayer {
    QstashLayer::new(builder().base_url(BASE).unwrap().build())
}

pub(crate) fn limited(bytes: u64) -> QstashLayer {
    QstashLayer::new(builder().body_limit(bytes).build())
}

pub(crate) fn token(signed: &[u8]) -> Token {
    Token::new(URL, signed, IAT)
}

pub(crate) fn request<B>(signature: &str, body: B) -> Request<B> {
    let request = Request::post(TARGET).header("upstash-signature", signature);
    request.body(body).unwrap()
}

/// A delivery that is genuine if `body` turns out to be `signed`.
pub(crate) fn genuine<B>(signed: &[u8], body: B) -> Request<B> {
    request(&token(signed).sign(DEFAULT[0]), body)
}

pub(crate) fn forged<B>(body: B) -> Request<B> {
    request(&token(BODY).sign("sig_mallory"), body)
}

/// A body in one frame.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Full<Bytes> {
    Full::new(bytes.into())
}

/// What a scripted body does when it is polled.
pub(crate) enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Error(&'static str),
    /// Pending, and woken at once.
    Wait,
    /// Pending for good.
    Stall,
}

/// A body that follows a script and counts its polls. It can't be moved once
/// polled, nor shared by threads: the layer must ask for neither.
pub(crate) struct Script {
    steps: RefCell<VecDeque<Step>>,
    hint: SizeHint,
    polls: Arc<AtomicUsize>,
    _pinned: PhantomPinned,
}

/// What becomes of a [`Script`].
pub(crate) struct Fate(Arc<AtomicUsize>);

impl Fate {
    pub(crate) fn polls(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn is_dropped(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> (Self, Fate) {
        Script::hinting(SizeHint::new(), steps)
    }

    pub(crate) fn hinting(hint: SizeHint, steps: impl IntoIterator<Item = Step>) -> (Self, Fate) {
        let polls = Arc::new(AtomicUsize::new(0));
        let script = Script {
            steps: RefCell::new(steps.into_iter().collect()),
            hint,
            polls: polls.clone(),
            _pinned: PhantomPinned,
        };
        (script, Fate(polls))
    }

    /// One frame for each of these.
    pub(crate) fn frames(frames: &[&[u8]]) -> (Self, Fate) {
        Script::new(frames.iter().map(|frame| data(frame)))
    }
}

pub(crate) fn data(bytes: &[u8]) -> Step {
    Step::Data(Bytes::copy_from_slice(bytes))
}

impl Body for Script {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(match self.steps.borrow_mut().pop_front() {
            None => None,
            Some(Step::Data(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Step::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Step::Error(text)) => Some(Err(std::io::Error::other(text))),
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Step::Stall) => return Poll::Pending,
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// An inner service that keeps what it is called with and answers 200.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Request<VerifiedBody>>>>);

impl Recorder {
    pub(crate) fn calls(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The request of the only call.
    pub(crate) fn only(&self) -> Request<VerifiedBody> {
        let mut requests = self.0.lock().unwrap();
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }

    /// How many handles there are, those of the services included.
    pub(crate) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

impl Service<Request<VerifiedBody>> for Recorder {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<VerifiedBody>) -> Self::Future {
        self.0.lock().unwrap().push(request);
        ready(Ok(Response::new(full("recorded"))))
    }
}

/// Calls `service` once and takes its answer apart.
pub(crate) async fn answer<S, B, R>(service: S, request: Request<B>) -> (StatusCode, String)
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Debug,
    R: Body,
    R::Error: Debug,
{
    let response = service.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// Calls `service` once and expects the layer's own refusal.
pub(crate) async fn refused<S, B, R>(service: S, request: Request<B>) -> VerifyError
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Debug,
    R: Body,
    R::Error: Debug,
{
    let response = service.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let Some(reason) = parts.extensions.get::<VerifyError>() else {
        panic!("not refused: {}", parts.status);
    };
    let bytes = body.collect().await.unwrap().to_bytes();
    assert_eq!(parts.status, reason.status());
    assert_eq!(bytes, reason.body());
    assert_eq!(parts.headers["content-type"], "application/json");
    let challenge = parts.headers.get("www-authenticate");
    if reason.status() == 401 {
        assert_eq!(challenge.unwrap(), "Upstash-Signature");
    } else {
        assert_eq!(challenge, None);
    }
    reason.clone()
}

/// Waits until `service` is ready and calls it; what comes of it is to be polled.
pub(crate) async fn start<S, B>(service: &mut S, request: Request<B>) -> S::Future
where
    S: Service<Request<B>>,
    S::Error: Debug,
{
    service.ready().await.unwrap().call(request)
}

/// Polls once, waking nobody.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(std::task::Waker::noop()))
}
