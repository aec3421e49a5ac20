//! Responders.

use qstash_verify_rocket::{
    DeliveryRejection, MessageRejection, Refusal, Reply, Retry, Steer, VerifyError, parse_message,
};
use rocket::local::asynchronous::Client;
use rocket::response::Responder;

use crate::support::rocket;

#[rocket::async_test]
async fn responders_are_the_replies_of_the_core() {
    let client = Client::untracked(rocket(Vec::new())).await.unwrap();
    let local = client.get("/");
    let request = local.inner();
    let invalid = MessageRejection::from(parse_message::<u8>(b"x").unwrap_err());
    let text = Some("text/plain; charset=utf-8");
    let reason = VerifyError::MissingSignature;
    let rejection = DeliveryRejection::from(Reply::from(reason.clone()));
    for (response, status, header, value) in [
        (
            Refusal::from(reason).respond_to(request),
            401,
            "www-authenticate",
            Some("Upstash-Signature"),
        ),
        (
            rejection.respond_to(request),
            401,
            "content-type",
            Some("application/json"),
        ),
        (invalid.respond_to(request), 422, "content-type", text),
        (
            Steer::from(Retry::AfterSeconds(30)).respond_to(request),
            503,
            "retry-after",
            Some("30"),
        ),
        (
            Steer(Retry::Never).respond_to(request),
            489,
            "upstash-nonretryable-error",
            Some("true"),
        ),
    ] {
        let response = response.unwrap();
        assert_eq!(response.status().code, status);
        assert_eq!(response.headers().get_one(header), value);
    }
}
