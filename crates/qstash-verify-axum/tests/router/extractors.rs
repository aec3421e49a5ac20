//! Extractors, and axum's body limit inside the layer.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::IntoResponse;
use axum::routing::{any, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use http::{HeaderMap, Uri};
use qstash_verify_axum::{
    Delivery, DeliveryRejection, KeySlot, KeySource, Metadata, Refusal, Region, RequestHead,
    Verified, Verifier,
};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::support::{BODY, URL, answer, builder, forged, genuine, layer, refused};

fn app<T: 'static>(handler: impl axum::handler::Handler<T, ()>) -> Router {
    Router::new().route("/hooks/qstash", post(handler))
}

#[tokio::test]
async fn delivery_equals_the_extension() {
    async fn both(Delivery(one): Delivery, Extension(two): Extension<Verified>) -> String {
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
        assert_eq!(one.key_slot(), KeySlot::Current);
        assert_eq!(one.key_source(), KeySource::Explicit);
        assert_eq!(one.region(), Some(Region::UsEast1));
        one.claims().sub().to_owned()
    }
    let mut request = genuine(BODY, Body::from(BODY));
    request
        .headers_mut()
        .insert("upstash-region", "US-EAST-1".parse().unwrap());
    let (status, text) = answer(app(both).layer(layer()), request).await;
    assert_eq!((status.as_u16(), &*text), (200, URL));
}

#[tokio::test]
async fn metadata_is_read_from_the_headers() {
    async fn message(Metadata(message): Metadata) -> String {
        format!("{:?} {:?}", message.message_id(), message.retried())
    }
    let mut request = genuine(BODY, Body::from(BODY));
    let headers = request.headers_mut();
    headers.insert("upstash-message-id", "msg_1".parse().unwrap());
    headers.insert("upstash-retried", "2".parse().unwrap());
    let (status, text) = answer(app(message).layer(layer()), request).await;
    assert_eq!((status.as_u16(), &*text), (200, r#"Some("msg_1") Some(2)"#));
    // Extracted without the layer and without the headers, too.
    let (status, text) = answer(app(message), genuine(BODY, Body::from(BODY))).await;
    assert_eq!((status.as_u16(), &*text), (200, "None None"));
}

#[tokio::test]
async fn handler_does_not_run_without_the_layer() {
    async fn never(_: Delivery) {
        panic!("called");
    }
    let response = app(never)
        .oneshot(genuine(BODY, Body::from(BODY)))
        .await
        .unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["content-type"], "application/json");
    let (_, text) = answer(app(never), genuine(BODY, Body::from(BODY))).await;
    assert_eq!(text, r#"{"error":"not_verified"}"#);
    // With the layer on another route.
    let app = app(never).merge(Router::new().route("/other", post(never)).layer(layer()));
    assert_eq!(answer(app, genuine(BODY, Body::from(BODY))).await.0, 500);
}

#[tokio::test]
async fn rejection_can_be_handled() {
    async fn optional(delivery: Result<Delivery, DeliveryRejection>) -> String {
        match delivery {
            Ok(Delivery(verified)) => verified.key_slot().to_string(),
            Err(missing) => missing.to_string(),
        }
    }
    let (_, text) = answer(
        app(optional).layer(layer()),
        genuine(BODY, Body::from(BODY)),
    )
    .await;
    assert_eq!(text, "current");
    let (_, text) = answer(app(optional), genuine(BODY, Body::from(BODY))).await;
    assert!(
        text.contains("the QStash middleware is not on this route"),
        "{text}"
    );
}

#[tokio::test]
async fn handler_that_calls_the_verifier_refuses_like_the_layer() {
    async fn webhook(
        State(verifier): State<Verifier>,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<String, Refusal> {
        let target = uri.path_and_query().unwrap().as_str();
        let verified = verifier.verify(&RequestHead::new(&headers, target), &body)?;
        Ok(verified.claims().sub().to_owned())
    }
    let verifier = builder().url(URL).unwrap().body_limit(100).build();
    let app = Router::new().fallback(any(webhook)).with_state(verifier);
    let (status, text) = answer(app.clone(), genuine(BODY, Body::from(BODY))).await;
    assert_eq!((status.as_u16(), &*text), (200, URL));
    assert_eq!(
        refused(app.clone(), forged(Body::from(BODY))).await.code(),
        "bad_signature"
    );
    let reason = refused(app.clone(), genuine(BODY, Body::from("other"))).await;
    assert_eq!(reason.code(), "body_mismatch");
    let long = "x".repeat(101);
    let reason = refused(app, genuine(long.as_bytes(), Body::from(long.clone()))).await;
    assert_eq!(reason.code(), "body_too_large");
    let Refusal(inner) = Refusal::from(reason.clone());
    assert_eq!(inner, reason);
    assert_eq!(Refusal(reason).into_response().status(), 413);
}

#[tokio::test]
async fn every_body_extractor_works_inside_the_layer() {
    let bytes = |body: Bytes| async move { body };
    let text = |body: String| async move { body };
    let json = |Json(body): Json<Value>| async move { body.to_string() };
    let whole = |request: Request| async move { request.into_body() };
    for app in [app(bytes), app(text), app(json), app(whole)] {
        let mut request = genuine(BODY, Body::from(BODY));
        let headers = request.headers_mut();
        headers.insert("content-type", "application/json".parse().unwrap());
        let (status, text) = answer(app.layer(layer()), request).await;
        assert_eq!((status.as_u16(), text.as_bytes()), (200, BODY));
    }
}

#[tokio::test]
async fn axums_body_limit_applies_inside_the_layer() {
    let long = Bytes::from(vec![b'x'; 3_000_000]);
    let length = |body: Bytes| async move { body.len().to_string() };
    let request = || genuine(&long, Body::from(long.clone()));
    let (status, _) = answer(app(length).layer(layer()), request()).await;
    assert_eq!(status, 413);
    let raised = app(length).layer(DefaultBodyLimit::disable());
    let (status, text) = answer(raised.layer(layer()), request()).await;
    assert_eq!((status.as_u16(), &*text), (200, "3000000"));
    let outside = app(length)
        .layer(layer())
        .layer(DefaultBodyLimit::max(3_000_000));
    assert_eq!(answer(outside, request()).await.0, 200);
    let forged = {
        let mut request = request();
        *request.body_mut() = Body::from("short");
        request
    };
    let disabled = app(length)
        .layer(DefaultBodyLimit::disable())
        .layer(layer());
    assert_eq!(answer(disabled, forged).await.0, 401);
}
