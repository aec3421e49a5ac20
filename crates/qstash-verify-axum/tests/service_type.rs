//! The layer and its service as values.

use std::convert::Infallible;
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use qstash_verify::testing;
use qstash_verify_axum::QstashLayer;
use tower::limit::ConcurrencyLimit;
use tower::{Layer as _, Service, service_fn};

fn layer() -> QstashLayer {
    QstashLayer::new(testing::verifier().build())
}

#[test]
fn debug_of_a_layer_has_its_settings() {
    let printed = format!("{:?}", layer());
    assert!(printed.starts_with("QstashLayer { verifier: "), "{printed}");
    assert!(
        printed.ends_with("refuse: default, replay: off }"),
        "{printed}"
    );
}

#[test]
fn readiness_is_that_of_the_inner_service() {
    let inner = service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::empty())));
    let mut first = layer().layer(ConcurrencyLimit::new(inner, 1));
    let mut second = first.clone();
    let mut context = Context::from_waker(Waker::noop());
    let mut is_ready = |service: &mut _| {
        Service::<Request>::poll_ready(service, &mut context) == Poll::Ready(Ok(()))
    };
    assert!(is_ready(&mut first));
    assert!(!is_ready(&mut second));
    drop(first);
    assert!(is_ready(&mut second));
}
