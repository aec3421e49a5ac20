//! What the middleware writes to the log, seen by a subscriber that takes
//! everything: the same as the tower layer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

#[path = "../middleware/cases.rs"]
mod cases;
#[path = "../layer_logs/log.rs"]
mod log;
mod messages;
#[path = "../middleware/server.rs"]
mod server;
mod workers;

use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, Responder, web};
use qstash_verify::Verifier;
use qstash_verify_actix::{Delivery, Message, QstashMiddleware};
use qstash_verify_tests::{DEFAULT, NOW, Token, URL, builder};
use tower::ServiceExt as _;
use tracing::Level;

use crate::cases::{TARGET, cases, on_actix, on_tower};
use crate::log::{Fields, Line, Log};

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

/// Sends a request to a route behind the middleware, with another between the
/// two that says when it is called; what comes of it.
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

/// Level, target, fields, and the spans around it.
type Event = (Level, &'static str, Fields, Vec<(&'static str, Fields)>);

/// What was logged since the last call, to be compared in one go.
fn lines(log: &Log) -> Vec<Event> {
    let lines = log.take().into_iter();
    lines
        .map(|line| (line.level, line.target, line.fields, line.spans))
        .collect()
}

fn level(code: &str) -> Level {
    match code {
        "missing_signature" => Level::DEBUG,
        "malformed_token" | "unsupported_algorithm" => Level::INFO,
        "no_signing_keys" => Level::ERROR,
        _ => Level::WARN,
    }
}

#[actix_web::test]
async fn each_refusal_is_the_same_event_as_the_tower_layers() {
    let (log, _guard) = Log::start();
    let cases = cases();
    log.take();
    for (number, case) in cases.into_iter().enumerate() {
        for case in [
            case.clone(),
            case.clone()
                .header("upstash-message-id", "msg_7")
                .header("upstash-region", "us-east-1"),
            case.header("upstash-message-id", b"\x80 \"\\".repeat(50))
                .header("upstash-region", "nowhere"),
        ] {
            on_tower(&case).await;
            let tower = lines(&log);
            let closed = log.closed();
            on_actix(&case).await;
            let actix = lines(&log);
            assert_eq!(log.closed(), closed, "{number}");
            if case.code == "ok" {
                // A verifier warns of a roll once, and this one is theirs both.
                let rolled = tower.len() - actix.len();
                assert!(rolled <= 1, "{number} {tower:?} {actix:?}");
                assert_eq!(actix, tower[rolled..], "{number}");
                continue;
            }
            assert_eq!(actix, tower, "{number}");
            let [(level, target, fields, spans)] = &actix[..] else {
                panic!("{number}: {actix:?}");
            };
            assert_eq!((*level, *target), (self::level(case.code), "qstash_verify"));
            assert_eq!(fields["code"], case.code);
            assert!(fields["message"].starts_with("delivery refused: "));
            let named = |name: &str| case.headers.iter().any(|(known, _)| *known == name);
            assert_eq!(
                fields.contains_key("message_id"),
                named("upstash-message-id")
            );
            assert!(spans.is_empty() && closed.is_empty());
        }
    }
}

#[actix_web::test]
async fn a_replaced_answer_is_logged_all_the_same() {
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
async fn the_handler_runs_in_the_deliverys_span() {
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
    // What the headers do not say is not in it.
    assert_eq!(send(genuine(), handler).await, 200);
    let fields = Fields::from([("key", "current".into())]);
    assert_eq!(log.take()[0].spans, [("qstash_delivery", fields)]);
    // A handler that doesn't run is in no span.
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
async fn missing_middleware_is_an_error_in_the_log() {
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

#[actix_web::test]
async fn a_message_that_is_none_is_a_warning_in_the_deliverys_span() {
    const MESSAGE: &[u8] = br#""topsecret""#;
    let (log, _guard) = Log::start();
    let token = Token::new(URL, MESSAGE, NOW);
    let app = App::new()
        .wrap(QstashMiddleware::new(verifier()))
        .default_service(web::to(async |_: Message<u8>| "x"));
    let app = init_service(app).await;
    let request = signed(&token).set_payload(MESSAGE).to_request();
    let response = call_service(&app, request).await;
    assert_eq!(response.status(), 422);
    let body = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    let actix = lines(&log);

    let router = axum::Router::new()
        .fallback(async |_: qstash_verify_tower::Message<u8>| "x")
        .layer(qstash_verify_tower::QstashLayer::new(verifier()));
    let token = token.sign(DEFAULT[0]);
    let request = http::Request::post(TARGET).header("upstash-signature", token);
    let request = request.body(axum::body::Body::from(MESSAGE)).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 422);
    let mut tower = lines(&log);
    tower.retain(|(_, target, ..)| target.starts_with("qstash_verify"));
    assert_eq!(actix, tower);
    let [(level, _, fields, spans)] = &actix[..] else {
        panic!("{actix:?}");
    };
    assert_eq!(*level, Level::WARN);
    assert_eq!((&*fields["line"], &*fields["column"]), ("1", "11"));
    assert_eq!(spans[0].0, "qstash_delivery");
    // A message may be a secret: the answer quotes it, the log doesn't.
    assert!(body.contains("topsecret"), "{body}");
    assert!(!format!("{actix:?}").contains("topsecret"));
}
