//! Extractors, in handlers of poem and of poem-openapi.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "handlers own their arguments"
)]

use http::uri::Scheme;
use poem::error::ResponseError as _;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint, EndpointExt as _, IntoResponse as _, Request, Route, handler, post};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{OpenApi, OpenApiService};
use qstash_verify::testing::{self, SignedDelivery};
use qstash_verify_poem::{
    Delivery, Message, MessageRejection, Metadata, QstashMiddleware, Refusal, Retry, Steer,
    VerifyError, parse_message,
};

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
fn needs_message(Message(id): Message<u64>) -> String {
    id.to_string()
}

#[handler]
fn optional_message(Message(id): Message<Option<u64>>) -> String {
    format!("{id:?}")
}

#[handler]
fn labels(Metadata(metadata): Metadata) -> String {
    format!("{:?} {:?}", metadata.message_id(), metadata.labels())
}

#[tokio::test]
async fn message_is_the_body_as_json() {
    let app = post(needs_message).with(qstash());
    assert_eq!(send(&app, &delivery("7")).await, (200, "7".to_owned()));
    let optional = post(optional_message).with(qstash());
    let none = (200, "None".to_owned());
    assert_eq!(send(optional, &delivery("")).await, none);
}

#[tokio::test]
async fn metadata_has_every_label() {
    let delivery = delivery("")
        .header("upstash-label", "a")
        .header("upstash-message-id", "msg_1");
    let mut request = request(&delivery);
    let second = "b".parse().unwrap();
    request.headers_mut().append("upstash-label", second);
    let response = post(labels).get_response(request).await;
    let body = response.into_body().into_string().await.unwrap();
    assert_eq!(body, r#"Some("msg_1") ["a", "b"]"#);
}

#[test]
fn responses_are_the_replies_of_the_core() {
    let refusal = Refusal::from(VerifyError::MissingSignature);
    assert_eq!(refusal.status(), 401);
    assert_eq!(
        refusal.to_string(),
        VerifyError::MissingSignature.to_string()
    );
    let response = refusal.into_response();
    assert_eq!(response.headers()["www-authenticate"], "Upstash-Signature");
    let response = Steer::from(Retry::AfterSeconds(30));
    assert_eq!(response.status(), 503);
    assert_eq!(response.into_response().headers()["retry-after"], "30");
    let invalid = MessageRejection(parse_message::<u8>(b"x").unwrap_err());
    assert_eq!(invalid.status(), 422);
    let response = invalid.into_response();
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
}

struct Api;

#[OpenApi]
impl Api {
    /// Extractors beside a payload that poem-openapi parses.
    #[oai(path = "/orders", method = "post")]
    async fn orders(&self, delivery: Delivery, ids: Json<Vec<u64>>) -> PlainText<String> {
        PlainText(format!("{:?} for {}", ids.0, delivery.0.claims().sub()))
    }

    /// A message alone.
    #[oai(path = "/message", method = "post")]
    async fn message(&self, message: Message<u64>) -> PlainText<String> {
        PlainText(message.0.to_string())
    }
}

#[tokio::test]
async fn poem_openapi_methods_take_the_extractors() {
    let service = OpenApiService::new(Api, "webhooks", "1.0");
    // Arguments of the specification are those that the sender chooses.
    assert!(!service.spec().contains("upstash"));
    let app = Route::new().nest("/hooks", service.with(qstash()));
    let orders = delivery("[1,2]");
    let expected = "[1, 2] for https://example.com/hooks/orders";
    assert_eq!(send(&app, &orders).await, (200, expected.to_owned()));
    let forged = orders.key("sig_mallory");
    let refused = r#"{"error":"bad_signature"}"#;
    assert_eq!(send(&app, &forged).await, (401, refused.to_owned()));
    let message = testing::delivery("https://example.com/hooks/message", "7");
    assert_eq!(send(&app, &message).await, (200, "7".to_owned()));
    let invalid = testing::delivery("https://example.com/hooks/message", "x");
    assert_eq!(send(&app, &invalid).await.0, 422);

    let unprotected = OpenApiService::new(Api, "webhooks", "1.0");
    let unprotected = Route::new().nest("/hooks", unprotected);
    let not_verified = r#"{"error":"not_verified"}"#.to_owned();
    assert_eq!(send(&unprotected, &message).await, (500, not_verified));
}
