//! `Message` and `Metadata`.

use qstash_verify_rocket::{Message, Metadata};
use qstash_verify_test_support::{BODY, DEFAULT, token};
use rocket::http::Header;
use rocket::local::asynchronous::Client;
use rocket::{post, routes};

use crate::support::{client, forged, refused, rocket, send, text};

#[post("/hooks/qstash", data = "<id>")]
pub(crate) fn message(id: Message<Option<u64>>) -> String {
    format!("{:?}", id.0)
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
