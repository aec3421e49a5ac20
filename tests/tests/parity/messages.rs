//! Parity of the log events of the message extractors.

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, web};
use axum::Router;
use axum::body::Body;
use axum::routing::post;
use qstash_verify::testing;
use qstash_verify::{Callback, Region};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_axum::QstashLayer;
use tower::ServiceExt as _;
use tracing::Level;

use qstash_verify_tests::log::{Line, Log};

/// Returns the warnings and errors of both adapters for a rejected body.
async fn refused(log: &Log, body: &[u8], status: u16) -> [Vec<Line>; 2] {
    use qstash_verify_actix as actix;
    use qstash_verify_axum as axum_adapter;

    let delivery = testing::delivery("https://example.com/hook", body);
    let delivery = delivery.region(Region::UsEast1);
    let verifier = testing::verifier().build();

    let handler = async |axum_adapter::Message(_): axum_adapter::Message<Callback>| "taken";
    let app = Router::new().route("/hook", post(handler));
    let app = app.layer(QstashLayer::new(verifier.clone()));
    let answer = app.oneshot(delivery.request::<Body>().unwrap()).await;
    assert_eq!(answer.unwrap().status(), status);
    let on_axum = log.take();

    let handler = async |actix::Message(_): actix::Message<Callback>| "taken";
    let hook = web::resource("/hook").wrap(QstashMiddleware::new(verifier));
    let app = App::new().service(hook.route(web::post().to(handler)));
    let request = TestRequest::post().uri(delivery.path_and_query());
    let headers = delivery.headers().into_iter();
    let request = headers.fold(request, TestRequest::append_header);
    let request = request.set_payload(body.to_vec()).to_request();
    let answer = call_service(&init_service(app).await, request).await;
    assert_eq!(answer.status(), status);
    let on_actix = log.take();

    let warnings = |lines: Vec<Line>| {
        let lines = lines.into_iter();
        lines.filter(|line| line.level <= Level::WARN).collect()
    };
    [warnings(on_axum), warnings(on_actix)]
}

#[actix_web::test]
async fn invalid_message_is_not_quoted_in_the_log() {
    let (log, _guard) = Log::start();
    for (body, place, kind) in [
        (r#"["secret"]"#, Some(("1", "0")), "(invalid type)"),
        ("secret", Some(("1", "1")), "(invalid JSON)"),
        (
            "{\n\"status\": secret}",
            Some(("2", "11")),
            "(invalid JSON)",
        ),
        ("", None, "(the body is empty)"),
    ] {
        let [on_axum, on_actix] = refused(&log, body.as_bytes(), 422).await;
        for lines in [&on_axum, &on_actix] {
            assert_eq!(lines.len(), 1, "{lines:?}");
            let line = &lines[0];
            assert_eq!((line.level, line.target), (Level::WARN, "qstash_verify"));
            let field = |name| line.fields.get(name).map(String::as_str);
            assert_eq!(
                field("message_id"),
                Some("msg_testMessage00000000000000000")
            );
            assert_eq!(field("region"), Some("US_EAST_1"));
            assert_eq!(field("line").zip(field("column")), place, "{body}");
            assert!(line.fields["message"].contains(kind), "{line:?}");
            assert!(!format!("{line:?}").contains("secret"), "{line:?}");
        }
        assert_eq!(on_axum[0].fields, on_actix[0].fields);
    }
}

#[actix_web::test]
async fn log_names_the_exceeded_extractor_limit() {
    let (log, _guard) = Log::start();
    let body = format!("\"{}\"", "x".repeat(3_000_000));
    let [on_axum, on_actix] = refused(&log, body.as_bytes(), 413).await;
    for (lines, remedy) in [
        (on_axum, "`DefaultBodyLimit`"),
        (on_actix, "`web::PayloadConfig`"),
    ] {
        assert_eq!(lines.len(), 1, "{lines:?}");
        let message = &lines[0].fields["message"];
        assert!(message.contains(remedy), "{message}");
    }
}
