//! Bounded draining of an unread request body.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::body::{self, BodySize, MessageBody};
use actix_web::dev::{Payload, Service as _, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::test::call_service;
use actix_web::{HttpMessage as _, HttpResponse};
use bytes::Bytes;
use tokio::time::Instant;

use crate::support::{
    BODY, Recorder, Step, at_once, data, forged, genuine, limited, middleware, scripted,
};

/// Reads a response body; returns its text and the error that closes the connection.
async fn read<B: MessageBody>(response: ServiceResponse<B>) -> (String, Option<String>) {
    let mut body = pin!(response.into_body());
    let mut text = Vec::new();
    loop {
        match poll_fn(|cx| body.as_mut().poll_next(cx)).await {
            Some(Ok(chunk)) => text.extend_from_slice(&chunk),
            end => {
                let error = end.and_then(Result::err).map(|error| {
                    let error = error.into();
                    // actix-web logs the `Debug` form.
                    let logged = format!("{error:?}");
                    assert!(logged.contains("so it was cut off"), "{logged}");
                    error.to_string()
                });
                return (String::from_utf8(text).unwrap(), error);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn drains_at_most_1_mib_of_an_endless_body() {
    const CHUNK: usize = 64 * 1024;
    let endless = || {
        let chunk = Bytes::from(vec![b'x'; CHUNK]);
        (0..10_000).map(move |_| Step::Data(chunk.clone()))
    };
    // Refused before and while the body is read.
    for (request, limit) in [
        (forged(), 0),
        (genuine(BODY), 0),
        (genuine(BODY), 10 * CHUNK),
    ] {
        let service = Recorder::default().behind(limited(limit as u64)).await;
        let (request, probe) = scripted(request, endless());
        let response = call_service(&service, request).await;
        let (text, error) = read(response).await;
        assert!(text.starts_with("{\"error\":"), "{text}");
        let error = error.unwrap();
        assert!(error.contains("so it was cut off"), "{error}");
        let discarded = probe.polls() * CHUNK - limit;
        assert!(discarded >= 1024 * 1024, "{discarded}");
        assert!(discarded <= 1024 * 1024 + 2 * CHUNK, "{discarded}");
    }
}

#[tokio::test(start_paused = true)]
async fn draining_a_stalled_body_ends_after_a_second() {
    let service = Recorder::default().behind(middleware()).await;
    let (request, _) = scripted(forged(), [Step::Stall]);
    let response = call_service(&service, request).await;
    let start = Instant::now();
    let (text, error) = read(response).await;
    assert_eq!(text, r#"{"error":"bad_signature"}"#);
    assert!(error.is_some());
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(1), "{waited:?}");
    assert!(waited < Duration::from_secs(2), "{waited:?}");
}

#[actix_web::test]
async fn response_ends_with_an_error_at_late_eof_of_the_body() {
    let service = Recorder::default().behind(middleware()).await;
    let (sender, payload) = actix_http::h1::Payload::create(false);
    let mut sender = sender;
    let mut request = forged().to_srv_request();
    request.set_payload(payload.into());
    let response = call_service(&service, request).await;
    let mut body = pin!(response.into_body());
    let mut next = || at_once(poll_fn(|cx| body.as_mut().poll_next(cx)));
    let chunk = next().unwrap().unwrap();
    assert_eq!(chunk.ok().unwrap(), r#"{"error":"bad_signature"}"#);
    assert!(next().is_none());
    sender.feed_data(Bytes::from(BODY));
    assert!(next().is_none());
    sender.feed_eof();
    let error = next().unwrap().unwrap().unwrap_err();
    assert!(error.to_string().contains("ended its body late"), "{error}");
}

#[actix_web::test]
async fn response_without_a_body_is_not_wrapped() {
    let none: fn() -> HttpResponse = || {
        let response = HttpResponse::with_body(StatusCode::FORBIDDEN, body::None::new());
        response.map_into_boxed_body()
    };
    for (answer, size) in [
        (none, BodySize::None),
        (|| HttpResponse::Forbidden().body(""), BodySize::Sized(0)),
        (|| HttpResponse::NoContent().body("no"), BodySize::Sized(2)),
        (
            || {
                let body: Payload = Payload::from(Bytes::from("no"));
                HttpResponse::Forbidden().streaming(body)
            },
            BodySize::Stream,
        ),
    ] {
        let replaced = middleware().on_refusal(move |_| answer());
        let service = Recorder::default().behind(replaced).await;
        let (request, _) = scripted(forged(), [Step::Stall]);
        let response = call_service(&service, request).await;
        assert_eq!(response.response().body().size(), size);
        assert!(at_once(read(response)).is_some(), "{size:?}");
    }
}

#[actix_web::test]
async fn response_to_a_body_at_eof_is_not_wrapped() {
    let service = Recorder::default().behind(middleware()).await;
    let mut none = forged().to_srv_request();
    drop(none.take_payload());
    let (read, _) = scripted(forged(), [data(BODY)]);
    for request in [none, read] {
        let response = call_service(&service, request).await;
        let whole = response.into_body().try_into_bytes().ok();
        assert_eq!(whole.unwrap(), r#"{"error":"bad_signature"}"#);
    }
}

#[actix_web::test]
async fn payload_without_a_connection_is_dropped_with_its_response() {
    let service = Recorder::default().behind(middleware()).await;
    let (request, probe) = scripted(forged(), [Step::Stall]);
    let response = call_service(&service, request).await;
    assert!(!probe.is_dropped());
    drop(response);
    tokio::task::yield_now().await;
    assert!(probe.is_dropped());
}

#[actix_web::test]
async fn request_without_a_body_is_refused_without_yielding() {
    let service = Recorder::default().behind(middleware()).await;
    let mut request = forged().to_srv_request();
    drop(request.take_payload());
    let mut answer = pin!(service.call(request));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(answer.as_mut().poll(&mut cx).is_ready());
}

#[actix_web::test]
async fn payload_is_kept_until_eof_if_the_response_is_dropped() {
    let service = Recorder::default().behind(middleware()).await;
    let (sender, payload) = actix_http::h1::Payload::create(false);
    let mut sender = sender;
    let mut request = forged().to_srv_request();
    request.set_payload(payload.into());
    let response = call_service(&service, request).await;
    drop(response);
    tokio::task::yield_now().await;
    // While the payload exists, actix-web's reading is bounded.
    assert!(!sender.is_dropped());
    sender.feed_eof();
    poll_fn(|cx| {
        if sender.is_dropped() {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Requests of users' tests have no peer and may run in any runtime.
#[tokio::test]
async fn test_request_without_a_peer_is_not_cut_off() {
    let service = Recorder::default().behind(middleware()).await;
    for length in [0, 1, 1024 * 1024, 1024 * 1024 + 1] {
        let request = || forged().set_payload(vec![b'x'; length]).to_srv_request();
        let (_, error) = read(call_service(&service, request()).await).await;
        // A single chunk over the limit is followed by EOF.
        assert_eq!(error, None, "{length}");
        drop(call_service(&service, request()).await);
    }
    let (_sender, payload) = actix_http::h1::Payload::create(false);
    let mut request = forged().to_srv_request();
    request.set_payload(payload.into());
    drop(call_service(&service, request).await);
}
