//! Composition with axum's middleware, and the bounds of `Router::layer`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http::StatusCode;
use qstash_verify_axum::ResponseFuture;
use qstash_verify_test_support::service::{check, echo};
use tower::{Layer, Service, ServiceBuilder, service_fn};
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_http::timeout::TimeoutLayer;

use crate::support::layer;

#[tokio::test]
async fn from_fn_works_outside_and_inside() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = |seen: Arc<AtomicUsize>| {
        from_fn(move |request: Request, next: Next| {
            let seen = seen.clone();
            async move {
                seen.fetch_add(1, Ordering::SeqCst);
                next.run(request).await
            }
        })
    };
    let handler = service_fn(|request: Request| async {
        echo(request).await.map(|response| response.map(Body::new))
    });
    let outside = ServiceBuilder::new()
        .layer(count(seen.clone()))
        .layer(layer())
        .layer(MapRequestBodyLayer::new(Body::new))
        .service(handler);
    check::<_, Body, _>(outside).await;
    assert_eq!(seen.swap(0, Ordering::SeqCst), 3);
    let inside = ServiceBuilder::new()
        .layer(layer())
        .layer(MapRequestBodyLayer::new(Body::new))
        .layer(count(seen.clone()))
        .service(handler);
    check::<_, Body, _>(inside).await;
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

/// Wraps a service under the bounds of `Router::layer`.
fn wrap<L, S>(layer: L, inner: S) -> L::Service
where
    L: Layer<S> + Clone + Send + Sync + 'static,
    L::Service: Service<Request> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request>>::Response: axum::response::IntoResponse + 'static,
    <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
    <L::Service as Service<Request>>::Future: Send + 'static,
{
    layer.layer(inner)
}

#[tokio::test]
async fn compiles_under_the_bounds_of_router_layer() {
    let timeout =
        TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(60));
    check::<_, Body, _>(wrap(layer(), service_fn(echo))).await;
    check::<_, Body, _>(wrap((timeout, layer()), service_fn(echo))).await;
}

#[test]
fn response_future_is_send_with_axums_body() {
    fn assert_send<T: Send + 'static>() {}
    assert_send::<ResponseFuture<Router, Body>>();
}
