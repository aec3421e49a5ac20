//! The extractor of a typed message.

use std::fmt;
use std::mem;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use qstash_verify::{MessageError, RequestHead, log_message_not_read, parse_message};
use serde::de::DeserializeOwned;

use crate::extract::verified;
use crate::reply::{DeliveryRejection, response};

/// Extracts the message of a verified delivery: its body, parsed as JSON.
///
/// A body that doesn't parse is a 422 with the reason, which QStash shows in its
/// console. An empty body is `null`, so `Message<Option<T>>` accepts a schedule's
/// delivery without a body. `Content-Type` is ignored because it isn't signed. A body
/// over 2 MB is a 413, unless `DefaultBodyLimit` sets another limit.
///
/// It consumes the body, so it must be the handler's last argument. For another
/// response, extract `Result<Message<T>, MessageRejection>`: QStash retries after a
/// 422, as after any status outside 2xx. `T` can be [`Callback`](crate::Callback).
///
/// ```
/// use qstash_verify_axum::Message;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     id: u64,
/// }
///
/// async fn webhook(Message(order): Message<Order>) -> String {
///     format!("order {}", order.id)
/// }
/// # let app: axum::Router = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<T>(pub T);

impl<S, T> FromRequest<S> for Message<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = MessageRejection;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, MessageRejection> {
        verified(request.extensions(), request.uri()).map_err(MessageRejection::NotVerified)?;
        // Kept for the log; `Bytes` needs neither.
        let headers = mem::take(request.headers_mut());
        let uri = mem::take(request.uri_mut());
        let body = Bytes::from_request(request, state)
            .await
            .inspect_err(|error| {
                log_message_not_read(error, "raise or disable it with `DefaultBodyLimit`");
            })
            .map_err(MessageRejection::Body)?;
        let message = parse_message(&body);
        let message = message.inspect_err(|it| it.log(&RequestHead::from_http(&headers, &uri)));
        message.map(Message).map_err(MessageRejection::Invalid)
    }
}

/// The rejection of [`Message`].
///
/// ```
/// use axum::response::IntoResponse;
/// use qstash_verify_axum::MessageRejection;
///
/// fn status(rejection: MessageRejection) -> u16 {
///     rejection.into_response().status().as_u16()
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum MessageRejection {
    /// The route lacks the layer: 500.
    NotVerified(DeliveryRejection),
    /// The body can't be buffered: 413 over axum's `DefaultBodyLimit`.
    Body(BytesRejection),
    /// The body doesn't parse as the expected JSON: 422.
    Invalid(MessageError),
}

impl fmt::Display for MessageRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MessageRejection::NotVerified(rejection) => rejection.fmt(f),
            MessageRejection::Body(unreadable) => unreadable.fmt(f),
            MessageRejection::Invalid(invalid) => invalid.fmt(f),
        }
    }
}

impl std::error::Error for MessageRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // `Display` shows the variant's error, so `source` skips it.
        match self {
            MessageRejection::NotVerified(rejection) => rejection.source(),
            MessageRejection::Body(unreadable) => unreadable.source(),
            MessageRejection::Invalid(invalid) => invalid.source(),
        }
    }
}

impl IntoResponse for MessageRejection {
    fn into_response(self) -> Response {
        match self {
            MessageRejection::NotVerified(rejection) => rejection.into_response(),
            MessageRejection::Body(unreadable) => unreadable.into_response(),
            MessageRejection::Invalid(invalid) => response(invalid),
        }
    }
}
