//! The endpoint of the middleware: head, body, inner endpoint.

use http_body_util::combinators::BoxBody;
use poem::{Endpoint, IntoResponse as _, Request, Response};
use qstash_verify::{RefusalHandler, ReplayProtection, RequestHead, Verifier};
use tracing::Instrument as _;

use crate::reply::refuse;

/// The endpoint of [`QstashMiddleware`](crate::QstashMiddleware).
///
/// It verifies a request and calls the inner endpoint, or answers itself.
///
/// ```
/// use poem::{Endpoint, Middleware};
/// use qstash_verify_poem::{QstashEndpoint, QstashMiddleware};
///
/// fn protect<E: Endpoint>(qstash: &QstashMiddleware, inner: E) -> QstashEndpoint<E> {
///     qstash.transform(inner)
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct QstashEndpoint<E> {
    pub(crate) inner: E,
    pub(crate) verifier: Verifier,
    pub(crate) refuse: RefusalHandler<Response>,
    pub(crate) replay: ReplayProtection,
}

impl<E: Endpoint> Endpoint for QstashEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body: BoxBody<_, _> = request.take_body().into();
        // `Route::nest` strips its prefix off the other URI.
        let head = RequestHead::from_http(request.headers(), request.original_uri());
        let received = self.verifier.receive(&head, body).await;
        match self.replay.check_received(received).await {
            Ok((verified, bytes)) => {
                let span = verified.span();
                request.extensions_mut().insert(verified);
                request.set_body(bytes);
                // Inside, so that the span is entered for the call, too.
                let handled = async { self.inner.call(request).await };
                Ok(handled.instrument(span).await?.into_response())
            }
            Err(reason) => {
                reason.log(&head);
                Ok(refuse(&self.refuse, reason))
            }
        }
    }
}
