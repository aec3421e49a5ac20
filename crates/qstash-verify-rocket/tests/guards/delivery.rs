//! `Delivery`: verdicts, responses, the body limit.

use qstash_verify_rocket::QstashFairing;
use qstash_verify_test_support::{BODY, DEFAULT, NOW, TARGET, Token, builder, token};
use rocket::http::{Header, Status};
use rocket::local::asynchronous::Client;
use rocket::routes;

use crate::support::{self, LIMIT, client, forged, genuine, refused, rocket, send, text};

#[rocket::async_test]
async fn handler_of_a_genuine_delivery_gets_its_bytes() {
    let client = client(routes![support::echo]).await;
    for body in [BODY, b"", b"short", &[0xff; 13], &[b'x'; 1024]] {
        let response = send(&client, &token(body).sign(DEFAULT[1]), body).await;
        assert_eq!(response.status(), Status::Ok);
        let received = response.into_bytes().await.unwrap_or_default();
        assert_eq!(received, body);
    }
}

#[rocket::async_test]
async fn refusal_is_the_reply_of_the_core() {
    let client = client(routes![support::echo]).await;
    let response = send(&client, &forged(), BODY).await;
    let headers = response.headers();
    assert_eq!(
        headers.get_one("www-authenticate"),
        Some("Upstash-Signature")
    );
    let types: Vec<_> = headers.get("content-type").collect();
    assert_eq!(types, ["application/json"]);
    assert_eq!(text(response).await, refused("bad_signature"));

    let other_body = send(&client, &genuine(), b"other").await;
    assert_eq!(text(other_body).await, refused("body_mismatch"));
    let other_url = Token::new("https://example.com/", BODY, NOW);
    let other_url = send(&client, &other_url.sign(DEFAULT[0]), BODY).await;
    assert_eq!(text(other_url).await, refused("url_mismatch"));
    let unsigned = client.post(TARGET).body(BODY).dispatch().await;
    assert_eq!(text(unsigned).await, refused("missing_signature"));
    let twice = client.post(TARGET).body(BODY);
    let header = || Header::new("upstash-signature", genuine());
    let mut twice = twice.header(header());
    twice.add_header(header());
    assert_eq!(
        text(twice.dispatch().await).await,
        refused("malformed_token")
    );
}

#[rocket::async_test]
async fn body_limit_is_the_verifiers() {
    let long = vec![b'x'; usize::try_from(LIMIT).unwrap() + 1];
    let client = client(routes![support::echo]).await;
    let response = send(&client, &token(&long).sign(DEFAULT[0]), &long).await;
    let too_large = (413, r#"{"error":"body_too_large"}"#.to_owned());
    assert_eq!(text(response).await, too_large);

    // Rocket's own limits are lower than these 3 MiB, all of them.
    let long = vec![b'x'; 3 * 1024 * 1024];
    let qstash = QstashFairing::new(builder().build());
    let rocket = rocket(routes![support::echo]).attach(qstash);
    let client = Client::untracked(rocket).await.unwrap();
    let response = send(&client, &token(&long).sign(DEFAULT[0]), &long).await;
    assert_eq!(response.status(), Status::Ok);
}
