//! The extractors.

use poem::web::RequestBody;
use poem::{FromRequest, Request, Result};
use qstash_verify::{MessageMetadata, RequestHead, Verified, parse_message};
use serde::de::DeserializeOwned;

use crate::reply::{DeliveryRejection, MessageRejection};

/// Extracts the verified delivery.
///
/// On a route without the middleware the handler doesn't run: the response is
/// [`DeliveryRejection`], a 500.
///
/// ```
/// use poem::handler;
/// use qstash_verify_poem::Delivery;
///
/// #[handler]
/// async fn webhook(Delivery(verified): Delivery, body: Vec<u8>) -> String {
///     format!("{} bytes, signed with the {} key", body.len(), verified.key_slot())
/// }
/// # let app = poem::Route::new().at("/", poem::post(webhook));
/// ```
#[derive(Clone, Debug)]
pub struct Delivery(pub Verified);

impl<'a> FromRequest<'a> for Delivery {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        let verified = request.extensions().get::<Verified>().cloned();
        let rejection = || DeliveryRejection::new(request.original_uri().path());
        Ok(Delivery(verified.ok_or_else(rejection)?))
    }
}

/// Extracts the message's metadata from the headers.
///
/// It has the message's id, number of retries, schedule, URL group, labels, workflow run,
/// and the address that published it.
///
/// **None of it is signed**; see [`MessageMetadata`].
///
/// ```
/// use poem::handler;
/// use qstash_verify_poem::Metadata;
///
/// #[handler]
/// async fn webhook(Metadata(message): Metadata) {
///     println!("{:?}, attempt {:?}", message.message_id(), message.retried());
/// }
/// # let app = poem::Route::new().at("/", poem::post(webhook));
/// ```
#[derive(Clone, Debug)]
pub struct Metadata(pub MessageMetadata);

impl<'a> FromRequest<'a> for Metadata {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(Metadata(MessageMetadata::from_headers(request.headers())))
    }
}

/// Extracts the message of a verified delivery: its body, parsed as JSON.
///
/// A body that doesn't parse is a [`MessageRejection`]: a 422 with the reason, which
/// QStash shows in its console. An empty body is `null`, so `Message<Option<T>>` takes
/// a schedule's delivery without a body. `Content-Type` is ignored, since it isn't
/// signed. On a route without the middleware the response is [`DeliveryRejection`].
///
/// For another response, ask for `poem::Result<Message<T>>`: QStash retries after a
/// 422, as after any status outside 2xx. `T` can be [`Callback`](crate::Callback), too.
///
/// ```
/// use poem::handler;
/// use qstash_verify_poem::Message;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     id: u64,
/// }
///
/// #[handler]
/// async fn webhook(Message(order): Message<Order>) -> String {
///     format!("order {}", order.id)
/// }
/// # let app = poem::Route::new().at("/", poem::post(webhook));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<T>(pub T);

impl<'a, T: DeserializeOwned> FromRequest<'a> for Message<T> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        Delivery::from_request(request, body).await?;
        // Not read from the client any more, so poem's extractors have no limit here.
        let body = body.take()?.into_bytes().await?;
        let head = RequestHead::from_http(request.headers(), request.original_uri());
        let message = parse_message(&body).inspect_err(|invalid| invalid.log(&head));
        Ok(Message(message.map_err(MessageRejection)?))
    }
}
