//! Layers under test, and an inner service that records its calls.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
pub(crate) use qstash_verify_test_support::service::{
    answer, forged, full, genuine, refused, request,
};
pub(crate) use qstash_verify_test_support::{
    BASE, BODY, BodyScript, Step, TARGET, URL, builder, token,
};
use qstash_verify_tower::{QstashLayer, VerifiedBody};
use tower::{Service, ServiceExt as _};

/// Returns a data frame of a scripted body.
pub(crate) fn data(bytes: &[u8]) -> Step {
    Step::data(bytes)
}

/// Checks a service with single-frame bodies.
pub(crate) async fn check<S, R>(service: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>> + Clone,
    S::Error: Debug,
    R: http_body::Body,
    R::Error: Debug,
{
    qstash_verify_test_support::service::check(service).await;
}

pub(crate) fn layer() -> QstashLayer {
    QstashLayer::new(builder().build())
}

pub(crate) fn limited(bytes: u64) -> QstashLayer {
    QstashLayer::new(builder().body_limit(bytes).build())
}

/// An inner service that records requests and responds 200.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Request<VerifiedBody>>>>);

impl Recorder {
    pub(crate) fn calls(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Returns the request of the only call.
    pub(crate) fn only(&self) -> Request<VerifiedBody> {
        let mut requests = self.0.lock().unwrap();
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }

    /// Returns the number of clones, including those held by services.
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

/// Waits until `service` is ready, calls it and returns the unpolled future.
pub(crate) async fn start<S, B>(service: &mut S, request: Request<B>) -> S::Future
where
    S: Service<Request<B>>,
    S::Error: Debug,
{
    service.ready().await.unwrap().call(request)
}

/// Polls once with a no-op waker.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(std::task::Waker::noop()))
}
