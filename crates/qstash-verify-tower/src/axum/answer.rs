//! Answers of the core as axum responses.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use qstash_verify::{Retry, VerifyError};

/// A refusal as an axum response, for handlers that verify by themselves: the
/// same answer as the layer's.
///
/// ```
/// use axum::body::Bytes;
/// use axum::extract::{OriginalUri, State};
/// use axum::http::HeaderMap;
/// use qstash_verify_tower::{Refusal, RequestHead, Verifier};
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
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(pub VerifyError);

impl From<VerifyError> for Refusal {
    fn from(reason: VerifyError) -> Self {
        Refusal(reason)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.0.response::<Body>()
    }
}

/// An answer that tells QStash when to retry, or not to; see [`Retry`]. Its body
/// is empty: [`Retry::response`] takes one for QStash's console.
///
/// ```
/// use qstash_verify_tower::{Message, Retry, Steer};
///
/// async fn webhook(Message(order): Message<u64>) -> Result<&'static str, Steer> {
///     match order {
///         0 => Err(Steer(Retry::Never)), // will never be any better
///         1 => Err(Steer(Retry::AfterSeconds(30))), // the shop is closed
///         _ => Ok("thanks"),
///     }
/// }
/// # let app: axum::Router = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steer(pub Retry);

impl From<Retry> for Steer {
    fn from(retry: Retry) -> Self {
        Steer(retry)
    }
}

impl std::fmt::Display for Steer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Steer {}

impl IntoResponse for Steer {
    fn into_response(self) -> Response {
        self.0.response(Body::empty())
    }
}
