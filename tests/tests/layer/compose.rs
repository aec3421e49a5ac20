//! The layer on services of every kind, and among the layers of tower and axum.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full};
use qstash_verify_tests::DEFAULT;
use qstash_verify_tower::{QstashLayer, ResponseBody, Verified, VerifiedBody};
use tower::util::{BoxCloneService, BoxCloneSyncService};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::map_request_body::MapRequestBodyLayer;

use crate::compose_http::timeout;
use crate::support::{BODY, answer, forged, full, genuine, layer, request, token};

pub(crate) type Answered = Result<Response<Full<Bytes>>, Infallible>;

/// The handler: answers with the body, if it is told whose.
pub(crate) async fn echo<B>(request: http::Request<B>) -> Answered
where
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    let verified = request.extensions().get::<Verified>().is_some();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body = if verified {
        body
    } else {
        Bytes::from("unverified")
    };
    Ok(Response::new(full(body)))
}

/// A genuine and a forged request, each in the body that servers have.
pub(crate) async fn check<S, R>(service: S)
where
    S: Service<Request, Response = Response<R>> + Clone,
    S::Error: std::fmt::Debug,
    R: http_body::Body,
    R::Error: std::fmt::Debug,
{
    let (status, text) = answer(service.clone(), genuine(BODY, Body::from(BODY))).await;
    assert_eq!((status.as_u16(), text.as_bytes()), (200, BODY));
    let (status, text) = answer(service.clone(), forged(Body::from(BODY))).await;
    assert_eq!(
        (status.as_u16(), &*text),
        (401, r#"{"error":"bad_signature"}"#)
    );
    let (status, text) = answer(service, genuine(BODY, Body::from("other"))).await;
    assert_eq!(
        (status.as_u16(), &*text),
        (401, r#"{"error":"body_mismatch"}"#)
    );
}

#[tokio::test]
async fn under_a_plain_function() {
    check(layer().layer(service_fn(echo))).await;
    check(ServiceBuilder::new().layer(layer()).service_fn(echo)).await;
    // The other way round: the function is outside.
    let inner = layer().layer(service_fn(echo));
    check(service_fn(move |request: Request| {
        inner.clone().oneshot(request)
    }))
    .await;
}

#[tokio::test]
async fn axum_middleware_outside_and_inside() {
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
    check(outside).await;
    assert_eq!(seen.swap(0, Ordering::SeqCst), 3);
    let inside = ServiceBuilder::new()
        .layer(layer())
        .layer(MapRequestBodyLayer::new(Body::new))
        .layer(count(seen.clone()))
        .service(handler);
    check(inside).await;
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn boxed() {
    type Answer = Response<ResponseBody<Full<Bytes>>>;
    let service = || layer().layer(service_fn(echo));
    check(BoxCloneSyncService::<Request, Answer, Infallible>::new(
        service(),
    ))
    .await;
    check(BoxCloneService::<Request, Answer, Infallible>::new(
        service(),
    ))
    .await;
    let boxed = BoxCloneSyncService::<http::Request<VerifiedBody>, _, _>::new(service_fn(echo));
    check(layer().layer(boxed)).await;
    let any: BoxCloneSyncService<_, Response<Body>, BoxError> = BoxCloneSyncService::new(
        ServiceBuilder::new()
            .map_response(|response: Response<_>| response.map(Body::new))
            .map_err(BoxError::from)
            .service(service()),
    );
    check(any).await;
}

/// What a generic piece of middleware knows of its parts.
fn wrap<S, ReqBody, ResBody>(
    layer: &QstashLayer,
    inner: S,
) -> impl Service<
    http::Request<ReqBody>,
    Response = Response<ResponseBody<ResBody>>,
    Error = S::Error,
    Future: Send + 'static,
> + Clone
+ Send
+ Sync
+ 'static
where
    S: Service<http::Request<VerifiedBody>, Response = Response<ResBody>> + Clone,
    S: Send + Sync + 'static,
    S::Future: Send,
    ReqBody: http_body::Body + Send + 'static,
    ReqBody::Error: Into<BoxError>,
    ResBody: http_body::Body<Data = Bytes> + 'static,
{
    layer.layer(inner)
}

/// What `Router::layer` asks of a layer.
fn around<L, S>(layer: L, inner: S) -> L::Service
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
async fn under_generic_bounds() {
    check(wrap::<_, Body, _>(&layer(), service_fn(echo))).await;
    check(around(layer(), service_fn(echo))).await;
    check(around((timeout(), layer()), service_fn(echo))).await;
}

#[tokio::test]
async fn twice_is_verified_twice() {
    let other = QstashLayer::new(crate::support::builder().body_limit(3).build());
    let service = ServiceBuilder::new()
        .layer(layer())
        .layer(layer())
        .service_fn(echo);
    check(service).await;
    let service = ServiceBuilder::new()
        .layer(layer())
        .layer(other)
        .service_fn(echo);
    let (status, _) = answer(service, genuine(BODY, full(BODY))).await;
    assert_eq!(status, 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn clones_work_on_other_threads() {
    let service = layer().layer(service_fn(echo));
    let next = request(&token(BODY).sign(DEFAULT[1]), Body::from(BODY));
    let task = tokio::task::spawn(answer(service.clone(), next));
    check(service).await;
    assert_eq!(task.await.unwrap().0, 200);
}
