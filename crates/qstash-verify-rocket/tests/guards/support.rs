//! A Rocket with the fairing, and requests to it.

use qstash_verify_rocket::{Delivery, QstashFairing};
use qstash_verify_test_support::{BASE, BODY, DEFAULT, TARGET, URL, builder, token};
use rocket::http::Header;
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::{Build, Rocket, Route, post};

pub(crate) const LIMIT: u64 = 1024;

#[post("/hooks/qstash", data = "<delivery>")]
pub(crate) fn echo(delivery: Delivery) -> Vec<u8> {
    assert_eq!(delivery.verified.claims().sub(), URL);
    delivery.body.to_vec()
}

pub(crate) fn qstash() -> QstashFairing {
    let builder = builder().base_url(BASE).unwrap();
    QstashFairing::new(builder.body_limit(LIMIT).build())
}

pub(crate) fn rocket(routes: Vec<Route>) -> Rocket<Build> {
    rocket::custom(rocket::Config::debug_default()).mount("/", routes)
}

pub(crate) async fn client(routes: Vec<Route>) -> Client {
    let rocket = rocket(routes).attach(qstash());
    Client::untracked(rocket).await.unwrap()
}

pub(crate) async fn send<'c>(client: &'c Client, token: &str, body: &[u8]) -> LocalResponse<'c> {
    let request = client.post(TARGET).body(body);
    let token = Header::new("upstash-signature", token.to_owned());
    request.header(token).dispatch().await
}

pub(crate) async fn text(response: LocalResponse<'_>) -> (u16, String) {
    let status = response.status().code;
    (status, response.into_string().await.unwrap_or_default())
}

pub(crate) fn genuine() -> String {
    token(BODY).sign(DEFAULT[0])
}

pub(crate) fn forged() -> String {
    token(BODY).sign("sig_mallory")
}

pub(crate) fn refused(code: &str) -> (u16, String) {
    (401, format!(r#"{{"error":"{code}"}}"#))
}
