//! The fairing: catchers, handlers that take the rejection, settings.

use qstash_verify_rocket::{Delivery, DeliveryRejection, QstashFairing};
use qstash_verify_test_support::{BODY, DEFAULT, token};
use rocket::http::Status;
use rocket::local::asynchronous::Client;
use rocket::response::Response;
use rocket::{Request, catch, catchers, post, routes};

use crate::message;
use crate::support::{self, client, forged, genuine, qstash, refused, rocket, send, text};

#[catch(default)]
fn page(_: Status, _: &Request<'_>) -> &'static str {
    "<h1>oops</h1>"
}

#[catch(401)]
fn teapot() -> (Status, &'static str) {
    (Status::ImATeapot, "short and stout")
}

#[post("/hooks/qstash", data = "<delivery>")]
fn handled(delivery: Result<Delivery, DeliveryRejection>) -> String {
    let rejection = delivery.unwrap_err();
    rejection.0.reason().unwrap().code().to_owned()
}

#[post("/hooks/qstash", data = "<delivery>")]
fn returned(delivery: Result<Delivery, DeliveryRejection>) -> DeliveryRejection {
    delivery.unwrap_err()
}

#[post("/hooks/qstash", data = "<delivery>")]
fn optional(delivery: Option<Delivery>) -> String {
    delivery.is_none().to_string()
}

#[rocket::async_test]
async fn catchers_do_not_change_a_refusal_unless_they_change_its_status() {
    let page = rocket(routes![support::echo]).register("/", catchers![page]);
    let client = Client::untracked(page.attach(qstash())).await.unwrap();
    let response = send(&client, &forged(), BODY).await;
    assert_eq!(text(response).await, refused("bad_signature"));
    // What no guard refused is the catcher's.
    let missing = client.post("/nowhere").dispatch().await;
    assert_eq!(text(missing).await.1, "<h1>oops</h1>");

    let teapot = rocket(routes![support::echo]).register("/", catchers![teapot]);
    let client = Client::untracked(teapot.attach(qstash())).await.unwrap();
    let response = send(&client, &forged(), BODY).await;
    assert_eq!(text(response).await, (418, "short and stout".to_owned()));
}

#[rocket::async_test]
async fn handler_that_takes_the_rejection_answers_by_itself() {
    for (routes, answer) in [
        (routes![handled], (200, "bad_signature".to_owned())),
        (routes![returned], refused("bad_signature")),
        (routes![optional], (200, "true".to_owned())),
    ] {
        let client = client(routes).await;
        let response = send(&client, &forged(), BODY).await;
        assert_eq!(text(response).await, answer);
    }
}

#[rocket::async_test]
async fn on_refusal_replaces_the_response() {
    let qstash = qstash().on_refusal(|reason| {
        let mut response = Response::new();
        response.set_status(Status::Forbidden);
        response.set_raw_header("x-refused", reason.code());
        response
    });
    assert!(format!("{qstash:?}").contains("refuse: custom"));
    let rocket = rocket(routes![message::message]).attach(qstash);
    let client = Client::untracked(rocket).await.unwrap();
    let response = send(&client, &forged(), BODY).await;
    let code = response.headers().get_one("x-refused");
    assert_eq!(
        (response.status(), code),
        (Status::Forbidden, Some("bad_signature"))
    );
    // It is about refusals, not about messages.
    let token = token(b"x").sign(DEFAULT[0]);
    assert_eq!(send(&client, &token, b"x").await.status().code, 422);
}

#[rocket::async_test]
async fn last_fairing_counts() {
    let other = QstashFairing::from_lookup(|name| {
        let set = ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"];
        set.contains(&name).then(|| format!("sig_{name}"))
    });
    let rocket = rocket(routes![support::echo])
        .attach(other.unwrap())
        .attach(qstash());
    let client = Client::untracked(rocket).await.unwrap();
    let response = send(&client, &genuine(), BODY).await;
    assert_eq!(response.status(), Status::Ok);
    assert!(QstashFairing::from_lookup(|_| None).is_err());
}

#[rocket::async_test]
async fn keys_are_not_printed() {
    let printed = format!("{:?}", qstash());
    assert!(!printed.contains(DEFAULT[0]) && !printed.contains(DEFAULT[1]));
}
