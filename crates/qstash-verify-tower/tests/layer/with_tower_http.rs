//! Composition with the layers of tower-http.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{Channel, Full, Limited};
use qstash_verify_test_support::service::echo;
use qstash_verify_tower::{ResponseBody, VerifiedBody, VerifyError};
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::{DecompressionLayer, RequestDecompressionLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{
    MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::support::{BODY, Recorder, answer, check, forged, full, genuine, layer, refused};

const MINUTE: Duration = Duration::from_secs(60);

type Answered = Result<Response<Full<Bytes>>, Infallible>;

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, MINUTE)
}

const ID: HeaderName = HeaderName::from_static("x-request-id");

#[tokio::test]
async fn tower_http_layers_work_outside() {
    let stack = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(ID, MakeRequestUuid))
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::new(ID))
        .layer(CatchPanicLayer::new())
        .layer(timeout())
        .layer(CompressionLayer::new())
        .layer(RequestBodyLimitLayer::new(1000))
        .layer(layer());
    check(stack.service(service_fn(echo))).await;
}

#[tokio::test]
async fn tower_http_layers_work_inside() {
    let stack = ServiceBuilder::new()
        .layer(layer())
        .layer(SetRequestIdLayer::new(ID, MakeRequestUuid))
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::new(ID))
        .layer(CatchPanicLayer::new())
        .layer(timeout())
        .layer(CompressionLayer::new())
        .layer(RequestBodyLimitLayer::new(1000))
        .layer(RequestDecompressionLayer::new());
    check(stack.service(service_fn(echo))).await;
}

#[tokio::test]
async fn refusals_have_a_request_id() {
    let stack = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(ID, MakeRequestUuid))
        .layer(PropagateRequestIdLayer::new(ID))
        .layer(layer());
    let inner = Recorder::default();
    let service = stack.service(inner.clone());
    for request in [forged(full(BODY)), genuine(BODY, full(BODY))] {
        let response = service.clone().oneshot(request).await.unwrap();
        assert!(response.headers().contains_key(ID));
    }
    assert!(inner.only().extensions().get::<RequestId>().is_some());
}

#[tokio::test]
async fn outer_trace_layer_logs_refusals() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let trace = TraceLayer::new_for_http().on_failure(()).on_response(
        move |response: &Response<ResponseBody<Full<Bytes>>>, _: Duration, _: &tracing::Span| {
            let reason = response
                .extensions()
                .get::<VerifyError>()
                .map(VerifyError::code);
            log.lock()
                .unwrap()
                .push((response.status().as_u16(), reason));
        },
    );
    check(
        ServiceBuilder::new()
            .layer(trace)
            .layer(layer())
            .service_fn(echo),
    )
    .await;
    let seen = seen.lock().unwrap();
    let expected = [
        (200, None),
        (401, Some("bad_signature")),
        (401, Some("body_mismatch")),
    ];
    assert_eq!(*seen, expected);
}

#[tokio::test(start_paused = true)]
async fn outer_timeout_ends_a_stalled_body() {
    let inner = Recorder::default();
    let service = ServiceBuilder::new()
        .layer(timeout())
        .layer(layer())
        .service(inner.clone());
    let (mut sender, body) = Channel::<Bytes>::new(1);
    sender.send_data(Bytes::from(&BODY[..3])).await.unwrap();
    let (status, text) = answer(service, genuine(BODY, body)).await;
    assert_eq!((status.as_u16(), &*text), (504, ""));
    assert_eq!(inner.calls(), 0);
    assert!(
        sender.send_data(Bytes::new()).await.is_err(),
        "the body is dropped"
    );
}

#[tokio::test(start_paused = true)]
async fn inner_timeout_covers_only_the_handler() {
    let slow = service_fn(|_: Request<VerifiedBody>| pending::<Answered>());
    let service = ServiceBuilder::new()
        .layer(layer())
        .layer(timeout())
        .service(slow);
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let response = tokio::spawn(service.oneshot(genuine(BODY, body)));
    tokio::time::advance(2 * MINUTE).await;
    sender.send_data(Bytes::from(BODY)).await.unwrap();
    drop(sender);
    assert_eq!(response.await.unwrap().unwrap().status(), 504);
}

#[tokio::test]
async fn handler_panic_is_caught_outside_and_inside() {
    async fn broken(_: Request<VerifiedBody>) -> Answered {
        panic!("handler panic")
    }
    let broken = service_fn(broken);
    let caught = CatchPanicLayer::new;
    let outside = ServiceBuilder::new()
        .layer(caught())
        .layer(layer())
        .service(broken);
    let inside = ServiceBuilder::new()
        .layer(layer())
        .layer(caught())
        .service(broken);
    let request = || genuine(BODY, full(BODY));
    assert_eq!(answer(outside.clone(), request()).await.0, 500);
    assert_eq!(answer(inside, request()).await.0, 500);
    // The service still works after the panic.
    assert_eq!(answer(outside.clone(), forged(full(BODY))).await.0, 401);
    assert_eq!(answer(outside, request()).await.0, 500);
}

#[tokio::test]
async fn outer_body_limit_is_413_if_declared_and_400_if_not() {
    let limit = RequestBodyLimitLayer::new(BODY.len() - 1);
    let service = ServiceBuilder::new()
        .layer(limit)
        .layer(layer())
        .service_fn(echo);
    let (mut sender, body) = Channel::<Bytes>::new(1);
    sender.send_data(Bytes::from(BODY)).await.unwrap();
    let (status, text) = answer(service.clone(), genuine(BODY, body)).await;
    assert_eq!(
        (status.as_u16(), &*text),
        (400, r#"{"error":"body_unreadable"}"#)
    );
    let (_, body) = Channel::<Bytes>::new(1);
    let mut declared = genuine(BODY, body);
    declared
        .headers_mut()
        .insert("content-length", BODY.len().into());
    assert_eq!(
        answer(service, declared).await,
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            "length limit exceeded".into()
        )
    );
    // The same body limited without the layer.
    let cut = genuine(BODY, Limited::new(full(BODY), 3));
    assert_eq!(
        refused(layer().layer(service_fn(echo)), cut).await.code(),
        "body_unreadable"
    );
}

#[tokio::test]
async fn responses_are_compressed_outside_and_inside() {
    let long = "genuine ".repeat(100);
    let echo = || service_fn(echo);
    let compress = CompressionLayer::new;
    let outside = ServiceBuilder::new()
        .layer(compress())
        .layer(layer())
        .service(echo());
    let inside = ServiceBuilder::new()
        .layer(layer())
        .layer(compress())
        .service(echo());
    let accepting = || {
        let mut request = genuine(long.as_bytes(), full(long.clone()));
        request
            .headers_mut()
            .insert("accept-encoding", HeaderValue::from_static("gzip"));
        request
    };
    let response = outside.clone().oneshot(accepting()).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let response = inside.clone().oneshot(accepting()).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    // The decompressed response equals the original.
    let text = answer(DecompressionLayer::new().layer(outside), accepting())
        .await
        .1;
    assert_eq!(text, long);
    let text = answer(DecompressionLayer::new().layer(inside), accepting())
        .await
        .1;
    assert_eq!(text, long);
}

/// `BODY`, gzip-compressed.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\x4d\x2d\x2e\x4e\x4c\
    \x4f\x55\xb2\x52\xca\x48\xcd\xc9\xc9\x57\x28\xcf\x2f\xca\x49\x51\xaa\x05\x00\x98\x5d\x9b\xe3\
    \x19\x00\x00\x00";

#[tokio::test]
async fn requests_are_decompressed_only_inside() {
    let compressed = || {
        let mut request = genuine(GZIP, full(GZIP));
        request
            .headers_mut()
            .insert("content-encoding", HeaderValue::from_static("gzip"));
        request
    };
    let decompress = RequestDecompressionLayer::new;
    let inside = ServiceBuilder::new()
        .layer(layer())
        .layer(decompress())
        .service(service_fn(echo));
    let (status, text) = answer(inside, compressed()).await;
    assert_eq!((status.as_u16(), text.as_bytes()), (200, BODY));
    let outside = ServiceBuilder::new()
        .layer(decompress())
        .layer(layer())
        .service(service_fn(echo));
    let (status, text) = answer(outside, compressed()).await;
    assert_eq!(
        (status.as_u16(), &*text),
        (401, r#"{"error":"body_mismatch"}"#)
    );
}
