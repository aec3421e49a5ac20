//! Body and inner service are dropped on cancellation, on refusal, and while the
//! handler runs.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use qstash_verify_tower::{VerifiedBody, VerifyError};
use tower::{Layer as _, Service as _, service_fn};

use crate::support::{BODY, BodyScript, Recorder, Step, data, genuine, layer, poll_once, start};

#[tokio::test]
async fn cancelled_read_drops_body_and_service() {
    let inner = Recorder::default();
    let mut service = layer().layer(inner.clone());
    let held = inner.handles();
    let (body, probe) = BodyScript::new([data(&BODY[..5]), Step::Stall]);
    let mut future = Box::pin(start(&mut service, genuine(BODY, body)).await);
    assert_eq!(inner.handles(), held + 1);
    assert!(poll_once(future.as_mut()).is_pending());
    assert!(!probe.is_dropped());
    assert_eq!(probe.polls(), 2);
    drop(future);
    assert!(probe.is_dropped());
    assert_eq!(inner.handles(), held);
    assert_eq!(inner.calls(), 0);
}

#[tokio::test]
async fn unpolled_future_drops_body_and_service() {
    let inner = Recorder::default();
    let mut service = layer().layer(inner.clone());
    let held = inner.handles();
    let (body, probe) = BodyScript::frames(&[BODY]);
    drop(start(&mut service, genuine(BODY, body)).await);
    assert!(probe.is_dropped());
    assert_eq!(
        (probe.polls(), inner.handles(), inner.calls()),
        (0, held, 0)
    );
}

#[tokio::test]
async fn refusal_drops_body_and_service() {
    let inner = Recorder::default();
    let mut service = layer().layer(inner.clone());
    let held = inner.handles();
    for steps in [vec![data(b"other")], vec![data(BODY), Step::error("reset")]] {
        let (body, probe) = BodyScript::new(steps);
        let mut future = Box::pin(start(&mut service, genuine(BODY, body)).await);
        let Poll::Ready(Ok(response)) = poll_once(future.as_mut()) else {
            panic!("not ready");
        };
        assert!(response.extensions().get::<VerifyError>().is_some());
        // Future and response are still alive.
        assert!(probe.is_dropped());
        assert_eq!((inner.handles(), inner.calls()), (held, 0));
    }
}

#[tokio::test]
async fn running_handler_holds_neither_body_nor_service() {
    let alive = Arc::new(());
    let handler = alive.clone();
    let inner = service_fn(move |request: Request<VerifiedBody>| {
        let held = handler.clone();
        async move {
            let _held = (held, request);
            pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        }
    });
    let mut service = layer().layer(inner);
    let (body, probe) = BodyScript::frames(&[BODY]);
    let future = start(&mut service, genuine(BODY, body)).await;
    // Held by the service, by its clone in the future, and by `alive`.
    assert_eq!(Arc::strong_count(&alive), 3);
    let mut future = Box::pin(future);
    assert!(poll_once(future.as_mut()).is_pending());
    assert!(probe.is_dropped());
    // The clone was called and dropped; the handler's future holds the third.
    assert_eq!(Arc::strong_count(&alive), 3);
    // A disconnect drops the future and cancels the handler.
    drop(future);
    assert_eq!(Arc::strong_count(&alive), 2);
    drop(service);
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test]
#[should_panic = "polled after it was ready"]
async fn polling_after_completion_panics() {
    let (body, _) = BodyScript::frames(&[b"other"]);
    let mut future = Box::pin(layer().layer(Recorder::default()).call(genuine(BODY, body)));
    assert!(poll_once(future.as_mut()).is_ready());
    let _ = poll_once(future.as_mut());
}

/// A body that is always ready with an empty frame.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::new()))))
    }
}

#[tokio::test]
async fn always_ready_body_yields_to_other_tasks() {
    let mut service = layer().layer(Recorder::default());
    let mut future = Box::pin(start(&mut service, genuine(BODY, Endless)).await);
    for _ in 0..10 {
        assert!(poll_once(future.as_mut()).is_pending());
    }
}

#[tokio::test]
async fn thousand_one_byte_frames_are_accepted() {
    let body: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let frames: Vec<_> = body.chunks(1).map(data).collect();
    let inner = Recorder::default();
    let mut service = layer().layer(inner.clone());
    let response = start(&mut service, genuine(&body, BodyScript::new(frames).0))
        .await
        .await;
    assert!(response.is_ok());
    assert_eq!(inner.calls(), 1);
}
