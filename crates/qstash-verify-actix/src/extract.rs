//! What a handler can ask for.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError, web,
};
use qstash_verify::{MessageError, MessageMetadata, Verified, parse_message};
use serde::de::DeserializeOwned;

use crate::receive::request_head;

/// Extracts the verified delivery. A handler that asks for it can't run on a
/// route without the middleware: it is answered with [`MissingMiddleware`], a
/// 500.
///
/// ```
/// use actix_web::web;
/// use qstash_verify_actix::Delivery;
///
/// async fn webhook(Delivery(verified): Delivery, body: web::Bytes) -> String {
///     format!("{} bytes, signed with the {} key", body.len(), verified.key())
/// }
/// # let app = actix_web::App::new().route("/", web::post().to(webhook));
/// ```
#[derive(Clone, Debug)]
pub struct Delivery(pub Verified);

impl FromRequest for Delivery {
    type Error = MissingMiddleware;
    type Future = Ready<Result<Self, MissingMiddleware>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let verified = request.extensions().get::<Verified>().cloned();
        ready(verified.map(Delivery).ok_or_else(|| {
            tracing::error!(path = request.path(), "{}", MissingMiddleware::REASON);
            MissingMiddleware(())
        }))
    }
}

/// The error of [`Delivery`] and [`Message`] on a route without the middleware.
///
/// ```
/// use actix_web::ResponseError;
/// use qstash_verify_actix::MissingMiddleware;
///
/// fn answer(missing: MissingMiddleware) {
///     assert_eq!(missing.error_response().status(), 500);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingMiddleware(());

impl MissingMiddleware {
    const REASON: &str = "the QStash middleware is not on this route, so the delivery that its \
                          handler asks for was never verified; wrap this route in it";
}

impl fmt::Display for MissingMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::REASON)
    }
}

impl std::error::Error for MissingMiddleware {}

impl ResponseError for MissingMiddleware {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .insert_header(ContentType::json())
            .body(r#"{"error":"missing_middleware"}"#)
    }
}

/// Extracts what the headers say of the message: its id, how often it was
/// retried, its schedule, its URL group, the address that published it.
///
/// **None of it is signed**; see [`MessageMetadata`].
///
/// ```
/// use actix_web::{HttpResponse, web};
/// use qstash_verify_actix::Metadata;
///
/// async fn webhook(Metadata(message): Metadata) -> HttpResponse {
///     println!("{:?}, attempt {:?}", message.message_id(), message.retried());
///     HttpResponse::Ok().finish()
/// }
/// # let app = actix_web::App::new().route("/", web::post().to(webhook));
/// ```
#[derive(Clone, Debug)]
pub struct Metadata(pub MessageMetadata);

impl FromRequest for Metadata {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Metadata(MessageMetadata::from_headers(
            request.headers(),
        ))))
    }
}

/// Extracts the message of a verified delivery: its body, read as JSON.
///
/// A body that isn't such JSON is an [`InvalidMessage`]: it is answered with 422
/// and the reason, which QStash shows in its console, and the handler doesn't
/// run. `Content-Type` is not looked at, since it isn't signed. The body is taken
/// as by `web::Bytes`: over 256 KiB it is a 413, unless `PayloadConfig` says
/// otherwise.
///
/// To answer otherwise, ask for `Result<Message<T>, actix_web::Error>`: QStash
/// retries after a 422, as after any answer outside 2xx. It works for
/// [`Callback`](crate::Callback), too.
///
/// ```
/// use actix_web::web;
/// use qstash_verify_actix::Message;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     id: u64,
/// }
///
/// async fn webhook(Message(order): Message<Order>) -> String {
///     format!("order {}", order.id)
/// }
/// # let app = actix_web::App::new().route("/", web::post().to(webhook));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Message<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let delivery = Delivery::from_request(request, payload);
        let body = web::Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            delivery.await?;
            let body = body.await.inspect_err(|unreadable| {
                tracing::warn!(
                    "message refused: {unreadable}; if it is too long for actix-web's own limit \
                     for extractors, raise that with `web::PayloadConfig`"
                );
            })?;
            let message = parse_message(&body);
            let message = message.inspect_err(|invalid| invalid.log(&request_head(&request)));
            Ok(Message(message.map_err(InvalidMessage)?))
        })
    }
}

/// The error of [`Message`] where the body is not the JSON that the handler wants.
///
/// ```
/// use actix_web::ResponseError;
/// use qstash_verify_actix::{InvalidMessage, parse_message};
///
/// let invalid = parse_message::<u64>(b"{}").map_err(InvalidMessage).unwrap_err();
/// assert_eq!(invalid.status_code(), 422);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMessage(pub MessageError);

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for InvalidMessage {}

impl ResponseError for InvalidMessage {
    fn status_code(&self) -> StatusCode {
        // Every status of the core is one.
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
    }
}
