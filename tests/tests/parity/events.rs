//! Parity of log events and spans.

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use qstash_verify_actix::{Message, QstashMiddleware};
use qstash_verify_tests::log::{Fields, Log};
use qstash_verify_tests::{DEFAULT, TARGET, builder, samples, token};
use tower::ServiceExt as _;
use tracing::Level;

use crate::adapters::{on_actix, on_tower};

/// Level, target, fields and enclosing spans.
type Event = (Level, &'static str, Fields, Vec<(&'static str, Fields)>);

/// Takes the events since the last call.
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
async fn actix_and_tower_log_the_same_event_per_refusal() {
    let (log, _guard) = Log::start();
    let samples = samples();
    log.take();
    for (number, sample) in samples.into_iter().enumerate() {
        for sample in [
            sample.clone(),
            sample
                .clone()
                .header("upstash-message-id", "msg_7")
                .header("upstash-region", "us-east-1"),
            sample
                .header("upstash-message-id", b"\x80 \"\\".repeat(50))
                .header("upstash-region", "nowhere"),
        ] {
            on_tower(&sample).await;
            let tower = lines(&log);
            let closed = log.closed();
            on_actix(&sample).await;
            let actix = lines(&log);
            assert_eq!(log.closed(), closed, "{number}");
            if sample.code == "ok" {
                // A verifier logs a key roll once, and both adapters share it.
                let rolled = tower.len() - actix.len();
                assert!(rolled <= 1, "{number} {tower:?} {actix:?}");
                assert_eq!(actix, tower[rolled..], "{number}");
                continue;
            }
            assert_eq!(actix, tower, "{number}");
            let [(level, target, fields, spans)] = &actix[..] else {
                panic!("{number}: {actix:?}");
            };
            assert_eq!(
                (*level, *target),
                (self::level(sample.code), "qstash_verify")
            );
            assert_eq!(fields["code"], sample.code);
            assert!(fields["message"].starts_with("delivery refused: "));
            assert!(!fields["path"].contains('?'), "{number}: {fields:?}");
            let named = |name: &str| sample.headers.iter().any(|(known, _)| *known == name);
            assert_eq!(
                fields.contains_key("message_id"),
                named("upstash-message-id")
            );
            assert!(spans.is_empty() && closed.is_empty());
        }
    }
}

#[actix_web::test]
async fn invalid_message_is_a_warning_in_the_deliverys_span() {
    const MESSAGE: &[u8] = br#""topsecret""#;
    let (log, _guard) = Log::start();
    let token = token(MESSAGE).sign(DEFAULT[0]);
    let app = App::new()
        .wrap(QstashMiddleware::new(builder().build()))
        .default_service(web::to(async |_: Message<u8>| "x"));
    let app = init_service(app).await;
    let request = TestRequest::post()
        .uri(TARGET)
        .insert_header(("upstash-signature", &*token))
        .set_payload(MESSAGE)
        .to_request();
    let response = call_service(&app, request).await;
    assert_eq!(response.status(), 422);
    let body = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    let actix = lines(&log);

    let router = axum::Router::new()
        .fallback(async |_: qstash_verify_axum::Message<u8>| "x")
        .layer(qstash_verify_axum::QstashLayer::new(builder().build()));
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
    // A message may be secret: the response quotes it, the log doesn't.
    assert!(body.contains("topsecret"), "{body}");
    assert!(!format!("{actix:?}").contains("topsecret"));
}
