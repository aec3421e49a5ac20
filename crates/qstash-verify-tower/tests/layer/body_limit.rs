//! The body limit: declared length and received bytes.

use http::HeaderValue;
use http_body::SizeHint;
use qstash_verify_tower::VerifyError;
use tower::Layer as _;

use crate::support::{BodyScript, Recorder, answer, data, full, genuine, layer, limited, refused};

const TEN: &[u8] = b"0123456789";

fn at_least(bytes: u64) -> SizeHint {
    let mut hint = SizeHint::new();
    hint.set_lower(bytes);
    hint
}

fn too_large(reason: &VerifyError, limit: u64) {
    assert_eq!((reason.status(), reason.code()), (413, "body_too_large"));
    assert!(
        reason.to_string().contains(&format!("{limit} bytes")),
        "{reason}"
    );
}

#[tokio::test]
async fn declared_length_over_the_limit_is_refused_unread() {
    for (hint, header) in [
        (SizeHint::with_exact(11), None),
        (at_least(11), None),
        (SizeHint::new(), Some("11")),
        (SizeHint::new(), Some("18446744073709551615")),
        (SizeHint::with_exact(10), Some("11")),
        (SizeHint::with_exact(11), Some("10")),
        (SizeHint::with_exact(11), Some("?")),
    ] {
        let (body, probe) = BodyScript::hinting(&hint, [data(TEN)]);
        let mut request = genuine(TEN, body);
        if let Some(header) = header {
            let value = HeaderValue::from_static(header);
            request.headers_mut().insert("content-length", value);
        }
        let inner = Recorder::default();
        too_large(
            &refused(limited(10).layer(inner.clone()), request).await,
            10,
        );
        assert_eq!((probe.polls(), inner.calls()), (0, 0));
    }
}

#[tokio::test]
async fn forgery_over_the_limit_is_bad_signature() {
    let (body, probe) = BodyScript::hinting(&SizeHint::with_exact(11), [data(TEN)]);
    let reason = refused(
        limited(10).layer(Recorder::default()),
        crate::support::forged(body),
    )
    .await;
    assert_eq!((reason.code(), probe.polls()), ("bad_signature", 0));
}

#[tokio::test]
async fn declared_length_is_not_trusted() {
    // Too small, unparsable or too large: the received bytes are counted.
    for (hint, header) in [
        (SizeHint::new(), Some("1")),
        (SizeHint::new(), Some("-1")),
        (SizeHint::new(), Some("18446744073709551616")),
        (SizeHint::new(), Some("\t")),
        (SizeHint::with_exact(1), None),
        (at_least(12), None),
    ] {
        let declare = |signed: &[u8]| {
            let (body, probe) = BodyScript::hinting(&hint, signed.chunks(4).map(data));
            let mut request = genuine(signed, body);
            if let Some(header) = header {
                let value = HeaderValue::from_static(header);
                request.headers_mut().insert("content-length", value);
            }
            (request, probe)
        };
        let inner = Recorder::default();
        let service = limited(12).layer(inner.clone());
        let (request, _) = declare(TEN);
        assert_eq!(answer(service.clone(), request).await.0, 200);
        assert_eq!(inner.only().into_body().into_bytes(), TEN);
        let (request, probe) = declare(b"0123456789abcdefghij");
        too_large(&refused(service, request).await, 12);
        assert_eq!(probe.polls(), 4);
    }
}

#[tokio::test]
async fn upper_size_hint_is_not_a_declared_length() {
    let mut hint = SizeHint::new();
    hint.set_upper(1000);
    let (body, _) = BodyScript::hinting(&hint, [data(TEN)]);
    assert_eq!(
        answer(limited(10).layer(Recorder::default()), genuine(TEN, body))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn reading_stops_over_the_limit() {
    let (body, probe) = BodyScript::new((0..1000).map(|_| data(b"abcd")));
    let inner = Recorder::default();
    too_large(
        &refused(limited(10).layer(inner.clone()), genuine(TEN, body)).await,
        10,
    );
    assert_eq!((probe.polls(), inner.calls()), (3, 0));
    assert!(probe.is_dropped());
}

#[tokio::test]
async fn body_of_exactly_the_limit_is_accepted() {
    for frames in [&[TEN][..], &[b"01234", b"56789"], &[TEN, b""]] {
        let inner = Recorder::default();
        let (body, _) = BodyScript::frames(frames);
        assert_eq!(
            answer(limited(10).layer(inner.clone()), genuine(TEN, body))
                .await
                .0,
            200
        );
        assert_eq!(inner.only().into_body().into_bytes(), TEN);
        let (body, _) = BodyScript::frames(frames);
        too_large(
            &refused(limited(9).layer(inner), genuine(TEN, body)).await,
            9,
        );
    }
    let declared = genuine(TEN, full(TEN));
    assert_eq!(
        answer(limited(10).layer(Recorder::default()), declared)
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn limit_of_zero_accepts_only_empty_bodies() {
    let service = limited(0).layer(Recorder::default());
    let (body, _) = BodyScript::frames(&[b""]);
    assert_eq!(answer(service.clone(), genuine(b"", body)).await.0, 200);
    let (body, _) = BodyScript::frames(&[b"1"]);
    too_large(&refused(service, genuine(b"1", body)).await, 0);
}

#[tokio::test]
async fn default_limit_is_10_mib() {
    let limit = 10 * 1024 * 1024;
    let mut body = vec![7; limit];
    let inner = Recorder::default();
    let service = layer().layer(inner.clone());
    let request = genuine(&body, full(body.clone()));
    assert_eq!(answer(service.clone(), request).await.0, 200);
    assert_eq!(inner.only().into_body().into_bytes().len(), limit);
    body.push(7);
    let request = genuine(&body, full(body.clone()));
    too_large(&refused(service, request).await, limit as u64);
}
