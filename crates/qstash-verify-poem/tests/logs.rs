//! Log events and spans, in a program without tests that set no subscriber: these could
//! disable an event for the whole process.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "handlers own their arguments"
)]

use http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint, EndpointExt as _, Request, Route, handler, post};
use qstash_verify::Region;
use qstash_verify::testing::{self, SignedDelivery};
use qstash_verify_poem::{Delivery, DeliveryRejection, Message, QstashMiddleware};
use qstash_verify_test_support::log::Log;
use tracing::Level;

fn qstash() -> QstashMiddleware {
    QstashMiddleware::new(testing::verifier().build())
}

fn delivery(body: &str) -> SignedDelivery {
    testing::delivery("https://example.com/hooks/orders", body)
}

/// The request as poem's server makes it: with an original URI, which
/// `Request::builder` lacks.
fn request(delivery: &SignedDelivery) -> Request {
    let (parts, body) = delivery.request::<Body>().unwrap().into_parts();
    let (local, remote) = (LocalAddr::default(), RemoteAddr::default());
    Request::from_parts((parts, local, remote, Scheme::HTTP).into(), body)
}

async fn send(app: impl Endpoint, delivery: &SignedDelivery) -> (u16, String) {
    let response = app.get_response(request(delivery)).await;
    let status = response.status().as_u16();
    (status, response.into_body().into_string().await.unwrap())
}

#[handler]
fn needs_delivery(_: Delivery) -> &'static str {
    "ran"
}

#[handler]
fn logs(_: Delivery) -> &'static str {
    tracing::info!("handled");
    "ran"
}

#[handler]
fn needs_message(Message(id): Message<u64>) -> String {
    id.to_string()
}

#[handler]
fn optional_delivery(delivery: Option<Delivery>) -> String {
    delivery.is_some().to_string()
}

#[handler]
fn rejected_delivery(delivery: poem::Result<Delivery>) -> String {
    delivery.unwrap_err().is::<DeliveryRejection>().to_string()
}

#[tokio::test]
async fn handler_runs_in_a_span_and_refusal_is_one_event() {
    let (log, _guard) = Log::start();
    let app = post(logs).with(qstash());
    let delivery = delivery("7");
    assert_eq!(send(&app, &delivery).await, (200, "ran".to_owned()));
    let handled = log.take();
    let handled = handled
        .iter()
        .find(|line| line.fields["message"] == "handled");
    let (span, fields) = &handled.unwrap().spans[0];
    assert_eq!((*span, &*fields["key"]), ("qstash_delivery", "current"));

    send(&app, &delivery.key("sig_mallory")).await;
    let refused = log.take();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].target, "qstash_verify");
    assert_eq!(refused[0].fields["code"], "bad_signature");
    assert_eq!(refused[0].fields["path"], "/hooks/orders");
}

#[tokio::test]
async fn unprotected_route_is_500_and_one_event_with_the_original_path() {
    let (log, _guard) = Log::start();
    let delivery = delivery("7");
    for route in [post(needs_delivery), post(needs_message)] {
        let app = Route::new().nest("/hooks", Route::new().at("/orders", route));
        let answer = send(app, &delivery).await;
        assert_eq!(answer, (500, r#"{"error":"not_verified"}"#.to_owned()));
        let [line] = &log.take()[..] else {
            panic!("not one event");
        };
        assert_eq!((line.level, line.target), (Level::ERROR, "qstash_verify"));
        assert_eq!(line.fields["path"], "/hooks/orders");
    }
}

#[tokio::test]
async fn handled_rejection_is_not_logged() {
    let (log, _guard) = Log::start();
    let delivery = delivery("7");
    let none = (200, "false".to_owned());
    assert_eq!(send(post(optional_delivery), &delivery).await, none);
    let rejected = (200, "true".to_owned());
    assert_eq!(send(post(rejected_delivery), &delivery).await, rejected);
    assert!(log.take().is_empty());
    let some = (200, "true".to_owned());
    let protected = post(optional_delivery).with(qstash());
    assert_eq!(send(protected, &delivery).await, some);
}

#[tokio::test]
async fn invalid_message_is_422_and_one_warning_without_its_text() {
    let (log, _guard) = Log::start();
    let app = post(needs_message).with(qstash());
    let delivery = delivery(r#""topsecret""#).region(Region::UsEast1);
    let (status, body) = send(app, &delivery).await;
    assert_eq!(status, 422);
    assert!(body.starts_with("the body is not the JSON"), "{body}");
    let mut lines = log.take();
    lines.retain(|line| line.level <= Level::WARN);
    let [line] = &lines[..] else {
        panic!("not one warning: {lines:?}");
    };
    assert_eq!((line.level, line.target), (Level::WARN, "qstash_verify"));
    assert_eq!(line.fields["region"], "US_EAST_1");
    assert_eq!(
        (&*line.fields["line"], &*line.fields["column"]),
        ("1", "11")
    );
    assert_eq!(line.spans.len(), 1);
    assert!(!format!("{line:?}").contains("topsecret"));
}
