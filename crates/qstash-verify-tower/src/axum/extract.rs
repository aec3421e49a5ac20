//! What a handler can ask for, other than the message itself.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Extensions, StatusCode, Uri};
use qstash_verify::{MessageMetadata, Verified};

use crate::service::original_uri;

/// Extracts the verified delivery. A handler that asks for it can't run on a
/// route without the layer: it is answered with [`MissingLayer`], a 500.
///
/// ```
/// use qstash_verify_tower::Delivery;
///
/// async fn webhook(Delivery(verified): Delivery, body: axum::body::Bytes) -> String {
///     format!("{} bytes, signed with the {} key", body.len(), verified.key())
/// }
/// # let app: axum::Router = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
#[derive(Clone, Debug)]
pub struct Delivery(pub Verified);

impl<S: Sync> FromRequestParts<S> for Delivery {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, MissingLayer> {
        let verified = verified(&parts.extensions, &parts.uri)?;
        Ok(Delivery(verified.clone()))
    }
}

/// What the layer left, or the rejection of a route without it.
pub(super) fn verified<'a>(
    extensions: &'a Extensions,
    uri: &Uri,
) -> Result<&'a Verified, MissingLayer> {
    extensions.get().ok_or_else(|| {
        let path = original_uri(extensions, uri).path();
        tracing::error!(path, "{}", MissingLayer::REASON);
        MissingLayer(())
    })
}

/// The rejection of [`Delivery`] and [`Message`](crate::Message) on a route
/// without the layer.
///
/// ```
/// use axum::response::IntoResponse;
/// use qstash_verify_tower::MissingLayer;
///
/// fn answer(missing: MissingLayer) {
///     assert_eq!(missing.into_response().status(), 500);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingLayer(());

impl MissingLayer {
    const REASON: &str = "the QStash layer is not on this route, so the delivery that its handler \
                          asks for was never verified; add the layer to this route";
}

impl std::fmt::Display for MissingLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::REASON)
    }
}

impl std::error::Error for MissingLayer {}

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        let headers = [(CONTENT_TYPE, "application/json")];
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            headers,
            r#"{"error":"missing_layer"}"#,
        )
            .into_response()
    }
}

/// Extracts what the headers say of the message: its id, how often it was
/// retried, its schedule, its URL group, the address that published it.
///
/// **None of it is signed**; see [`MessageMetadata`].
///
/// ```
/// use qstash_verify_tower::Metadata;
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
