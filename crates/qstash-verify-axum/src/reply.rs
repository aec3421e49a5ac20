//! Replies of the core as axum responses.

use axum::response::{IntoResponse, Response};
use qstash_verify::{NotVerified, Reply, Retry, VerifyError};

/// Converts a reply of the core into a response.
pub(crate) fn response(reply: impl Into<Reply>) -> Response {
    reply.into().into()
}

/// Implements the error and response traits of a newtype around a core error.
macro_rules! reply {
    ($name:ident($error:ty)) => {
        impl From<$error> for $name {
            fn from(error: $error) -> Self {
                $name(error)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::error::Error for $name {}

        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                response(self.0)
            }
        }
    };
}

reply!(Refusal(VerifyError));
reply!(Steer(Retry));
reply!(DeliveryRejection(NotVerified));

/// A refusal as an axum response, for handlers that call the verifier.
///
/// The response equals the layer's.
///
/// ```
/// use axum::body::Bytes;
/// use axum::extract::{OriginalUri, State};
/// use axum::http::HeaderMap;
/// use qstash_verify_axum::{Refusal, RequestHead, Verifier};
///
/// async fn webhook(
///     State(verifier): State<Verifier>,
///     OriginalUri(uri): OriginalUri,
///     headers: HeaderMap,
///     body: Bytes,
/// ) -> Result<String, Refusal> {
///     let head = RequestHead::from_http(&headers, &uri);
///     let verified = verifier.verify(&head, &body).inspect_err(|refused| refused.log(&head))?;
///     Ok(format!("sent to {}", verified.claims().sub()))
/// }
/// # let app: axum::Router<Verifier> = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub VerifyError);

/// A response that tells QStash when to retry, or not to; see [`Retry`].
///
/// Its body is empty; [`Retry::response`] accepts one for QStash's console.
///
/// ```
/// use qstash_verify_axum::{Message, Retry, Steer};
///
/// async fn webhook(Message(order): Message<u64>) -> Result<&'static str, Steer> {
///     match order {
///         0 => Err(Retry::Never)?,            // a permanent failure
///         1 => Err(Retry::AfterSeconds(30))?, // the shop is closed
///         _ => Ok("thanks"),
///     }
/// }
/// # let app: axum::Router = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
///
/// A handler whose error type is a response can return a [`Retry`] as well:
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use qstash_verify_axum::{Message, Retry};
///
/// async fn webhook(Message(order): Message<u64>) -> Result<Response, Response> {
///     if order == 0 {
///         Err(Retry::Never)?;
///     }
///     Ok("thanks".into_response())
/// }
/// # let app: axum::Router = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steer(pub Retry);

/// The rejection of a request on a route without the layer.
///
/// [`Delivery`](crate::Delivery) and [`Message`](crate::Message) return it: a 500
/// with `{"error":"not_verified"}`.
///
/// ```
/// use axum::response::IntoResponse;
/// use qstash_verify_axum::{DeliveryRejection, NotVerified};
///
/// let rejection = DeliveryRejection::from(NotVerified);
/// assert_eq!(rejection.into_response().status(), 500);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRejection(pub NotVerified);
