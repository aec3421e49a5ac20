//! Log events and spans of the middleware.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod workers;

use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, Responder, web};
use qstash_verify::Verifier;
use qstash_verify_actix::{Delivery, Message, QstashMiddleware};
use qstash_verify_test_support::{DEFAULT, NOW, TARGET, Token, URL, builder};
use tracing::Level;

use qstash_verify_test_support::log::{Fields, Line, Log};

const BODY: &[u8] = b"hello";

fn verifier() -> Verifier {
    builder().build()
}

fn signed(token: &Token) -> TestRequest {
    TestRequest::post()
        .uri(TARGET)
        .insert_header(("upstash-signature", token.sign(DEFAULT[0])))
        .set_payload(BODY)
}

fn genuine() -> TestRequest {
    signed(&Token::new(URL, BODY, NOW))
}

/// Sends a request through the middleware and a function that logs its call; returns
/// the status.
async fn send<H, F>(request: TestRequest, handler: H) -> u16
where
    H: Fn() -> F + Clone + 'static,
    F: Future<Output: Responder + 'static> + 'static,
{
    let app = App::new()
        .default_service(web::to(handler))
        .wrap_fn(|request, next| {
            tracing::trace!("called");
            next.call(request)
        })
        .wrap(QstashMiddleware::new(verifier()));
    let response = call_service(&init_service(app).await, request.to_request()).await;
    let status = response.status().as_u16();
    read_body(response).await;
    status
}

#[actix_web::test]
async fn custom_response_does_not_change_the_event() {
    let (log, _guard) = Log::start();
    let qstash = QstashMiddleware::new(verifier()).on_refusal(|_| HttpResponse::Ok().finish());
    let app = App::new()
        .wrap(qstash)
        .default_service(web::to(async || "x"));
    let app = init_service(app).await;
    let unsigned = TestRequest::post().uri(TARGET).to_request();
    let response = call_service(&app, unsigned).await;
    assert_eq!(response.status(), 200);
    let lines = log.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].fields["code"], "missing_signature");
}

#[actix_web::test]
async fn handler_runs_in_the_deliverys_span() {
    let (log, _guard) = Log::start();
    let handler = || async {
        tracing::trace!("handled");
        tokio::task::yield_now().await;
        tracing::trace!("handled on");
        "handled"
    };
    let request = || genuine().insert_header(("upstash-region", "us-east-1"));
    assert_eq!(send(request(), handler).await, 200);
    let closed = log.closed();
    assert_eq!(closed.len(), 1, "the span ends with the handler");
    let lines = log.take();
    let messages: Vec<_> = lines.iter().map(|line| &*line.fields["message"]).collect();
    assert_eq!(messages, ["called", "handled", "handled on"]);
    let fields = Fields::from([("region", "US_EAST_1".into()), ("key", "current".into())]);
    assert_eq!(closed, [("qstash_delivery", fields.clone())]);
    for line in lines {
        assert_eq!(line.spans, [("qstash_delivery", fields.clone())]);
    }
    // Without a region header the span has no region.
    assert_eq!(send(genuine(), handler).await, 200);
    let fields = Fields::from([("key", "current".into())]);
    assert_eq!(log.take()[0].spans, [("qstash_delivery", fields)]);
    // A refused delivery has no span.
    let other = genuine().set_payload("other");
    assert_eq!(send(other, handler).await, 401);
    assert_eq!(log.closed().len(), 1);
}

/// The events of this project's crates.
fn own(log: &Log) -> Vec<Line> {
    let mut lines = log.take();
    lines.retain(|line| line.target.starts_with("qstash_verify"));
    lines
}

#[actix_web::test]
async fn missing_middleware_is_logged_as_an_error() {
    let (log, _guard) = Log::start();
    let app = App::new()
        .route("/delivery", web::post().to(async |_: Delivery| "x"))
        .route("/message", web::post().to(async |_: Message<u8>| "x"));
    let app = init_service(app).await;
    for path in ["/delivery", "/message"] {
        let request = genuine().uri(&format!("{path}?a=b")).to_request();
        assert_eq!(call_service(&app, request).await.status(), 500);
        let lines = own(&log);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].level, Level::ERROR);
        assert_eq!(lines[0].fields["path"], path);
        let message = &lines[0].fields["message"];
        assert!(
            message.contains("the QStash middleware is not on this route"),
            "{message}"
        );
    }
}
