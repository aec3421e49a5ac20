//! Composition with actix-web's middleware.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Decompress, Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::middleware::{
    Compress, Condition, DefaultHeaders, Logger, Next, NormalizePath, TrailingSlash, from_fn,
};
use actix_web::test::{call_service, init_service, read_body};
use actix_web::{App, Error, web};
use bytes::Bytes;
use qstash_verify_actix::{Delivery, Verified};
use qstash_verify_test_support::{DEFAULT, NOW, Token};

use crate::support::{
    BASE, BODY, answer, at_base, delivery, forged, genuine, middleware, refused, signed,
};

async fn echo(_: Delivery, body: Bytes) -> Bytes {
    body
}

fn hook() -> actix_web::Resource {
    web::resource("/hooks/qstash").route(web::post().to(echo))
}

/// Sends a genuine delivery, one with another body, and a forged one.
async fn check<S, B>(app: &S)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let (status, text) = answer(app, delivery(BODY).to_request()).await;
    assert_eq!((status, text.as_bytes()), (200, BODY));
    let other = genuine(BODY).set_payload("other").to_request();
    assert_eq!(refused(app, other).await.code(), "body_mismatch");
    let forged = forged().to_request();
    assert_eq!(refused(app, forged).await.code(), "bad_signature");
}

async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    next.call(request).await
}

#[actix_web::test]
async fn works_with_all_middleware_of_actix_web() {
    let app = App::new()
        .service(hook())
        .wrap(from_fn(pass))
        .wrap(Condition::new(true, Compress::default()))
        .wrap(Logger::default())
        .wrap(NormalizePath::trim())
        .wrap(at_base())
        .wrap(from_fn(pass))
        .wrap(Compress::default())
        .wrap(Logger::default())
        .wrap(Condition::new(true, NormalizePath::trim()));
    check(&init_service(app).await).await;
}

#[actix_web::test]
async fn condition_switches_the_middleware() {
    for (on, status) in [(true, 401), (false, 200)] {
        let app = App::new()
            .default_service(web::to(async |body: Bytes| body))
            .wrap(Condition::new(on, at_base()));
        let app = init_service(app).await;
        assert_eq!(answer(&app, forged().to_request()).await.0, status);
        let genuine = answer(&app, delivery(BODY).to_request()).await;
        assert_eq!((genuine.0, genuine.1.as_bytes()), (200, BODY));
    }
}

#[actix_web::test]
async fn inner_functions_see_only_genuine_requests() {
    let (outside, inside) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (all, some) = (Rc::clone(&outside), Rc::clone(&inside));
    let app = App::new()
        .service(hook())
        .wrap(from_fn(
            move |verified: web::ReqData<Verified>,
                  body: Bytes,
                  mut request: ServiceRequest,
                  next: Next<_>| {
                some.set(some.get() + 1);
                assert_eq!(verified.claims().iss(), "Upstash");
                assert_eq!(body, BODY);
                request.set_payload(Payload::from(body));
                async move { next.call(request).await }
            },
        ))
        .wrap(middleware())
        .wrap(from_fn(move |request: ServiceRequest, next: Next<_>| {
            all.set(all.get() + 1);
            async move { next.call(request).await }
        }));
    check(&init_service(app).await).await;
    assert_eq!((outside.get(), inside.get()), (3, 1));
}

#[actix_web::test]
async fn body_replaced_by_outer_middleware_is_verified() {
    async fn replace(
        mut request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        request.set_payload(Payload::from(Bytes::from(BODY)));
        next.call(request).await
    }
    let app = App::new()
        .service(hook())
        .wrap(middleware())
        .wrap(from_fn(replace));
    let app = init_service(app).await;
    let other = genuine(BODY).set_payload("other").to_request();
    assert_eq!(answer(&app, other).await.0, 200);
    let other = delivery(b"other").to_request();
    assert_eq!(refused(&app, other).await.code(), "body_mismatch");
}

#[actix_web::test]
async fn only_outer_default_headers_are_added_to_refusals() {
    let marked = DefaultHeaders::new().add(("x-service", "orders"));
    for (outside, inside) in [(true, false), (false, true)] {
        let app = App::new()
            .service(hook())
            .wrap(Condition::new(inside, marked.clone()))
            .wrap(middleware())
            .wrap(Condition::new(outside, marked.clone()));
        let app = init_service(app).await;
        let refusal = call_service(&app, forged().to_request()).await;
        assert_eq!(refusal.headers().contains_key("x-service"), outside);
        let accepted = call_service(&app, delivery(BODY).to_request()).await;
        assert!(accepted.headers().contains_key("x-service"));
    }
}

/// Returns the decoded body of a gzip response.
async fn decoded<B: MessageBody>(response: ServiceResponse<B>) -> Bytes {
    let headers = response.headers().clone();
    assert_eq!(headers.get("content-encoding").unwrap(), "gzip");
    let encoded: Payload = Payload::from(read_body(response).await);
    let mut decoded = Decompress::from_headers(encoded, &headers);
    let mut bytes = Vec::new();
    while let Some(chunk) =
        std::future::poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut decoded), cx)).await
    {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    bytes.into()
}

#[actix_web::test]
async fn compress_works_outside_and_inside() {
    let asking = |request: actix_web::test::TestRequest| {
        let request = request.insert_header(("accept-encoding", "gzip"));
        request.to_request()
    };
    let outside = App::new()
        .service(hook())
        .wrap(middleware())
        .wrap(Compress::default());
    let outside = init_service(outside).await;
    let accepted = call_service(&outside, asking(delivery(BODY))).await;
    assert_eq!(decoded(accepted).await, BODY);
    for (request, code) in [
        (forged(), "bad_signature"),
        (genuine(BODY).set_payload("other"), "body_mismatch"),
    ] {
        let refusal = call_service(&outside, asking(request)).await;
        assert_eq!(refusal.status(), 401);
        let headers = refusal.headers();
        assert_eq!(headers.get("content-type").unwrap(), "application/json");
        assert_eq!(
            headers.get("www-authenticate").unwrap(),
            "Upstash-Signature"
        );
        let body = decoded(refusal).await;
        assert_eq!(body, format!(r#"{{"error":"{code}"}}"#));
    }
    check(&outside).await;

    let inside = App::new()
        .service(hook())
        .wrap(Compress::default())
        .wrap(middleware());
    let inside = init_service(inside).await;
    let accepted = call_service(&inside, asking(delivery(BODY))).await;
    assert_eq!(decoded(accepted).await, BODY);
    let reason = refused(&inside, asking(forged())).await;
    assert_eq!(reason.code(), "bad_signature");
    check(&inside).await;
}

/// Checks cases of published path, sent path, and the status with `NormalizePath`
/// outside and inside.
async fn normalized(style: TrailingSlash, route: &str, cases: &[(&str, &str, u16, u16)]) {
    for outside in [true, false] {
        let app = App::new()
            .route(route, web::post().to(echo))
            .wrap(Condition::new(!outside, NormalizePath::new(style)))
            .wrap(at_base())
            .wrap(Condition::new(outside, NormalizePath::new(style)));
        let app = init_service(app).await;
        for &(published, sent, status_outside, status_inside) in cases {
            let token = Token::new(&format!("{BASE}{published}"), BODY, NOW);
            let request = signed(&token.sign(DEFAULT[0])).uri(sent).set_payload(BODY);
            let (status, _) = answer(&app, request.to_request()).await;
            let expected = if outside {
                status_outside
            } else {
                status_inside
            };
            assert_eq!(status, expected, "{published} {sent} {outside}");
        }
    }
}

#[actix_web::test]
async fn outer_normalize_path_changes_the_verified_path() {
    // Inside, the published path is verified and the normalized one is routed.
    normalized(
        TrailingSlash::Trim,
        "/hook",
        &[
            ("/hook?a=b", "/hook?a=b", 200, 200),
            ("/hook/?a=b", "/hook/?a=b", 401, 200),
            ("//hook", "//hook", 401, 200),
            ("/hook", "/hook/", 200, 401),
            ("/hook", "//hook", 200, 401),
            ("/other", "/hook/", 401, 401),
        ],
    )
    .await;
    normalized(
        TrailingSlash::Always,
        "/hook/",
        &[
            ("/hook/", "/hook/", 200, 200),
            ("/hook", "/hook", 401, 200),
            ("/hook/", "/hook", 200, 401),
        ],
    )
    .await;
    normalized(
        TrailingSlash::MergeOnly,
        "/hook/",
        &[
            ("/hook/", "/hook/", 200, 200),
            ("/hook//", "/hook//", 401, 200),
            ("/hook", "/hook", 404, 404),
        ],
    )
    .await;
}
