//! The layer adds `Verified` to requests and the reason to refusals; all else is
//! passed on unchanged.

use std::future::ready;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full};
use qstash_verify_test_support::DEFAULT;
use qstash_verify_tower::{
    KeySlot, QstashLayer, QstashService, ResponseBody, ResponseFuture, Verified, VerifiedBody,
    VerifyError,
};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{
    BODY, BodyScript, Recorder, Step, URL, answer, data, forged, full, genuine, layer, request,
    token,
};

#[tokio::test]
async fn request_is_passed_on_unchanged_with_verified() {
    let inner = Recorder::default();
    let mut request = genuine(BODY, full(BODY));
    *request.method_mut() = http::Method::PATCH;
    *request.version_mut() = http::Version::HTTP_2;
    let headers = request.headers_mut();
    headers.append("x-list", "a".parse().unwrap());
    headers.append("x-list", "b".parse().unwrap());
    headers.insert("upstash-region", "EU-CENTRAL-1".parse().unwrap());
    request.extensions_mut().insert("from outside");
    let (expected, _) = request.clone().into_parts();
    let (status, _) = answer(layer().layer(inner.clone()), request).await;
    assert_eq!(status, 200);

    let (parts, body) = inner.only().into_parts();
    assert_eq!(parts.method, expected.method);
    assert_eq!(parts.uri, expected.uri);
    assert_eq!(parts.version, expected.version);
    assert_eq!(parts.headers, expected.headers);
    assert_eq!(parts.extensions.get(), Some(&"from outside"));
    let verified = parts.extensions.get::<Verified>().unwrap();
    assert_eq!(verified.claims().sub(), URL);
    assert_eq!(verified.key_slot(), KeySlot::Current);
    assert_eq!(
        verified.region(),
        Some(qstash_verify_tower::Region::EuCentral1)
    );
    assert_eq!(body.into_bytes(), BODY);
}

#[tokio::test]
async fn existing_verified_extension_is_replaced() {
    let inner = Recorder::default();
    let service = layer().layer(inner.clone());
    let other = token(BODY).claim("jti", r#""planted""#).sign(DEFAULT[1]);
    let planted = request(&other, full(BODY));
    answer(service.clone(), planted).await;
    let planted = inner.only().extensions().get::<Verified>().unwrap().clone();
    assert_eq!(planted.key_slot(), KeySlot::Next);

    let mut request = genuine(BODY, full(BODY));
    request.extensions_mut().insert(planted);
    answer(service, request).await;
    let verified = inner.only().extensions().get::<Verified>().unwrap().clone();
    assert_eq!(verified.key_slot(), KeySlot::Current);
}

#[derive(Clone, Debug, PartialEq)]
struct Failure(u8);

#[tokio::test]
async fn inner_error_is_passed_on_unchanged() {
    let inner =
        service_fn(|_: Request<VerifiedBody>| ready(Err::<Response<Empty<Bytes>>, _>(Failure(7))));
    let service = layer().layer(inner);
    let error = service.clone().oneshot(genuine(BODY, full(BODY)));
    assert_eq!(error.await.unwrap_err(), Failure(7));
    // A refusal is a response, not an error.
    assert_eq!(
        service.oneshot(forged(full(BODY))).await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn inner_response_is_passed_on_unchanged() {
    let inner = service_fn(|_: Request<VerifiedBody>| {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-sum", "1".parse().unwrap());
        let steps = [
            data(b"one"),
            Step::Wait,
            data(b"two"),
            Step::Trailers(trailers),
        ];
        let (body, _) = BodyScript::hinting(&SizeHint::with_exact(6), steps);
        let response = Response::builder()
            .status(418)
            .header("x-a", "1")
            .header("x-a", "2");
        ready(Ok::<_, Failure>(
            response.extension(Failure(9)).body(body).unwrap(),
        ))
    });
    let response = layer().layer(inner).oneshot(genuine(BODY, full(BODY)));
    let (parts, body) = response.await.unwrap().into_parts();
    assert_eq!(parts.status, 418);
    assert_eq!(parts.headers.len(), 2);
    let values: Vec<_> = parts.headers.get_all("x-a").iter().collect();
    assert_eq!(values, ["1", "2"]);
    assert_eq!(parts.extensions.get(), Some(&Failure(9)));
    assert!(parts.extensions.get::<VerifyError>().is_none());
    assert_eq!(body.size_hint().exact(), Some(6));
    assert!(!body.is_end_stream());
    let mut body = Box::pin(body);
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push(frame.unwrap().into_data().map_err(Frame::into_trailers));
    }
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[0].as_ref().unwrap(), "one");
    assert_eq!(frames[1].as_ref().unwrap(), "two");
    let trailers = frames.remove(2).unwrap_err().unwrap();
    assert_eq!(trailers["x-sum"], "1");
}

#[tokio::test]
async fn response_body_error_is_passed_on_unchanged() {
    let inner = service_fn(|_: Request<VerifiedBody>| {
        let (body, _) = BodyScript::new([data(b"one"), Step::error("disk on fire")]);
        ready(Ok::<_, Failure>(Response::new(body)))
    });
    let response = layer().layer(inner).oneshot(genuine(BODY, full(BODY)));
    let error = response
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "disk on fire");
}

#[tokio::test]
async fn refusal_body_has_an_exact_size_hint() {
    let response = layer()
        .layer(Recorder::default())
        .oneshot(forged(Empty::<Bytes>::new()));
    let mut body = response.await.unwrap().into_body();
    assert_eq!(body.size_hint().exact(), Some(25));
    assert!(!body.is_end_stream());
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), r#"{"error":"bad_signature"}"#);
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(body.frame().await.is_none());
    let empty = ResponseBody::<Full<Bytes>>::default();
    assert!(empty.is_end_stream());
    assert_eq!(empty.collect().await.unwrap().to_bytes(), "");
}

#[tokio::test]
async fn custom_response_is_used_and_holds_the_reason() {
    let layer = layer().on_refusal(|reason| {
        let text = format!("no: {} {}", reason.status(), reason.code());
        let response = Response::builder().status(StatusCode::IM_A_TEAPOT);
        let response = response
            .header(CONTENT_TYPE, "text/plain")
            .header("x-service", "orders");
        response.body(text.into()).unwrap()
    });
    let mut late = genuine(BODY, full("other"));
    late.headers_mut().insert("x-a", "1".parse().unwrap());
    for (request, code) in [
        (forged(full(BODY)), "bad_signature"),
        (late, "body_mismatch"),
    ] {
        let response = layer
            .layer(Recorder::default())
            .oneshot(request)
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.status, 418);
        assert_eq!(parts.headers.len(), 2);
        assert_eq!(parts.headers["content-type"], "text/plain");
        assert_eq!(parts.headers["x-service"], "orders");
        let reason = parts.extensions.get::<VerifyError>().unwrap();
        assert_eq!(reason.code(), code);
        assert_eq!(
            body.collect().await.unwrap().to_bytes(),
            format!("no: 401 {code}")
        );
    }
    // Accepted deliveries are not affected.
    let (status, _) = answer(layer.layer(Recorder::default()), genuine(BODY, full(BODY))).await;
    assert_eq!(status, 200);
}

#[test]
fn types_are_send_and_sync_if_their_parameters_are() {
    fn assert_sync<T: Send + Sync + 'static>() {}
    fn assert_send<T: Send + 'static>() {}
    fn assert_static<T: 'static>() {}
    fn assert_clone<T: Clone>() {}
    assert_sync::<QstashLayer>();
    assert_sync::<QstashService<Recorder>>();
    assert_sync::<ResponseFuture<Recorder, Full<Bytes>>>();
    assert_sync::<VerifiedBody>();
    assert_sync::<ResponseBody<Full<Bytes>>>();
    // A body that isn't `Sync` makes a future that isn't.
    assert_send::<ResponseFuture<Recorder, BodyScript>>();
    assert_clone::<QstashLayer>();
    assert_clone::<QstashService<Recorder>>();
    // Single-threaded servers need no `Send`.
    assert_static::<ResponseFuture<Recorder, std::rc::Rc<()>>>();
}

#[tokio::test]
async fn service_and_body_need_not_be_send() {
    let here = std::rc::Rc::new(());
    let held = here.clone();
    let inner = service_fn(move |_: Request<VerifiedBody>| {
        let held = held.clone();
        async move {
            drop(held);
            Ok::<_, Failure>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let body = full(BODY).map_err(move |error| {
        let _ = &here;
        error
    });
    let response = layer()
        .layer(inner)
        .oneshot(genuine(BODY, body))
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
}
