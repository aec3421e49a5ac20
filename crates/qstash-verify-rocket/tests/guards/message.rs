//! `Message` and `Metadata`.

use qstash_verify_rocket::{Delivery, InvalidMessage, Message, Metadata, parse_message};
use qstash_verify_test_support::log::Log;
use qstash_verify_test_support::{BODY, DEFAULT, token};
use rocket::http::Header;
use rocket::local::asynchronous::Client;
use rocket::{post, routes};
use tracing::Level;

use crate::support::{client, forged, refused, rocket, send, text};

#[post("/hooks/qstash", data = "<id>")]
pub(crate) fn message(id: Message<Option<u64>>) -> String {
    format!("{:?}", id.0)
}

#[post("/hooks/qstash", data = "<delivery>")]
fn parsed(delivery: Delivery) -> Result<String, InvalidMessage> {
    let id: u64 = parse_message(&delivery.body)?;
    Ok(id.to_string())
}

#[post("/")]
fn labels(metadata: Metadata) -> String {
    format!("{:?} {:?}", metadata.0.message_id(), metadata.0.labels())
}

#[rocket::async_test]
async fn message_is_the_body_as_json() {
    let client = client(routes![message]).await;
    for (body, answer) in [("7", "Some(7)"), ("", "None"), (" null", "None")] {
        let token = token(body.as_bytes()).sign(DEFAULT[0]);
        let response = send(&client, &token, body.as_bytes()).await;
        assert_eq!(text(response).await, (200, answer.to_owned()));
    }
    let response = send(&client, &forged(), BODY).await;
    assert_eq!(text(response).await, refused("bad_signature"));
}

#[rocket::async_test]
async fn invalid_message_is_422_and_one_warning_without_its_text() {
    let (log, _guard) = Log::start();
    let body = br#""topsecret""#;
    let token = token(body).sign(DEFAULT[0]);
    let client = client(routes![message]).await;
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

    let client = crate::support::client(routes![parsed]).await;
    assert_eq!(text(send(&client, &token, body).await).await, (422, answer));
}

#[rocket::async_test]
async fn metadata_has_every_label() {
    let client = Client::untracked(rocket(routes![labels])).await.unwrap();
    let mut request = client.post("/");
    for (name, value) in [
        ("upstash-message-id", "msg_1"),
        ("Upstash-Label", "a"),
        ("upstash-label", "b"),
    ] {
        request.add_header(Header::new(name, value));
    }
    let answer = text(request.dispatch().await).await.1;
    assert_eq!(answer, r#"Some("msg_1") ["a", "b"]"#);
}
