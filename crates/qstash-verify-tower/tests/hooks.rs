//! Readiness, `target_from`, `map_body` and `on_refusal` of the layer.
#![allow(clippy::unwrap_used, reason = "test helpers may panic")]

use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Channel, Full};
use qstash_verify::testing::{delivery, verifier};
use qstash_verify_tower::{QstashLayer, QstashService, VerifiedBody, VerifyError};
use tower::limit::ConcurrencyLimit;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

const URL: &str = "https://api.example.com/hooks/orders?from=qstash";

/// Responds with the request body.
fn echo(request: Request<VerifiedBody>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    let body = Bytes::from(request.into_body());
    ready(Ok(Response::new(Full::new(body))))
}

fn layer() -> QstashLayer {
    QstashLayer::new(verifier().build())
}

fn genuine() -> Request<Full<Bytes>> {
    delivery(URL, "hello").request().unwrap()
}

fn is_ready<S: Service<Request<B>>, B>(service: &mut S) -> bool {
    let cx = &mut Context::from_waker(Waker::noop());
    matches!(service.poll_ready(cx), Poll::Ready(Ok(())))
}

#[tokio::test]
async fn refused_head_releases_readiness() {
    let limited = ConcurrencyLimit::new(service_fn(echo), 1);
    let mut first = layer().layer(limited);
    let mut second = first.clone();
    assert!(is_ready::<_, Full<Bytes>>(&mut first));
    assert!(!is_ready::<_, Full<Bytes>>(&mut second));

    let unsigned = Request::post("/hooks/orders").body(Full::<Bytes>::default());
    let refusal = first.call(unsigned.unwrap());
    // `refusal` is unpolled and `first` still alive.
    assert!(is_ready::<_, Full<Bytes>>(&mut second));
    assert_eq!(second.call(genuine()).await.unwrap().status(), 200);
    assert_eq!(refusal.await.unwrap().status(), 401);
    assert_eq!(first.oneshot(genuine()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn refused_body_releases_readiness() {
    let limited = ConcurrencyLimit::new(service_fn(echo), 1);
    let mut first = layer().layer(limited);
    let mut second = first.clone();
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let request = genuine().map(|_| body);
    assert!(is_ready::<_, Channel<Bytes>>(&mut first));
    let answer = first.call(request);
    assert!(!is_ready::<_, Channel<Bytes>>(&mut second));

    sender.send_data(Bytes::from("other")).await.unwrap();
    drop(sender);
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(is_ready::<_, Channel<Bytes>>(&mut second));
}

#[derive(Clone)]
struct Original(Uri);

#[tokio::test]
async fn target_is_compared_with_the_base_url() -> Result<(), Box<dyn Error>> {
    let verifier = verifier().base_url("https://api.example.com")?.build();
    let own = QstashLayer::new(verifier);
    let named = own.clone().target_from(|parts| {
        let original = parts.extensions.get::<Original>();
        original.map_or(&parts.uri, |original| &original.0)
    });
    let stripped = || {
        let mut request = genuine();
        let original = std::mem::replace(request.uri_mut(), Uri::from_static("/orders"));
        request.extensions_mut().insert(Original(original));
        request
    };
    for (layer, request, status) in [
        (&own, genuine(), 200),
        (&own, stripped(), 401),
        (&named, genuine(), 200),
        (&named, stripped(), 200),
    ] {
        let answer = layer.layer(service_fn(echo)).oneshot(request).await?;
        assert_eq!(answer.status(), status);
    }
    let mut elsewhere = stripped();
    elsewhere
        .extensions_mut()
        .insert(Original(Uri::from_static("/other")));
    let answer = named.layer(service_fn(echo)).oneshot(elsewhere).await?;
    let reason = answer.extensions().get::<VerifyError>();
    assert!(matches!(reason, Some(VerifyError::UrlMismatch { .. })));
    Ok(())
}

#[tokio::test]
async fn inner_service_takes_the_mapped_body() -> Result<(), Box<dyn Error>> {
    let prefix = "got ".to_owned();
    let service = layer()
        .map_body(move |body| format!("{prefix}{:?}", body.into_bytes()))
        .layer(service_fn(async |request: Request<String>| {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        }));
    let answer = service.clone().oneshot(genuine()).await?;
    let body = answer.into_body().collect().await?.to_bytes();
    assert_eq!(body, r#"got b"hello""#);
    let unsigned = Request::post("/").body(Full::<Bytes>::default())?;
    let answer = service.oneshot(unsigned).await?;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn mapped_body_keeps_the_trailers() -> Result<(), Box<dyn Error>> {
    let service = layer()
        .map_body(http_body_util::combinators::BoxBody::new)
        .layer(service_fn(async |request: Request<_>| {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        }));
    let (mut sender, body) = Channel::<Bytes>::new(2);
    sender.send_data(Bytes::from("hello")).await?;
    let trailers = HeaderMap::from_iter([(http::header::ETAG, "x".parse()?)]);
    sender.send_trailers(trailers.clone()).await?;
    drop(sender);
    let answer = service.oneshot(genuine().map(|_| body)).await?;
    let body = answer.into_body().collect().await?;
    assert_eq!(body.trailers(), Some(&trailers));
    assert_eq!(body.to_bytes(), "hello");
    Ok(())
}

#[tokio::test]
async fn custom_response_holds_the_reason() -> Result<(), Box<dyn Error>> {
    let answer = |_: &VerifyError| Response::new(Bytes::from("no"));
    let service = layer().on_refusal(answer).layer(service_fn(echo));
    let unsigned = Request::post("/").body(Full::<Bytes>::default())?;
    let answer = service.oneshot(unsigned).await?;
    let reason = answer.extensions().get::<VerifyError>();
    assert_eq!(reason, Some(&VerifyError::MissingSignature));
    assert_eq!(answer.into_body().into_inner().unwrap_err(), "no");
    Ok(())
}

#[test]
fn inner_service_is_accessible() {
    let mut service: QstashService<u8> = layer().layer(1);
    *service.get_mut() += 1;
    assert_eq!(service.get_ref(), &2);
    assert_eq!(service.into_inner(), 2);
}

#[test]
fn from_lookup_reads_the_keys() {
    let lookup = |name: &str| name.ends_with("SIGNING_KEY").then(|| format!("sig_{name}"));
    assert!(QstashLayer::from_lookup(lookup).is_ok());
    assert!(QstashLayer::from_lookup(|_| None).is_err());
}
