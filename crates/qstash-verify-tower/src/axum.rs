//! Extractors and the rejection for axum.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use qstash_verify::{MessageMetadata, Verified, VerifyError};

use crate::response::refusal;
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
        match parts.extensions.get::<Verified>() {
            Some(verified) => Ok(Delivery(verified.clone())),
            None => {
                tracing::error!(
                    path = original_uri(parts).path(),
                    "{}",
                    MissingLayer::REASON
                );
                Err(MissingLayer(()))
            }
        }
    }
}

/// The rejection of [`Delivery`] on a route without the layer.
///
/// ```
/// use axum::response::IntoResponse;
/// use qstash_verify_tower::MissingLayer;
///
/// fn answer(missing: MissingLayer) {
///     assert_eq!(missing.into_response().status(), 500);
/// }
/// ```
#[derive(Clone, Copy, Debug)]
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
///     let path_and_query = uri.path_and_query().map_or("/", |target| target.as_str());
///     let head = RequestHead::new(&headers, path_and_query);
///     let verified = verifier.verify(&head, &body).inspect_err(|refused| refused.log(&head))?;
///     Ok(format!("sent to {}", verified.claims().sub()))
/// }
/// # let app: axum::Router<Verifier> = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
#[derive(Clone, Debug)]
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
        refusal(&self.0).map(Body::from)
    }
}
