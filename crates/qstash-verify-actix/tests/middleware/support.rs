//! Requests, scripted payloads, and an inner service that records its calls.

use std::cell::RefCell;
use std::future::{Ready, poll_fn, ready};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform as _};
use actix_web::error::PayloadError;
use actix_web::test::{TestRequest, call_service, read_body};
use actix_web::{Error, HttpMessage as _, HttpResponse};
use bytes::Bytes;
use futures_core::Stream;
use qstash_verify_actix::{QstashMiddleware, QstashService, Verified, VerifyError};
pub(crate) use qstash_verify_test_support::{BASE, BODY, TARGET, builder, token};
use qstash_verify_test_support::{BodyProbe, BodyScript, DEFAULT};

pub(crate) type Step = qstash_verify_test_support::Step<PayloadError>;

pub(crate) fn data(bytes: &[u8]) -> Step {
    Step::data(bytes)
}

pub(crate) fn middleware() -> QstashMiddleware {
    QstashMiddleware::new(builder().build())
}

/// Middleware that checks the URL.
pub(crate) fn at_base() -> QstashMiddleware {
    QstashMiddleware::new(builder().base_url(BASE).unwrap().build())
}

pub(crate) fn limited(bytes: u64) -> QstashMiddleware {
    QstashMiddleware::new(builder().body_limit(bytes).build())
}

/// A request without a body.
pub(crate) fn signed(token: &str) -> TestRequest {
    let request = TestRequest::post().uri(TARGET);
    request.insert_header(("upstash-signature", token))
}

/// A genuine head for this body, which is not set.
pub(crate) fn genuine(body: &[u8]) -> TestRequest {
    signed(&token(body).sign(DEFAULT[0]))
}

/// A genuine delivery of this body.
pub(crate) fn delivery(body: &[u8]) -> TestRequest {
    genuine(body).set_payload(body.to_vec())
}

pub(crate) fn forged() -> TestRequest {
    signed(&token(BODY).sign("sig_mallory")).set_payload(BODY)
}

pub(crate) fn cut() -> PayloadError {
    PayloadError::Io(io::Error::other("cut\n off"))
}

/// A payload that follows a script and counts its polls.
pub(crate) fn script(steps: impl IntoIterator<Item = Step>) -> (Payload, BodyProbe) {
    let (script, probe) = BodyScript::new(steps);
    let payload = Box::pin(script);
    (Payload::Stream { payload }, probe)
}

/// Converts a request to one with a scripted payload.
pub(crate) fn scripted(
    request: TestRequest,
    steps: impl IntoIterator<Item = Step>,
) -> (ServiceRequest, BodyProbe) {
    let (payload, probe) = script(steps);
    let mut request = request.to_srv_request();
    request.set_payload(payload);
    (request, probe)
}

/// A call of the inner service.
pub(crate) struct Call {
    pub(crate) verified: Option<Verified>,
    pub(crate) payload: Payload,
}

impl Call {
    /// Returns the payload, which must be at most one chunk.
    pub(crate) fn body(self) -> Bytes {
        let chunks = chunks(self.payload);
        assert!(chunks.len() <= 1, "{chunks:?}");
        chunks.into_iter().next().unwrap_or_default()
    }
}

/// Returns all chunks of a payload that is never pending.
fn chunks(mut payload: Payload) -> Vec<Bytes> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut chunks = Vec::new();
    loop {
        match Pin::new(&mut payload).poll_next(&mut cx) {
            Poll::Ready(Some(chunk)) => chunks.push(chunk.unwrap()),
            Poll::Ready(None) => return chunks,
            Poll::Pending => panic!("the payload is pending"),
        }
    }
}

/// An inner service that records its calls and responds 200.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Rc<RefCell<Vec<Call>>>);

impl Recorder {
    pub(crate) fn calls(&self) -> usize {
        self.0.borrow().len()
    }

    /// Returns the only call.
    pub(crate) fn only(&self) -> Call {
        assert_eq!(self.calls(), 1);
        self.0.borrow_mut().remove(0)
    }

    /// Wraps a clone in the middleware.
    pub(crate) async fn behind(&self, middleware: QstashMiddleware) -> QstashService<Recorder> {
        middleware.new_transform(self.clone()).await.unwrap()
    }
}

impl Service<ServiceRequest> for Recorder {
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Ready<Result<ServiceResponse, Error>>;

    actix_web::dev::always_ready!();

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let payload = request.take_payload();
        let verified = request.extensions().get().cloned();
        self.0.borrow_mut().push(Call { verified, payload });
        ready(Ok(
            request.into_response(HttpResponse::Ok().body("recorded"))
        ))
    }
}

/// Calls the service; returns status and body.
pub(crate) async fn answer<S, R, B>(service: &S, request: R) -> (u16, String)
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = call_service(service, request).await;
    let status = response.status().as_u16();
    let body = read_body(response).await;
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Calls the service and returns the reason of the middleware's refusal.
pub(crate) async fn refused<S, R, B>(service: &S, request: R) -> VerifyError
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = call_service(service, request).await;
    let reason = reason_of(&response);
    assert_eq!(read_body(response).await, reason.body());
    reason
}

/// Like [`refused`], for a response that is ready at once.
pub(crate) fn refused_at_once<S, R, B>(service: &S, request: R) -> VerifyError
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = at_once(service.call(request)).unwrap().unwrap();
    let reason = reason_of(&response);
    let mut body = pin!(response.into_body());
    let chunk = at_once(poll_fn(|cx| body.as_mut().poll_next(cx)));
    let Some(Some(Ok(chunk))) = chunk else {
        panic!("no body: {reason}");
    };
    assert_eq!(chunk, reason.body());
    reason
}

/// Returns the output of a future that at most yields.
pub(crate) fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    // The middleware may yield before it responds.
    (0..3).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// Checks the head of a refusal and returns its reason.
fn reason_of<B>(response: &ServiceResponse<B>) -> VerifyError {
    let reason = response.response().extensions().get().cloned();
    let Some(reason) = reason else {
        panic!("not refused: {}", response.status());
    };
    let reason: VerifyError = reason;
    assert_eq!(response.status(), reason.status());
    let headers = response.headers();
    assert_eq!(headers.get("content-type").unwrap(), "application/json");
    let challenge = headers.get("www-authenticate");
    if reason.status() == 401 {
        assert_eq!(challenge.unwrap(), "Upstash-Signature");
    } else {
        assert_eq!(challenge, None);
    }
    assert_eq!(headers.len(), if reason.status() == 401 { 2 } else { 1 });
    reason
}
