//! Limits of draining, and the end of the connection.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use actix_http::h1;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::ConnectionType;
use actix_web::test::call_service;
use bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::support::{Recorder, Step, data, forged, middleware, scripted};

const REFUSED: &str = r#"{"error":"bad_signature"}"#;
const CHUNK_LIMIT: usize = 1024;

/// A forged request with a peer and this payload.
fn connected(payload: h1::Payload) -> ServiceRequest {
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut request = forged().peer_addr(peer).to_srv_request();
    request.set_payload(payload.into());
    request
}

async fn refused(request: ServiceRequest) -> ServiceResponse<impl MessageBody> {
    let service = Recorder::default().behind(middleware()).await;
    call_service(&service, request).await
}

/// Returns the error that closes the connection, `None` if it stays open.
async fn cut_off<B: MessageBody>(response: ServiceResponse<B>) -> Option<String> {
    let mut body = pin!(response.into_body());
    let mut next = async || poll_fn(|cx| body.as_mut().poll_next(cx)).await;
    assert_eq!(next().await.unwrap().ok().unwrap(), REFUSED);
    let end = next().await?;
    Some(end.err().unwrap().into().to_string())
}

#[tokio::test(start_paused = true)]
async fn drains_at_most_1024_chunks() {
    for chunk in [&b""[..], b"x"] {
        for (chunks, over) in [
            (CHUNK_LIMIT, false),
            (CHUNK_LIMIT + 1, true),
            (100_000, true),
        ] {
            let steps = (0..chunks).map(|_| data(chunk));
            let (request, probe) = scripted(forged(), steps.chain([Step::Stall]));
            let response = refused(request).await;
            // The payload is freed before the response is sent.
            assert_eq!(probe.is_dropped(), over, "{chunks}");
            let closes = response.response().head().connection_type() == ConnectionType::Close;
            assert_eq!(closes, over, "{chunks}");
            let error = cut_off(response).await.unwrap();
            assert_eq!(error.contains("sent too many chunks"), over, "{error}");
            assert!(error.ends_with("so it was cut off"), "{error}");
            if over {
                assert_eq!(probe.polls(), CHUNK_LIMIT + 1);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn chunks_after_the_response_are_counted() {
    let (mut sender, payload) = h1::Payload::create(false);
    let response = refused(connected(payload)).await;
    let chunk = Bytes::from(vec![b'x']);
    for _ in 0..=CHUNK_LIMIT {
        sender.feed_data(chunk.clone());
    }
    let mut body = pin!(response.into_body());
    let mut next = async || poll_fn(|cx| body.as_mut().poll_next(cx)).await;
    assert!(next().await.unwrap().is_ok());
    let error = next().await.unwrap().err().unwrap().into();
    assert!(error.to_string().contains("sent too many chunks"));
    // The payload is freed before the response is dropped.
    assert!(sender.is_dropped());
    assert!(chunk.is_unique());
}

#[tokio::test(start_paused = true)]
async fn body_of_1024_chunks_keeps_the_connection() {
    let (mut sender, payload) = h1::Payload::create(false);
    for _ in 0..CHUNK_LIMIT {
        sender.feed_data(Bytes::from_static(b"x"));
    }
    sender.feed_eof();
    let response = refused(connected(payload)).await;
    let head = response.response().head();
    assert_eq!(head.connection_type(), ConnectionType::KeepAlive);
    assert_eq!(cut_off(response).await, None);
}

#[tokio::test(start_paused = true)]
async fn body_over_1_mib_is_paused_and_not_kept() {
    let (mut sender, payload) = h1::Payload::create(false);
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    for _ in 0..40 {
        sender.feed_data(chunk.clone());
    }
    let start = Instant::now();
    let response = refused(connected(payload)).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(chunk.is_unique());
    // Back-pressure: actix-web stops filling the payload.
    let status = poll_fn(|cx| Poll::Ready(format!("{:?}", sender.need_read(cx)))).await;
    assert_eq!(status, "Pause");
    let error = cut_off(response).await.unwrap();
    assert!(error.contains("did not end its body in time"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn response_waits_100_ms_for_eof() {
    for (end, waits) in [(40, 40), (99, 99), (200, 100)] {
        let (mut sender, payload) = h1::Payload::create(false);
        let start = Instant::now();
        let ending = async {
            sleep(Duration::from_millis(end)).await;
            sender.feed_data(Bytes::from_static(b"hello"));
            sender.feed_eof();
        };
        let refusing = async {
            let response = refused(connected(payload)).await;
            assert_eq!(start.elapsed().as_millis() / 10, waits / 10);
            cut_off(response).await
        };
        let (error, ()) = tokio::join!(refusing, ending);
        // Only the first two connections stay open.
        assert_eq!(error.is_some(), end == 200, "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn late_eof_closes_the_connection() {
    let (mut sender, payload) = h1::Payload::create(false);
    let response = refused(connected(payload)).await;
    sender.feed_eof();
    let error = cut_off(response).await.unwrap();
    assert!(error.contains("ended its body late"), "{error}");
    // actix-web would answer malformed framing with a 400.
    let (mut sender, payload) = h1::Payload::create(false);
    let response = refused(connected(payload)).await;
    sender.set_error(PayloadError::EncodingCorrupted);
    let error = cut_off(response).await.unwrap();
    assert!(error.contains("ended its body late"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn disconnect_is_not_an_error() {
    let (sender, payload) = h1::Payload::create(false);
    let response = refused(connected(payload)).await;
    drop(sender);
    assert_eq!(cut_off(response).await, None);
}

#[tokio::test(start_paused = true)]
async fn response_is_sent_before_the_connection_is_closed() {
    let (mut sender, payload) = h1::Payload::create(false);
    let response = refused(connected(payload)).await;
    sender.feed_eof();
    let mut body = pin!(response.into_body());
    let mut next = async || poll_fn(|cx| Poll::Ready(body.as_mut().poll_next(cx))).await;
    assert!(matches!(next().await, Poll::Ready(Some(Ok(_)))));
    // actix-web flushes whenever a body is pending.
    assert!(next().await.is_pending());
    assert!(matches!(next().await, Poll::Ready(Some(Err(_)))));
}
