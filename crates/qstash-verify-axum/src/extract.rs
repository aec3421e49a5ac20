//! Extractors that read only the request's head.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{Extensions, Uri};
use qstash_verify::{MessageMetadata, NotVerified, Verified};

use crate::reply::DeliveryRejection;

/// Extracts the verified delivery.
///
/// On a route without the layer the handler doesn't run: the response is
/// [`DeliveryRejection`], a 500. `Option<Delivery>` is `None` there, for handlers
/// that also serve unprotected routes.
///
/// ```
/// use qstash_verify_axum::Delivery;
///
/// async fn webhook(Delivery(verified): Delivery, body: axum::body::Bytes) -> String {
///     format!("{} bytes, signed with the {} key", body.len(), verified.key_slot())
/// }
/// # let app: axum::Router = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
#[derive(Clone, Debug)]
pub struct Delivery(pub Verified);

impl<S: Sync> FromRequestParts<S> for Delivery {
    type Rejection = DeliveryRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, DeliveryRejection> {
        let verified = verified(&parts.extensions, &parts.uri)?;
        Ok(Delivery(verified.clone()))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Delivery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().cloned().map(Delivery))
    }
}

/// Returns the delivery in the extensions, or logs that the route has no layer.
pub(crate) fn verified<'a>(
    extensions: &'a Extensions,
    uri: &Uri,
) -> Result<&'a Verified, DeliveryRejection> {
    extensions.get().ok_or_else(|| {
        NotVerified.log(original_uri(extensions, uri).path());
        DeliveryRejection(NotVerified)
    })
}

/// Returns the URI that the client sent: nested routers strip their prefix.
pub(crate) fn original_uri<'a>(extensions: &'a Extensions, uri: &'a Uri) -> &'a Uri {
    let original = extensions.get::<OriginalUri>();
    original.map_or(uri, |original| &original.0)
}

/// Extracts the message's metadata from the headers.
///
/// It holds the message ID, number of retries, schedule, URL group, labels,
/// workflow run and the publisher's address.
///
/// **None of it is signed**; see [`MessageMetadata`].
///
/// ```
/// use qstash_verify_axum::Metadata;
///
/// async fn webhook(Metadata(message): Metadata) {
///     println!("{:?}, attempt {:?}", message.message_id(), message.retried());
/// }
/// # let app: axum::Router = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
#[derive(Clone, Debug)]
pub struct Metadata(pub MessageMetadata);

impl<S: Sync> FromRequestParts<S> for Metadata {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Metadata(MessageMetadata::from_headers(&parts.headers)))
    }
}
