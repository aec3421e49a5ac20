//! Refusals as outer middleware sees and replaces them.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::middleware::{ErrorHandlerResponse, ErrorHandlers};
use actix_web::test::{call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web};
use qstash_verify_actix::{QstashMiddleware, Refusal, VerifyError};

use crate::support::{BODY, Recorder, answer, delivery, forged, genuine, middleware};

/// A request refused for its head, and one refused for its body.
fn refused_requests() -> [(actix_web::test::TestRequest, &'static str); 2] {
    [
        (forged(), "bad_signature"),
        (genuine(BODY).set_payload("other"), "body_mismatch"),
    ]
}

fn reason<B>(response: &ServiceResponse<B>) -> VerifyError {
    let extensions = response.response().extensions();
    extensions.get::<VerifyError>().unwrap().clone()
}

#[actix_web::test]
async fn refusal_is_the_responses_error() {
    let replaced = middleware().on_refusal(|_| HttpResponse::Unauthorized().body("replaced"));
    for qstash in [middleware(), replaced] {
        let service = Recorder::default().behind(qstash).await;
        for (request, code) in refused_requests() {
            let response = call_service(&service, request.to_srv_request()).await;
            assert_eq!(reason(&response).code(), code);
            let error = response.response().error().unwrap();
            let refusal = error.as_error::<Refusal>().unwrap();
            assert_eq!(refusal.0, reason(&response));
            assert_eq!(error.to_string(), refusal.0.to_string());
            assert_eq!(error.as_response_error().status_code(), 401);
        }
        let accepted = call_service(&service, delivery(BODY).to_srv_request()).await;
        assert!(accepted.response().error().is_none());
        let extensions = accepted.response().extensions();
        assert!(extensions.get::<VerifyError>().is_none());
    }
}

#[actix_web::test]
async fn custom_response_is_used_and_holds_the_reason() {
    let replaced = middleware().on_refusal(|reason| {
        let text = format!("no: {} {}", reason.status(), reason.code());
        let mut response = HttpResponse::ImATeapot();
        response.insert_header(("content-type", "text/plain"));
        response.insert_header(("x-service", "orders"));
        let mut response = response.body(text);
        response.extensions_mut().insert(7_u8);
        response
    });
    assert!(format!("{replaced:?}").contains("custom"));
    let inner = Recorder::default();
    let service = inner.behind(replaced).await;
    for (request, code) in refused_requests() {
        let response = call_service(&service, request.to_srv_request()).await;
        assert_eq!(response.status(), 418);
        let headers = response.headers();
        assert_eq!(headers.len(), 2);
        assert_eq!(headers.get("content-type").unwrap(), "text/plain");
        assert_eq!(headers.get("x-service").unwrap(), "orders");
        assert_eq!(reason(&response).code(), code);
        assert_eq!(response.response().extensions().get(), Some(&7_u8));
        assert_eq!(read_body(response).await, format!("no: 401 {code}"));
    }
    // Accepted deliveries are not affected.
    let accepted = answer(&service, delivery(BODY).to_srv_request()).await;
    assert_eq!(accepted, (200, "recorded".into()));
    assert_eq!(inner.calls(), 1);
}

#[actix_web::test]
async fn custom_response_may_be_empty() {
    for empty in [
        || HttpResponse::Forbidden().finish(),
        || HttpResponse::Forbidden().body(""),
    ] {
        let replaced = middleware().on_refusal(move |_| empty());
        let service = Recorder::default().behind(replaced).await;
        for (request, _) in refused_requests() {
            let answer = answer(&service, request.to_srv_request()).await;
            assert_eq!(answer, (403, String::new()));
        }
    }
}

#[actix_web::test]
async fn custom_response_may_extend_the_default() {
    let replaced = middleware().on_refusal(|reason| {
        use actix_web::ResponseError as _;
        let mut response = Refusal::from(reason.clone()).error_response();
        let headers = response.headers_mut();
        headers.insert("x-service".parse().unwrap(), "orders".parse().unwrap());
        response
    });
    let service = Recorder::default().behind(replaced).await;
    let response = call_service(&service, forged().to_srv_request()).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers().len(), 3);
    assert_eq!(reason(&response).code(), "bad_signature");
    assert_eq!(read_body(response).await, r#"{"error":"bad_signature"}"#);
}

/// An error handler that replaces the body with the reason.
#[expect(clippy::unnecessary_wraps, reason = "required by `ErrorHandlers`")]
fn replace_body<B>(response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let reason = reason(&response);
    let (request, response) = response.into_parts();
    let text = format!("{}: {reason}", reason.code());
    let response = response.set_body(BoxBody::new(text));
    let response = ServiceResponse::new(request, response).map_into_right_body();
    Ok(ErrorHandlerResponse::Response(response))
}

fn add_header<B: MessageBody>(
    mut response: ServiceResponse<B>,
) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let headers = response.headers_mut();
    headers.insert("x-seen".parse().unwrap(), "yes".parse().unwrap());
    Ok(ErrorHandlerResponse::Response(
        response.map_into_left_body(),
    ))
}

#[actix_web::test]
async fn outer_error_handlers_see_and_replace_a_refusal() {
    for qstash in [
        middleware(),
        middleware().on_refusal(|_| HttpResponse::Unauthorized().body("replaced")),
    ] {
        let app = App::new()
            .default_service(web::to(async || HttpResponse::Ok().body("handled")))
            .wrap(qstash)
            .wrap(ErrorHandlers::new().handler(StatusCode::UNAUTHORIZED, replace_body));
        let app = init_service(app).await;
        for (request, code) in refused_requests() {
            let (status, text) = answer(&app, request.to_request()).await;
            assert_eq!(status, 401);
            assert!(text.starts_with(&format!("{code}: ")), "{text}");
        }
        let accepted = answer(&app, delivery(BODY).to_request()).await;
        assert_eq!(accepted, (200, "handled".into()));
    }
}

#[actix_web::test]
async fn outer_default_error_handler_sees_a_refusal() {
    let app = App::new()
        .default_service(web::to(HttpResponse::Ok))
        .wrap(QstashMiddleware::new(
            qstash_verify_test_support::builder().body_limit(5).build(),
        ))
        .wrap(ErrorHandlers::new().default_handler_client(add_header));
    let app = init_service(app).await;
    for (request, status) in [(forged(), 401), (delivery(b"123456"), 413)] {
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().get("x-seen").unwrap(), "yes");
        let body = reason(&response).body();
        assert_eq!(read_body(response).await, body);
    }
    let response = call_service(&app, delivery(b"12345").to_request()).await;
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("x-seen"));
}

#[actix_web::test]
async fn inner_error_handlers_see_no_refusal() {
    let app = App::new()
        .default_service(web::to(HttpResponse::Ok))
        .wrap(ErrorHandlers::new().default_handler(add_header))
        .wrap(middleware());
    let app = init_service(app).await;
    for (request, _) in refused_requests() {
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), 401);
        assert!(!response.headers().contains_key("x-seen"));
    }
}
