//! Log events, in a program without tests that set no subscriber: these could disable an
//! event for the whole process.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a panic fails the test; handlers own their arguments"
)]

#[path = "guards/support.rs"]
mod support;

use qstash_verify_rocket::{Delivery, DeliveryRejection, Message, MessageRejection, parse_message};
use qstash_verify_test_support::log::Log;
use qstash_verify_test_support::{BODY, DEFAULT, token};
use rocket::data::{Data, FromData, Outcome};
use rocket::http::Status;
use rocket::local::asynchronous::Client;
use rocket::{Request, post, routes};
use tracing::Level;

use crate::support::{forged, genuine, refused, rocket, send, text};

#[post("/hooks/qstash", data = "<id>")]
fn message(id: Message<Option<u64>>) -> String {
    format!("{:?}", id.0)
}

#[post("/hooks/qstash", data = "<delivery>")]
fn parsed(delivery: Delivery) -> Result<String, MessageRejection> {
    let id: u64 = parse_message(&delivery.body)?;
    Ok(id.to_string())
}

/// A guard that wraps ours and has no sentinel.
struct Wrapped;

#[rocket::async_trait]
impl<'r> FromData<'r> for Wrapped {
    type Error = DeliveryRejection;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let delivery = Delivery::from_data(request, data).await;
        delivery.map(|_| Wrapped)
    }
}

#[post("/hooks/qstash", data = "<_wrapped>")]
fn wrapped(_wrapped: Wrapped) {}

#[rocket::async_test]
async fn refusal_is_one_event() {
    let (log, _guard) = Log::start();
    let client = support::client(routes![support::echo]).await;
    log.take();
    let response = send(&client, &forged(), BODY).await;
    assert_eq!(text(response).await, refused("bad_signature"));
    let lines = log.take();
    let [line] = &lines[..] else {
        panic!("not one event: {lines:?}");
    };
    assert_eq!((line.level, line.target), (Level::WARN, "qstash_verify"));
    assert_eq!(line.fields["code"], "bad_signature");
    assert_eq!(line.fields["path"], "/hooks/qstash");
    send(&client, &genuine(), BODY).await;
    assert!(log.take().is_empty());
}

#[rocket::async_test]
async fn wrapped_guard_without_the_fairing_is_500_and_one_event() {
    let (log, _guard) = Log::start();
    let client = Client::untracked(rocket(routes![wrapped])).await.unwrap();
    let response = send(&client, &genuine(), BODY).await;
    assert_eq!(response.status(), Status::InternalServerError);
    let lines = log.take();
    let [line] = &lines[..] else {
        panic!("not one event: {lines:?}");
    };
    assert_eq!((line.level, line.target), (Level::ERROR, "qstash_verify"));
    assert_eq!(line.fields["path"], "/hooks/qstash");
}

#[rocket::async_test]
async fn invalid_message_is_422_and_one_warning_without_its_text() {
    let (log, _guard) = Log::start();
    let body = br#""topsecret""#;
    let token = token(body).sign(DEFAULT[0]);
    let client = support::client(routes![message]).await;
    log.take();
    let response = send(&client, &token, body).await;
    let plain = Some("text/plain; charset=utf-8");
    assert_eq!(response.headers().get_one("content-type"), plain);
    let (status, answer) = text(response).await;
    assert_eq!(status, 422);
    assert!(answer.starts_with("the body is not the JSON"), "{answer}");
    let lines = log.take();
    let [line] = &lines[..] else {
        panic!("not one event: {lines:?}");
    };
    assert_eq!((line.level, line.target), (Level::WARN, "qstash_verify"));
    assert_eq!(
        (&*line.fields["line"], &*line.fields["column"]),
        ("1", "11")
    );
    let spans: Vec<_> = line.spans.iter().map(|(name, _)| *name).collect();
    assert_eq!(spans, ["qstash_delivery"]);
    assert!(!format!("{line:?}").contains("topsecret"));

    let client = support::client(routes![parsed]).await;
    assert_eq!(text(send(&client, &token, body).await).await, (422, answer));
}
