//! Back-pressure: the layer forwards the inner service's readiness and calls the
//! instance that was polled ready.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Channel, Empty, Full};
use qstash_verify_tower::VerifiedBody;
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _, service_fn};

use crate::support::{
    BODY, BodyScript, Recorder, Step, answer, forged, full, genuine, layer, poll_once, start,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Polled(usize),
    Called(usize),
}

/// A service with numbered clones that panics if called without being ready.
struct Strict {
    id: usize,
    ready: bool,
    clones: Arc<AtomicUsize>,
    log: Arc<Mutex<Vec<Event>>>,
}

impl Strict {
    fn new() -> (Self, Arc<Mutex<Vec<Event>>>) {
        let log = Arc::default();
        let strict = Strict {
            id: 0,
            ready: false,
            clones: Arc::new(AtomicUsize::new(1)),
            log: Arc::clone(&log),
        };
        (strict, log)
    }
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Strict {
            id: self.clones.fetch_add(1, Ordering::SeqCst),
            ready: false,
            clones: self.clones.clone(),
            log: self.log.clone(),
        }
    }
}

impl Service<Request<VerifiedBody>> for Strict {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        self.log.lock().unwrap().push(Event::Polled(self.id));
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<VerifiedBody>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "{} was not ready", self.id);
        self.log.lock().unwrap().push(Event::Called(self.id));
        ready(Ok(Response::new(Empty::new())))
    }
}

#[tokio::test]
async fn instance_polled_ready_is_called() {
    let (strict, log) = Strict::new();
    let mut service = layer().layer(strict);
    for _ in 0..3 {
        log.lock().unwrap().clear();
        let (body, _) = BodyScript::new([Step::Wait, crate::support::data(BODY)]);
        let response = start(&mut service, genuine(BODY, body)).await.await;
        assert_eq!(response.unwrap().status(), 200);
        let log = log.lock().unwrap();
        let [Event::Polled(polled), Event::Called(called)] = log[..] else {
            panic!("{log:?}");
        };
        assert_eq!(polled, called);
    }
}

#[tokio::test]
async fn concurrent_deliveries_call_separate_instances() {
    let (strict, log) = Strict::new();
    let mut service = layer().layer(strict);
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let (sender, body) = Channel::<Bytes>::new(1);
        let response = start(&mut service, genuine(BODY, body)).await;
        waiting.push((sender, response));
    }
    // Bodies arrive in reverse order.
    for (mut sender, response) in waiting.into_iter().rev() {
        sender.send_data(Bytes::from(BODY)).await.unwrap();
        drop(sender);
        assert_eq!(response.await.unwrap().status(), 200);
    }
    let called: Vec<_> = log
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            Event::Called(id) => Some(*id),
            Event::Polled(_) => None,
        })
        .collect();
    assert_eq!(called.len(), 3);
    assert!(called[0] != called[1] && called[1] != called[2] && called[0] != called[2]);
}

#[tokio::test]
async fn genuine_request_after_a_refused_one_is_accepted() {
    let (strict, log) = Strict::new();
    let mut service = layer().layer(strict);
    for _ in 0..2 {
        let early = start(&mut service, forged(full(BODY))).await;
        assert_eq!(early.await.unwrap().status(), 401);
        let late = start(&mut service, genuine(BODY, full("other"))).await;
        assert_eq!(late.await.unwrap().status(), 401);
        let accepted = start(&mut service, genuine(BODY, full(BODY))).await;
        assert_eq!(accepted.await.unwrap().status(), 200);
    }
    let log = log.lock().unwrap();
    let calls = log
        .iter()
        .filter(|event| matches!(event, Event::Called(_)))
        .count();
    assert_eq!(calls, 2);
}

/// A service that is pending, then ready, then fails.
#[derive(Clone)]
struct Failing(usize);

impl Service<Request<VerifiedBody>> for Failing {
    type Response = Response<Empty<Bytes>>;
    type Error = &'static str;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0 += 1;
        match self.0 {
            1 => Poll::Pending,
            2 => Poll::Ready(Ok(())),
            _ => {
                cx.waker().wake_by_ref();
                Poll::Ready(Err("broken"))
            }
        }
    }

    fn call(&mut self, _request: Request<VerifiedBody>) -> Self::Future {
        panic!("never called");
    }
}

#[test]
fn readiness_and_its_errors_pass_through() {
    let mut service = layer().layer(Failing(0));
    let cx = &mut Context::from_waker(Waker::noop());
    let mut poll = || Service::<Request<Full<Bytes>>>::poll_ready(&mut service, cx);
    assert_eq!(poll(), Poll::Pending);
    assert_eq!(poll(), Poll::Ready(Ok(())));
    assert_eq!(poll(), Poll::Ready(Err("broken")));
}

#[tokio::test]
async fn inner_concurrency_limit_is_enforced() {
    let inner = Recorder::default();
    let limit = ConcurrencyLimitLayer::new(1);
    let mut service = ServiceBuilder::new()
        .layer(layer())
        .layer(limit)
        .service(inner.clone());
    let cx = &mut Context::from_waker(Waker::noop());
    let mut other = service.clone();

    // A refused request releases its permit.
    let refused = start(&mut service, forged(Channel::<Bytes>::new(1).1)).await;
    assert_eq!(refused.await.unwrap().status(), 401);

    let (mut sender, body) = Channel::<Bytes>::new(1);
    let mut first = Box::pin(start(&mut service, genuine(BODY, body)).await);
    assert!(poll_once(first.as_mut()).is_pending());
    let ready = Service::<Request<Full<Bytes>>>::poll_ready(&mut other, cx);
    assert!(ready.is_pending());

    sender.send_data(Bytes::from(BODY)).await.unwrap();
    drop(sender);
    assert_eq!(first.await.unwrap().status(), 200);
    let second = start(&mut other, genuine(BODY, full(BODY))).await;
    assert_eq!(second.await.unwrap().status(), 200);
    assert_eq!(inner.calls(), 2);
}

#[tokio::test]
async fn cancelled_delivery_releases_its_permit() {
    let limit = ConcurrencyLimitLayer::new(1);
    let service = ServiceBuilder::new()
        .layer(layer())
        .layer(limit)
        .service(Recorder::default());
    let (_sender, body) = Channel::<Bytes>::new(1);
    let mut first = Box::pin(service.clone().oneshot(genuine(BODY, body)));
    assert!(poll_once(first.as_mut()).is_pending());
    let mut second = Box::pin(service.oneshot(genuine(BODY, full(BODY))));
    assert!(poll_once(second.as_mut()).is_pending());
    drop(first);
    assert_eq!(second.await.unwrap().status(), 200);
}

#[tokio::test]
async fn outer_concurrency_limit_does_not_deadlock() {
    let limit = ConcurrencyLimitLayer::new(1);
    let stack = ServiceBuilder::new().layer(limit).layer(layer());
    let service = stack.service(Recorder::default());
    for _ in 0..2 {
        assert_eq!(answer(service.clone(), forged(full(BODY))).await.0, 401);
        assert_eq!(
            answer(service.clone(), genuine(BODY, full(BODY))).await.0,
            200
        );
    }
}

#[tokio::test]
async fn load_shed_works_inside_and_outside() {
    // A clone of `LoadShed` that wasn't polled ready fails with `Overloaded`.
    let inside = ServiceBuilder::new()
        .layer(layer())
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Recorder::default());
    let outside = ServiceBuilder::new()
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .layer(layer())
        .service(Recorder::default());
    for _ in 0..2 {
        assert_eq!(
            answer(inside.clone(), genuine(BODY, full(BODY))).await.0,
            200
        );
        assert_eq!(answer(inside.clone(), forged(full(BODY))).await.0, 401);
        assert_eq!(
            answer(outside.clone(), genuine(BODY, full(BODY))).await.0,
            200
        );
        assert_eq!(answer(outside.clone(), forged(full(BODY))).await.0, 401);
    }
    // The layer forwards the error.
    let (_sender, body) = Channel::<Bytes>::new(1);
    let mut first = Box::pin(inside.clone().oneshot(genuine(BODY, body)));
    assert!(poll_once(first.as_mut()).is_pending());
    let error = inside.oneshot(genuine(BODY, full(BODY))).await.unwrap_err();
    assert!(error.is::<tower::load_shed::error::Overloaded>(), "{error}");
}

#[tokio::test]
async fn buffer_works_inside_and_outside() {
    let inner = service_fn(|request: Request<VerifiedBody>| {
        ready(Ok::<_, Infallible>(Response::new(full(
            request.into_body().into_bytes(),
        ))))
    });
    let buffer = Buffer::new(inner, 1);
    let inside = layer().layer(buffer);
    let outside = Buffer::new(layer().layer(inner), 1);
    for _ in 0..3 {
        assert_eq!(answer(inside.clone(), forged(full(BODY))).await.0, 401);
        let (status, text) = answer(inside.clone(), genuine(BODY, full(BODY))).await;
        assert_eq!((status.as_u16(), text.as_bytes()), (200, BODY));
        assert_eq!(answer(outside.clone(), forged(full(BODY))).await.0, 401);
        let (status, text) = answer(outside.clone(), genuine(BODY, full(BODY))).await;
        assert_eq!((status.as_u16(), text.as_bytes()), (200, BODY));
    }
}
