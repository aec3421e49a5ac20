//! Order of checks: head, body, inner service.

use std::cell::Cell;
use std::future::{Future as _, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_web::dev::{Service as _, ServiceRequest, ServiceResponse, Transform as _};
use actix_web::error::{ErrorImATeapot, PayloadError};
use actix_web::test::TestRequest;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use qstash_verify_actix::{KeySlot, Region, VerifyError};
use qstash_verify_test_support::{DEFAULT, URL};

use crate::support::{
    BODY, Recorder, Step, answer, at_base, at_once, cut, data, delivery, forged, genuine,
    middleware, refused, refused_at_once, scripted, signed, token,
};

#[actix_web::test]
async fn refused_head_does_not_wait_for_the_body() {
    let good = || token(BODY);
    let sign = |token: qstash_verify_test_support::Token| signed(&token.sign(DEFAULT[0]));
    let hs512 = r#"{"alg":"HS512","typ":"JWT"}"#;
    for (request, code) in [
        (TestRequest::post(), "missing_signature"),
        (signed(""), "malformed_token"),
        (signed("a.b"), "malformed_token"),
        (
            genuine(BODY).append_header(("upstash-signature", "x")),
            "malformed_token",
        ),
        (sign(good().header(hs512)), "unsupported_algorithm"),
        (forged(), "bad_signature"),
        (sign(good().without("exp")), "missing_claim"),
        (sign(good().claim("exp", "true")), "invalid_claim"),
        (sign(good().claim("iss", r#""Mallory""#)), "wrong_issuer"),
        (sign(good().claim("exp", "0")), "expired"),
        (sign(good().claim("nbf", "1e10")), "not_yet_valid"),
        (sign(good().claim("sub", r#""x""#)), "url_mismatch"),
    ] {
        let inner = Recorder::default();
        let service = inner.behind(at_base()).await;
        let (request, probe) = scripted(request, [Step::Stall]);
        assert_eq!(refused_at_once(&service, request).code(), code);
        assert_eq!(inner.calls(), 0, "{code}");
        assert!(probe.is_dropped());
    }
}

#[actix_web::test]
async fn inner_service_is_called_at_eof() {
    let inner = Recorder::default();
    let service = inner.behind(middleware()).await;
    let (sender, payload) = actix_http::h1::Payload::create(false);
    let mut sender = sender;
    let mut request = genuine(BODY).to_srv_request();
    request.set_payload(payload.into());
    let mut answer = pin!(service.call(request));
    let mut poll = || {
        let mut cx = Context::from_waker(Waker::noop());
        answer.as_mut().poll(&mut cx)
    };
    for chunk in BODY.chunks(3) {
        assert!(poll().is_pending());
        sender.feed_data(chunk.into());
    }
    assert!(poll().is_pending());
    assert_eq!(inner.calls(), 0);
    sender.feed_eof();
    let Poll::Ready(answer) = poll() else {
        panic!("still pending");
    };
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(inner.only().body(), BODY);
}

#[actix_web::test]
async fn stalled_request_does_not_block_others() {
    let inner = Recorder::default();
    let service = inner.behind(middleware()).await;
    let (stalled, probe) = scripted(genuine(BODY), [data(BODY), Step::Stall]);
    {
        let mut stalled = pin!(service.call(stalled));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(stalled.as_mut().poll(&mut cx).is_pending());
        let other = delivery(b"other").to_srv_request();
        assert_eq!(answer(&service, other).await.0, 200);
        assert!(stalled.as_mut().poll(&mut cx).is_pending());
    }
    // A cancelled request drops its body.
    assert!(probe.is_dropped());
    assert_eq!(inner.only().body(), "other");
}

#[actix_web::test]
async fn always_ready_body_yields_to_other_tasks() {
    let inner = Recorder::default();
    let service = inner.behind(middleware()).await;
    let body = [b'x'; 1000];
    let (request, probe) = scripted(genuine(&body), body.chunks(1).map(data));
    assert!(at_once(service.call(request)).is_none());
    assert!(probe.polls() < 1000, "{}", probe.polls());
    assert!(probe.is_dropped() && inner.calls() == 0);
}

#[actix_web::test]
async fn payload_error_is_body_unreadable() {
    let errors = || {
        [
            cut(),
            PayloadError::Incomplete(None),
            PayloadError::Incomplete(Some(std::io::ErrorKind::UnexpectedEof.into())),
            PayloadError::EncodingCorrupted,
            PayloadError::Overflow,
        ]
    };
    for (before, polls) in [
        (&[][..], 1),
        (&[&BODY[..5]][..], 2),
        // All bytes arrived, but the error precedes EOF.
        (&[BODY][..], 2),
    ] {
        for (error, same) in errors().into_iter().zip(errors()) {
            let inner = Recorder::default();
            let service = inner.behind(middleware()).await;
            let chunks = before.iter().map(|chunk| data(chunk));
            let steps = chunks.chain([Step::Error(error), data(b"more")]);
            let (request, probe) = scripted(genuine(BODY), steps);
            let reason = refused(&service, request).await;
            assert_eq!(reason, VerifyError::body_unreadable(&same));
            assert_eq!((reason.status(), reason.code()), (400, "body_unreadable"));
            let VerifyError::BodyUnreadable { reason, .. } = reason else {
                panic!("{reason}");
            };
            assert!(reason.starts_with(&same.to_string()), "{reason}");
            assert_eq!((probe.polls(), inner.calls()), (polls, 0));
        }
    }
}

#[actix_web::test]
async fn other_body_is_refused_at_eof() {
    let longer = [BODY, b"\n"].concat();
    for other in [&b""[..], &BODY[..1], &BODY[..24], &longer, b"hello"] {
        let inner = Recorder::default();
        let service = inner.behind(middleware()).await;
        let (request, probe) = scripted(genuine(BODY), [data(other), Step::Wait]);
        let reason = refused(&service, request).await;
        assert_eq!((reason.code(), inner.calls()), ("body_mismatch", 0));
        let received = format!("the received body (length {})", other.len());
        assert!(reason.to_string().contains(&received), "{reason}");
        assert_eq!(probe.polls(), 3);
    }
}

#[actix_web::test]
async fn request_extensions_hold_verified() {
    let inner = Recorder::default();
    let service = inner.behind(middleware()).await;
    let request = delivery(BODY).insert_header(("upstash-region", "EU-CENTRAL-1"));
    assert_eq!(answer(&service, request.to_srv_request()).await.0, 200);
    let verified = inner.only().verified.unwrap();
    assert_eq!(verified.claims().sub(), URL);
    assert_eq!(verified.key_slot(), KeySlot::Current);
    assert_eq!(verified.region(), Some(Region::EuCentral1));
}

#[actix_web::test]
async fn existing_verified_extension_is_replaced() {
    let inner = Recorder::default();
    let service = inner.behind(middleware()).await;
    let next = signed(&token(BODY).sign(DEFAULT[1])).set_payload(BODY);
    answer(&service, next.to_srv_request()).await;
    let planted = inner.only().verified.unwrap();
    assert_eq!(planted.key_slot(), KeySlot::Next);

    let request = delivery(BODY).to_srv_request();
    request.extensions_mut().insert(planted);
    answer(&service, request).await;
    let verified = inner.only().verified.unwrap();
    assert_eq!(verified.key_slot(), KeySlot::Current);
}

#[actix_web::test]
async fn inner_error_is_passed_on_unchanged() {
    let inner = actix_web::dev::fn_service(|_: ServiceRequest| {
        ready(Err::<ServiceResponse, _>(ErrorImATeapot("no coffee")))
    });
    let service = middleware().new_transform(inner).await.unwrap();
    let error: Error = service
        .call(delivery(BODY).to_srv_request())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "no coffee");
    assert_eq!(error.as_response_error().status_code(), 418);
    // A refusal is a response, not an error.
    let refusal = service.call(forged().to_srv_request()).await.unwrap();
    assert_eq!(refusal.status(), 401);
}

#[actix_web::test]
async fn inner_response_is_passed_on_unchanged() {
    let inner = actix_web::dev::fn_service(|request: ServiceRequest| {
        let mut response = HttpResponse::ImATeapot();
        response.append_header(("x-a", "1"));
        response.append_header(("x-a", "2"));
        let mut response = response.body("short and stout");
        response.extensions_mut().insert(7_u8);
        ready(Ok::<_, Error>(request.into_response(response)))
    });
    let service = middleware().new_transform(inner).await.unwrap();
    let response = service.call(delivery(BODY).to_srv_request()).await.unwrap();
    assert_eq!(response.status(), 418);
    let values: Vec<_> = response.headers().get_all("x-a").collect();
    assert_eq!(values, ["1", "2"]);
    assert_eq!(response.headers().len(), 2);
    assert_eq!(response.response().extensions().get(), Some(&7_u8));
    assert!(response.response().error().is_none());
    let body = actix_web::test::read_body(response).await;
    assert_eq!(body, "short and stout");
}

/// A service that is pending while the cell is `true`, then fails.
struct Busy(Rc<Cell<bool>>);

impl actix_web::dev::Service<ServiceRequest> for Busy {
    type Response = ServiceResponse;
    type Error = Error;
    type Future = std::future::Ready<Result<ServiceResponse, Error>>;

    fn poll_ready(&self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.0.get() {
            return Poll::Pending;
        }
        Poll::Ready(Err(ErrorImATeapot("broken")))
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        ready(Ok(request.into_response(HttpResponse::Ok().finish())))
    }
}

#[actix_web::test]
async fn readiness_and_its_errors_pass_through() {
    let busy = Rc::new(Cell::new(true));
    let service = middleware().new_transform(Busy(Rc::clone(&busy))).await;
    let service = service.unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_pending());
    busy.set(false);
    let Poll::Ready(Err(error)) = service.poll_ready(&mut cx) else {
        panic!("no error");
    };
    assert_eq!(error.to_string(), "broken");
}
