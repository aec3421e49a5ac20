//! Composition with tower services: functions, boxed services, generic bounds.

use std::convert::Infallible;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use http_body_util::combinators::UnsyncBoxBody;
use qstash_verify_test_support::DEFAULT;
use qstash_verify_test_support::service::echo;
use qstash_verify_tower::{QstashLayer, ResponseBody, VerifiedBody};
use tower::util::{BoxCloneService, BoxCloneSyncService};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt as _, service_fn};

use crate::support::{BODY, answer, check, full, genuine, layer, request, token};

/// A type-erased body.
type Boxed = UnsyncBoxBody<Bytes, Infallible>;
type Request = http::Request<Full<Bytes>>;

#[tokio::test]
async fn wraps_a_service_fn_and_runs_inside_one() {
    check(layer().layer(service_fn(echo))).await;
    check(ServiceBuilder::new().layer(layer()).service_fn(echo)).await;
    // With a function outside the layer.
    let inner = layer().layer(service_fn(echo));
    check(service_fn(move |request: Request| {
        inner.clone().oneshot(request)
    }))
    .await;
}

#[tokio::test]
async fn boxed_services_work_outside_and_inside() {
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
    let any: BoxCloneSyncService<_, Response<Boxed>, BoxError> = BoxCloneSyncService::new(
        ServiceBuilder::new()
            .map_response(|response: Response<_>| response.map(Boxed::new))
            .map_err(BoxError::from)
            .service(service()),
    );
    check(any).await;
}

/// Wraps a service under the bounds of generic middleware.
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

#[tokio::test]
async fn compiles_under_generic_bounds() {
    check(wrap::<_, Full<Bytes>, _>(&layer(), service_fn(echo))).await;
}

#[tokio::test]
async fn nested_layers_both_verify() {
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
    let next = request(&token(BODY).sign(DEFAULT[1]), full(BODY));
    let task = tokio::task::spawn(answer(service.clone(), next));
    check(service).await;
    assert_eq!(task.await.unwrap().0, 200);
}
