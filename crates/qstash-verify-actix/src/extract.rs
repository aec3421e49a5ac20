//! Extractors of the delivery, its metadata and its message.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, web};
use qstash_verify::{MessageMetadata, Verified, log_message_not_read, parse_message};
use serde::de::DeserializeOwned;

use crate::reply::{DeliveryRejection, MessageRejection};
use crate::request::request_head;

/// Extracts the verified delivery.
///
/// On a route without the middleware the handler doesn't run: the response is
/// [`DeliveryRejection`], a 500. `Option<Delivery>` is `None` there.
///
/// ```
/// use actix_web::web;
/// use qstash_verify_actix::Delivery;
///
/// async fn webhook(Delivery(verified): Delivery, body: web::Bytes) -> String {
///     format!("{} bytes, signed with the {} key", body.len(), verified.key_slot())
/// }
/// # let app = actix_web::App::new().route("/", web::post().to(webhook));
/// ```
#[derive(Clone, Debug)]
pub struct Delivery(pub Verified);

impl FromRequest for Delivery {
    type Error = DeliveryRejection;
    type Future = Ready<Result<Self, DeliveryRejection>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let verified = request.extensions().get::<Verified>().cloned();
        let delivery = verified.map(Delivery);
        ready(delivery.ok_or_else(|| DeliveryRejection::new(request.path())))
    }
}

/// Extracts the message's metadata from the headers.
///
/// It holds the message ID, number of retries, schedule, URL group, labels, workflow
/// run and the publisher's address.
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

/// Extracts the message of a verified delivery: its body, parsed as JSON.
///
/// A body that doesn't parse is a [`MessageRejection`]: a 422 with the reason, which
/// QStash shows in its console. An empty body is `null`, so `Message<Option<T>>`
/// accepts a schedule's delivery without a body. `Content-Type` is ignored because it
/// isn't signed. A body over 256 KiB is a 413, unless `PayloadConfig` sets another
/// limit. On a route without the middleware the response is [`DeliveryRejection`].
///
/// For another response, extract `Result<Message<T>, actix_web::Error>`: QStash
/// retries after a 422, as after any status outside 2xx. `T` can be
/// [`Callback`](crate::Callback).
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
            let body = body.await.inspect_err(|error| {
                log_message_not_read(error, "raise that with `web::PayloadConfig`");
            })?;
            let message = parse_message(&body);
            let message = message.inspect_err(|invalid| invalid.log(&request_head(&request)));
            Ok(Message(message.map_err(MessageRejection)?))
        })
    }
}
