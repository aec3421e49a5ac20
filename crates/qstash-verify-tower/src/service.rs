use std::mem;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Extensions, Request, Response, Uri};
use http_body::Body;
use qstash_verify::{PendingDelivery, RequestHead, Verifier, VerifyError};
use tower_service::Service;

use crate::body::{ResponseBody, VerifiedBody};
use crate::future::ResponseFuture;
use crate::response::Refuse;

/// The service that [`QstashLayer`](crate::QstashLayer) makes: it verifies a
/// request and calls the inner service with a [`VerifiedBody`], or answers
/// itself.
///
/// ```
/// use http::{Request, Response};
/// use qstash_verify_tower::{Qstash, QstashLayer, SigningKeys, VerifiedBody, Verifier};
/// use tower::{Layer, service_fn};
///
/// let layer = QstashLayer::new(Verifier::new(SigningKeys::new("sig_current", "sig_next")?));
/// let service: Qstash<_> = layer.layer(service_fn(|request: Request<VerifiedBody>| async {
///     Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
/// }));
/// # Ok::<_, qstash_verify_tower::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Qstash<S> {
    pub(crate) inner: S,
    pub(crate) verifier: Verifier,
    pub(crate) refuse: Refuse,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Qstash<S>
where
    S: Service<Request<VerifiedBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Body,
    ReqBody::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let length = body.size_hint().lower();
        match authenticate(&self.verifier, &parts, length) {
            Ok(pending) => {
                // The one that was polled ready is the one that will be called.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                ResponseFuture::read(inner, parts, body, pending, self.refuse.clone())
            }
            Err(reason) => ResponseFuture::refused(refuse(&self.refuse, &parts, reason)),
        }
    }
}

/// Everything that can be known before the body is read.
fn authenticate(
    verifier: &Verifier,
    parts: &Parts,
    length: u64,
) -> Result<PendingDelivery, VerifyError> {
    let mut pending = verifier.authenticate(&head(parts))?;
    pending.declare_length(length)?;
    Ok(pending)
}

/// Writes the event of a refusal and makes its answer.
pub(crate) fn refuse(refuse: &Refuse, parts: &Parts, reason: VerifyError) -> Response<Bytes> {
    reason.log(&head(parts));
    refuse.answer(reason)
}

fn head(parts: &Parts) -> RequestHead<'_> {
    let uri = original_uri(&parts.extensions, &parts.uri);
    RequestHead::from_http(&parts.headers, uri)
}

/// A nested router of axum takes its own part of the path away.
#[cfg(feature = "axum")]
pub(crate) fn original_uri<'a>(extensions: &'a Extensions, uri: &'a Uri) -> &'a Uri {
    let original = extensions.get::<axum::extract::OriginalUri>();
    original.map_or(uri, |original| &original.0)
}

#[cfg(not(feature = "axum"))]
fn original_uri<'a>(_extensions: &'a Extensions, uri: &'a Uri) -> &'a Uri {
    uri
}
