//! Bodies are read to EOF and passed on unchanged.

use std::convert::Infallible;

use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::{BodyExt as _, Channel, Empty, Full, Limited};
use qstash_verify_tower::{VerifiedBody, VerifyError};
use tower::{Layer as _, ServiceExt as _};

use crate::support::{
    BODY, BodyScript, Recorder, Step, answer, data, full, genuine, layer, refused,
};

/// Returns the body that the inner service receives for these steps.
async fn passed_on(steps: impl IntoIterator<Item = Step>, signed: &[u8]) -> VerifiedBody {
    let inner = Recorder::default();
    let (body, probe) = BodyScript::new(steps);
    let (status, text) = answer(layer().layer(inner.clone()), genuine(signed, body)).await;
    assert_eq!((status.as_u16(), &*text), (200, "recorded"));
    assert!(probe.is_dropped());
    inner.only().into_body()
}

fn trailers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        (
            http::HeaderName::from_static(name),
            http::HeaderValue::from_static(value),
        )
    });
    pairs.collect()
}

#[tokio::test]
async fn single_frame_is_passed_on_without_a_copy() {
    let frame = Bytes::copy_from_slice(BODY);
    let address = frame.as_ptr();
    let steps = [
        data(b""),
        Step::Wait,
        Step::Data(frame),
        data(b""),
        Step::Wait,
    ];
    let bytes = passed_on(steps, BODY).await.into_bytes();
    assert_eq!(bytes, BODY);
    assert_eq!(bytes.as_ptr(), address);
}

#[tokio::test]
async fn single_frame_is_polled_without_a_copy() {
    let frame = Bytes::copy_from_slice(BODY);
    let address = frame.as_ptr();
    let mut body = passed_on([Step::Data(frame)], BODY).await;
    assert_eq!(body.size_hint().exact(), Some(BODY.len() as u64));
    assert!(!body.is_end_stream());
    let bytes = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(bytes.as_ptr(), address);
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn framing_does_not_change_the_bytes() {
    let binary: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for size in [1, 2, 7, 255, 4096, 69_999, 70_000] {
        let frames = binary.chunks(size).map(data);
        assert_eq!(
            passed_on(frames, &binary).await.into_bytes(),
            binary,
            "{size}"
        );
        // Interleaved with `Pending` and empty frames.
        let frames = binary
            .chunks(size.max(255))
            .flat_map(|frame| [data(b""), Step::Wait, data(frame), data(b""), Step::Wait]);
        assert_eq!(
            passed_on(frames, &binary).await.into_bytes(),
            binary,
            "{size}"
        );
    }
}

#[tokio::test]
async fn signed_empty_body_is_accepted() {
    for steps in [
        vec![],
        vec![data(b"")],
        vec![Step::Wait, data(b""), data(b"")],
    ] {
        let body = passed_on(steps, b"").await;
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
        assert_eq!(body.into_bytes(), "");
    }
    let service = layer().layer(Recorder::default());
    let reason = refused(service.clone(), genuine(BODY, Empty::<Bytes>::new())).await;
    assert_eq!(reason.code(), "body_mismatch");
    assert_eq!(
        answer(service, genuine(b"", Empty::<Bytes>::new())).await.0,
        200
    );
}

#[tokio::test]
async fn trailers_reach_the_inner_service() {
    let sent = trailers(&[("x-sum", "1"), ("x-sum", "2"), ("x-other", "3")]);
    let (one, two) = BODY.split_at(9);
    for (frames, signed) in [
        (vec![], &b""[..]),
        (vec![data(b"")], b""),
        (vec![data(BODY)], BODY),
        (vec![data(one), data(two)], BODY),
    ] {
        let steps = frames
            .into_iter()
            .chain([Step::Wait, Step::Trailers(sent.clone())]);
        let mut body = passed_on(steps, signed).await;
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(signed.len() as u64));
        if !signed.is_empty() {
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), signed);
            assert!(!body.is_end_stream());
        }
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_trailers().unwrap(), sent);
        assert!(body.is_end_stream());
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn no_trailers_are_added() {
    let collected = passed_on([data(BODY)], BODY).await.collect().await.unwrap();
    assert_eq!(collected.trailers(), None);
}

#[tokio::test]
async fn trailers_are_not_signed() {
    let inner = Recorder::default();
    let sum = trailers(&[("x-sum", "hello")]);
    let (body, _) = BodyScript::new([data(BODY), Step::Trailers(sum)]);
    let mut signed = BODY.to_vec();
    signed.extend(b"hello");
    let reason = refused(layer().layer(inner.clone()), genuine(&signed, body)).await;
    assert_eq!((reason.code(), inner.calls()), ("body_mismatch", 0));
}

#[tokio::test]
async fn body_error_is_body_unreadable() {
    for steps in [
        vec![Step::error("reset by\n peer")],
        vec![data(&BODY[..5]), Step::Wait, Step::error("reset by\n peer")],
        // All bytes arrived, but the error precedes EOF.
        vec![data(BODY), Step::error("reset by\n peer"), data(b"more")],
    ] {
        let polls = steps
            .iter()
            .take_while(|step| !matches!(step, Step::Error(_)))
            .count()
            + 1;
        let inner = Recorder::default();
        let (body, probe) = BodyScript::new(steps);
        let reason = refused(layer().layer(inner.clone()), genuine(BODY, body)).await;
        assert_eq!(
            reason,
            VerifyError::body_unreadable(&std::io::Error::other("reset by\n peer"))
        );
        assert_eq!((reason.status(), reason.code()), (400, "body_unreadable"));
        assert_eq!(inner.calls(), 0);
        assert_eq!(probe.polls(), polls);
    }
}

#[tokio::test]
async fn any_body_error_type_is_accepted() {
    let service = layer().layer(Recorder::default());
    let failing = |text: &'static str| async move {
        let (sender, body) = Channel::<Bytes, Box<dyn std::error::Error + Send + Sync>>::new(1);
        sender.abort(text.into());
        body
    };
    let reason = refused(service.clone(), genuine(BODY, failing("boxed").await)).await;
    assert_eq!(
        reason,
        VerifyError::body_unreadable(&std::io::Error::other("boxed"))
    );
    let (sender, body) = Channel::<Bytes, &'static str>::new(1);
    sender.abort("text");
    let reason = refused(service, genuine(BODY, body)).await;
    assert_eq!(
        reason,
        VerifyError::body_unreadable(&std::io::Error::other("text"))
    );
}

#[tokio::test]
async fn truncated_body_is_body_mismatch() {
    for length in [0, 1, BODY.len() - 1] {
        let inner = Recorder::default();
        let (body, _) = BodyScript::frames(&[&BODY[..length]]);
        let mut request = genuine(BODY, body);
        request
            .headers_mut()
            .insert("content-length", BODY.len().into());
        let reason = refused(layer().layer(inner.clone()), request).await;
        assert_eq!(reason.code(), "body_mismatch");
        assert_eq!(inner.calls(), 0);
        let received = format!("the received body (length {length})");
        assert!(reason.to_string().contains(&received), "{reason}");
    }
}

#[tokio::test]
async fn changed_or_added_byte_is_body_mismatch() {
    let mut longer = BODY.to_vec();
    longer.push(b'\n');
    let changed: Vec<u8> = BODY
        .iter()
        .map(|byte| if *byte == b'h' { b'H' } else { *byte })
        .collect();
    for other in [longer, changed] {
        let inner = Recorder::default();
        let (body, _) = BodyScript::frames(&[&other[..10], &other[10..]]);
        let reason = refused(layer().layer(inner.clone()), genuine(BODY, body)).await;
        assert_eq!((reason.code(), inner.calls()), ("body_mismatch", 0));
    }
}

#[tokio::test]
async fn non_contiguous_data_is_accepted() {
    let inner = Recorder::default();
    let (one, two) = BODY.split_at(9);
    let service = layer().layer(inner.clone());
    let body = Full::new(Bytes::from_static(one).chain(Bytes::from_static(two)));
    assert_eq!(answer(service.clone(), genuine(BODY, body)).await.0, 200);
    assert_eq!(inner.only().into_body().into_bytes(), BODY);

    let deque: std::collections::VecDeque<u8> = BODY.iter().copied().collect();
    assert_eq!(
        answer(service, genuine(BODY, Full::new(deque))).await.0,
        200
    );
    assert_eq!(inner.only().into_body().into_bytes(), BODY);
}

#[tokio::test]
async fn outer_body_limit_is_body_unreadable() {
    let inner = Recorder::default();
    let service = layer().layer(inner.clone());
    let limited = |limit| Limited::new(full(BODY), limit);
    let reason = refused(service.clone(), genuine(BODY, limited(BODY.len() - 1))).await;
    assert_eq!((reason.code(), inner.calls()), ("body_unreadable", 0));
    assert_eq!(
        answer(service, genuine(BODY, limited(BODY.len()))).await.0,
        200
    );
    assert_eq!(inner.only().into_body().into_bytes(), BODY);
}

#[tokio::test]
async fn slow_body_is_read_to_eof() {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    let inner = Recorder::default();
    let service = layer().layer(inner.clone());
    let response = tokio::spawn(service.oneshot(genuine(BODY, body)));
    for chunk in BODY.chunks(3) {
        sender.send_data(Bytes::from(chunk)).await.unwrap();
        tokio::task::yield_now().await;
        assert_eq!(inner.calls(), 0);
    }
    let sum = trailers(&[("x-sum", "1")]);
    sender.send_trailers(sum.clone()).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(inner.calls(), 0);
    drop(sender);
    assert_eq!(response.await.unwrap().unwrap().status(), 200);
    let collected = inner.only().into_body().collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&sum));
    assert_eq!(collected.to_bytes(), BODY);
}
