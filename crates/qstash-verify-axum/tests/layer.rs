//! The layer on routers and with axum's middleware.
#![allow(clippy::unwrap_used, reason = "test helpers may panic")]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{any_service, post};
use qstash_verify::testing;
use qstash_verify_axum::{Delivery, QstashLayer, QstashService, VerifyError};
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _, service_fn};

const BASE: &str = "https://api.example.com";
const PATH: &str = "/hooks/orders?from=qstash";

/// A layer that checks the URL.
fn layer() -> QstashLayer {
    let verifier = testing::verifier().base_url(BASE).unwrap();
    QstashLayer::new(verifier.build())
}

async fn webhook(Delivery(_): Delivery, body: Bytes) -> Bytes {
    body
}

fn delivery() -> testing::SignedDelivery {
    testing::delivery(format!("{BASE}{PATH}"), "hello")
}

async fn send<S>(service: S, request: Request) -> (u16, String)
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let answer = service.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Sends a genuine delivery, one for another URL, and a forgery.
async fn check<S>(service: S)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    let request = delivery().request().unwrap();
    assert_eq!(send(service.clone(), request).await, (200, "hello".into()));
    for (claim, value, code) in [
        ("sub", format!("{BASE}/orders?from=qstash"), "url_mismatch"),
        ("body", "no hash".into(), "body_mismatch"),
    ] {
        let request = delivery().claim(claim, value).request().unwrap();
        let refusal = format!(r#"{{"error":"{code}"}}"#);
        assert_eq!(send(service.clone(), request).await, (401, refusal));
    }
    let forged = delivery().key("sig_of_somebody_else").request().unwrap();
    let refusal = r#"{"error":"bad_signature"}"#.to_owned();
    assert_eq!(send(service, forged).await, (401, refusal));
}

fn routes() -> Router {
    Router::new().route("/hooks/orders", post(webhook))
}

#[tokio::test]
async fn wraps_a_router_and_its_routes() {
    check(routes().layer(layer())).await;
    check(routes().route_layer(layer())).await;
    let method = post(webhook).layer(layer());
    check(Router::new().route("/hooks/orders", method)).await;
    let method = post(webhook).route_layer(layer());
    check(Router::new().route("/hooks/orders", method)).await;
    check(layer().layer(routes())).await;
}

#[tokio::test]
async fn nested_routers_verify_the_original_uri() {
    let orders = || Router::new().route("/orders", post(webhook));
    check(Router::new().nest("/hooks", orders().layer(layer()))).await;
    check(Router::new().nest("/hooks", orders().route_layer(layer()))).await;
    check(Router::new().nest("/hooks", orders()).layer(layer())).await;
    let service = layer().layer(orders());
    check(Router::new().nest_service("/hooks", service)).await;
    let inner = Router::new().route("/", post(webhook)).layer(layer());
    let nested = Router::new().nest("/orders", inner);
    check(Router::new().nest("/hooks", nested)).await;
}

#[tokio::test]
async fn composes_with_from_fn_in_one_service_builder() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = |by: usize| {
        let seen = seen.clone();
        from_fn(move |request: Request, next: Next| {
            seen.fetch_add(by, Ordering::SeqCst);
            next.run(request)
        })
    };
    let stack = || {
        ServiceBuilder::new()
            .layer(count(1))
            .layer(layer())
            .layer(count(100))
    };
    check(routes().layer(stack())).await;
    // Four requests outside, one genuine inside.
    assert_eq!(seen.swap(0, Ordering::SeqCst), 104);
    check(routes().route_layer(stack())).await;
    let orders = Router::new().route("/orders", post(webhook)).layer(stack());
    check(Router::new().nest("/hooks", orders)).await;
    let method = post(webhook).layer(stack());
    check(Router::new().route("/hooks/orders", method)).await;
    assert_eq!(seen.load(Ordering::SeqCst), 3 * 104);
}

#[tokio::test]
async fn option_layer_needs_no_body_mapping() {
    let optional = |on: bool| tower::util::option_layer(on.then(layer));
    check(routes().layer(optional(true))).await;
    let open = Router::new().fallback(|body: Bytes| async { body });
    let unsigned = Request::post(PATH).body(Body::from("hi")).unwrap();
    let open = open.layer(optional(false));
    assert_eq!(send(open, unsigned).await, (200, "hi".into()));
}

#[tokio::test]
async fn wraps_a_service_without_a_router() {
    let echo = service_fn(async |request: Request| {
        Ok::<_, Infallible>(Response::new(request.into_body()))
    });
    let service: QstashService<_> = layer().layer(echo);
    check(service.clone()).await;
    check(Router::new().route("/hooks/orders", any_service(service))).await;
}

#[tokio::test]
async fn custom_response_replaces_the_refusal() -> Result<(), Box<dyn Error>> {
    let layer = layer().on_refusal(|reason| {
        let mut answer: Response = reason.response();
        *answer.body_mut() = Body::from(format!("no: {}", reason.code()));
        answer.extensions_mut().clear();
        answer
    });
    let app = routes().layer(layer);
    let unsigned = || Request::post(PATH).body(Body::empty());
    let answer = app.clone().oneshot(unsigned()?).await?;
    let reason = answer.extensions().get::<VerifyError>();
    assert_eq!(reason, Some(&VerifyError::MissingSignature));
    let refusal = (401, "no: missing_signature".into());
    assert_eq!(send(app.clone(), unsigned()?).await, refusal);
    assert_eq!(send(app, delivery().request()?).await.0, 200);
    Ok(())
}

#[tokio::test]
async fn outer_layer_keeps_the_refusal_of_an_inner_one() {
    let outer = QstashLayer::new(testing::verifier().build())
        .on_refusal(|_| Response::new(Body::from("outer")));
    let inner = testing::verifier().body_limit(1).build();
    let app = routes().layer(QstashLayer::new(inner)).layer(outer);
    let request = delivery().request().unwrap();
    let refusal = r#"{"error":"body_too_large"}"#.to_owned();
    assert_eq!(send(app, request).await, (413, refusal));
}

#[test]
fn inner_service_is_accessible() {
    let mut service = layer().layer(1);
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
