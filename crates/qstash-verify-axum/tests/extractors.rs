//! Extractors, rejections and retry responses.
#![allow(clippy::unwrap_used, reason = "test helpers may panic")]

use std::error::Error;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use qstash_verify::testing;
use qstash_verify_axum::{
    Delivery, DeliveryRejection, Message, MessageRejection, Metadata, NotVerified, QstashLayer,
    Refusal, Retry, Steer, VerifyError,
};
use tower::ServiceExt as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};

fn app(route: axum::routing::MethodRouter) -> Router {
    let layer = QstashLayer::new(testing::verifier().build());
    Router::new().route("/orders", route).layer(layer)
}

fn genuine(body: &str) -> Request {
    let delivery = testing::delivery("https://example.com/orders", body);
    delivery.request().unwrap()
}

async fn send(app: Router, request: Request) -> (u16, String) {
    text(app.oneshot(request).await.unwrap()).await
}

async fn text(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Collects the events of one thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Level, String)>>>);

impl Log {
    fn take(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("qstash_verify")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let level = *event.metadata().level();
        self.0.lock().unwrap().push((level, fields.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn optional_delivery_is_none_without_a_log_line() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let handler = async |delivery: Option<Delivery>| delivery.is_some().to_string();
    let open = Router::new().route("/orders", post(handler));
    assert_eq!(send(open, genuine("1")).await, (200, "false".into()));
    let app = app(post(handler));
    assert_eq!(send(app, genuine("1")).await, (200, "true".into()));
    assert_eq!(log.take(), []);
}

#[tokio::test]
async fn missing_layer_is_500_and_one_error_with_the_original_path() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    for route in [
        post(async |_: Delivery| "never"),
        post(async |_: Message<u8>| "never"),
    ] {
        let nested = Router::new().route("/", route);
        let app = Router::new().nest("/orders", nested);
        let answer = (500, r#"{"error":"not_verified"}"#.to_owned());
        assert_eq!(send(app, genuine("1")).await, answer);
        let [(Level::ERROR, event)] = &log.take()[..] else {
            panic!("not one error");
        };
        assert!(event.contains("path=/orders"), "{event}");
    }
}

#[tokio::test]
async fn retry_converts_into_both_kinds_of_response() {
    async fn retried() -> Result<&'static str, Steer> {
        Err(Retry::Never)?
    }
    async fn answered() -> Result<&'static str, Response> {
        Err(Retry::Never)?
    }
    for route in [post(retried), post(answered)] {
        let answer = app(route).oneshot(genuine("1")).await.unwrap();
        assert_eq!(answer.headers()["upstash-nonretryable-error"], "true");
        assert_eq!(text(answer).await, (489, String::new()));
    }
}

#[tokio::test]
async fn json_extractor_accepts_a_signed_delivery() {
    let handler = async |Json(ids): Json<Vec<u8>>| ids.len().to_string();
    let answer = send(app(post(handler)), genuine("[1,2]")).await;
    assert_eq!(answer, (200, "2".into()));
    // The content type can be replaced.
    let delivery = testing::delivery("https://example.com/orders", "[1,2]");
    let delivery = delivery.header("Content-Type", "text/plain");
    let answer = send(app(post(handler)), delivery.request().unwrap()).await;
    assert_eq!(answer.0, 415);
}

#[tokio::test]
async fn metadata_has_every_label() {
    let handler = async |Metadata(metadata): Metadata| {
        format!("{:?} {:?}", metadata.labels(), metadata.other_headers())
    };
    let mut request = genuine("1");
    for (name, value) in [
        ("upstash-label", "a"),
        ("upstash-label", "b"),
        ("upstash-new", "c"),
    ] {
        request.headers_mut().append(name, value.parse().unwrap());
    }
    let expected = r#"["a", "b"] {"upstash-new": ["c"]}"#;
    let answer = send(app(post(handler)), request).await;
    assert_eq!(answer, (200, expected.to_owned()));
}

#[tokio::test]
async fn empty_body_is_null() {
    let optional = post(async |Message(id): Message<Option<u8>>| format!("{id:?}"));
    assert_eq!(send(app(optional), genuine("")).await, (200, "None".into()));
    let required = post(async |Message(id): Message<u8>| format!("{id:?}"));
    assert_eq!(send(app(required), genuine("")).await.0, 422);
}

#[tokio::test]
async fn invalid_message_is_422() {
    let (status, body) = send(app(post(async |_: Message<u8>| ())), genuine("x")).await;
    assert_eq!(status, 422);
    assert!(body.starts_with("the body is not the JSON"), "{body}");
}

#[tokio::test]
async fn message_over_axums_limit_is_413_and_logs_the_remedy() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let app = app(post(async |_: Message<u64>| ())).layer(DefaultBodyLimit::max(2));
    assert_eq!(send(app, genuine("1234")).await.0, 413);
    let [(Level::WARN, event)] = &log.take()[..] else {
        panic!("not one warning");
    };
    assert!(
        event.contains("raise or disable it with `DefaultBodyLimit`"),
        "{event}"
    );
}

#[tokio::test]
async fn refusal_equals_the_layers_response() {
    let log = VerifyError::MissingSignature;
    let answer = Refusal::from(log.clone()).into_response();
    assert_eq!(answer.headers()["www-authenticate"], "Upstash-Signature");
    assert_eq!(answer.extensions().get(), Some(&log));
    assert_eq!(text(answer).await, (401, log.body().to_owned()));
}

#[test]
fn responses_display_their_reason() {
    let reason = VerifyError::MissingSignature;
    assert_eq!(Refusal(reason.clone()).to_string(), reason.to_string());
    assert_eq!(Steer(Retry::Never).to_string(), Retry::Never.to_string());
    let rejection = DeliveryRejection(NotVerified);
    assert_eq!(rejection.to_string(), NotVerified.to_string());
    let rejection = MessageRejection::NotVerified(rejection);
    assert_eq!(rejection.to_string(), NotVerified.to_string());
    assert!(rejection.source().is_none());
}

#[tokio::test]
async fn rejections_can_be_handled() {
    let handler = async |message: Result<Message<u8>, MessageRejection>| match message {
        Ok(Message(id)) => Body::from(id.to_string()),
        Err(MessageRejection::Invalid(error)) => Body::from(error.status().to_string()),
        Err(other) => Body::from(other.to_string()),
    };
    let app = app(post(handler));
    assert_eq!(send(app.clone(), genuine("7")).await, (200, "7".into()));
    assert_eq!(send(app, genuine("x")).await, (200, "422".into()));
}
