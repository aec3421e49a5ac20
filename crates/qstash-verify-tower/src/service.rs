use std::fmt;
use std::mem;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use qstash_verify::{PendingDelivery, RefusalHandler, ReplayProtection, Verifier, VerifyError};
use tower_service::Service;

use crate::body::{ResponseBody, VerifiedBody};
use crate::future::{Reading, ResponseFuture, refuse};
use crate::target::Target;

/// The service that [`QstashLayer`](crate::QstashLayer) produces.
///
/// It verifies a request, then calls the inner service with a [`VerifiedBody`] or
/// responds with a refusal.
///
/// ```
/// use http::{Request, Response};
/// use qstash_verify_tower::{QstashLayer, QstashService, SigningKeys, VerifiedBody, Verifier};
/// use tower::{Layer, service_fn};
///
/// let layer = QstashLayer::new(Verifier::new(SigningKeys::new("sig_current", "sig_next")?));
/// let service: QstashService<_> = layer.layer(service_fn(|request: Request<VerifiedBody>| async {
///     Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
/// }));
/// # Ok::<_, qstash_verify_tower::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct QstashService<S, F = fn(VerifiedBody) -> VerifiedBody> {
    pub(crate) inner: S,
    pub(crate) verifier: Verifier,
    pub(crate) target: Target,
    pub(crate) map_body: F,
    pub(crate) refuse: RefusalHandler<Response<Bytes>>,
    pub(crate) replay: ReplayProtection,
}

impl<S, F> QstashService<S, F> {
    /// Returns a reference to the inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service, consuming the wrapper.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: fmt::Debug, F> fmt::Debug for QstashService<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QstashService")
            .field("inner", &self.inner)
            .field("verifier", &self.verifier)
            .field("target", &self.target)
            .field("refuse", &self.refuse)
            .field("replay", &self.replay)
            .finish()
    }
}

impl<S, F, B, ReqBody, ResBody> Service<Request<ReqBody>> for QstashService<S, F>
where
    S: Service<Request<B>, Response = Response<ResBody>> + Clone,
    F: Fn(VerifiedBody) -> B + Clone,
    ReqBody: Body,
    ReqBody::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, B, F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // The future calls the instance that was polled ready. Dropping it on a
        // refusal releases its readiness.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let (parts, body) = request.into_parts();
        match self.authenticate(&parts, body.size_hint().lower()) {
            Ok(pending) => ResponseFuture::read(
                body,
                Reading {
                    delivery: pending.buffered(),
                    trailers: None,
                    inner,
                    parts,
                    target: self.target.clone(),
                    map_body: self.map_body.clone(),
                    refuse: self.refuse.clone(),
                    replay: self.replay.clone(),
                },
            ),
            Err(reason) => {
                drop(inner);
                let head = self.target.head(&parts);
                ResponseFuture::refused(refuse(&self.refuse, &head, reason))
            }
        }
    }
}

impl<S, F> QstashService<S, F> {
    /// Checks the head and the declared length, before the body is read.
    fn authenticate(&self, parts: &Parts, length: u64) -> Result<PendingDelivery, VerifyError> {
        let mut pending = self.verifier.authenticate(&self.target.head(parts))?;
        pending.declare_length(length)?;
        Ok(pending)
    }
}
