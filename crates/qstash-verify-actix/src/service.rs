//! The middleware's service: checks the head, then the body.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, forward_ready};
use actix_web::error::PayloadError;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use bytes::Bytes;
use futures_core::Stream;
use qstash_verify::{BufferedDelivery, RefusalHandler, ReplayProtection, Verifier, VerifyError};
use tracing::Instrument as _;

use crate::drain::RequestBody;
use crate::draining_body::drain_behind;
use crate::reply::refuse;
use crate::request::request_head;

/// The service that [`QstashMiddleware`](crate::QstashMiddleware) produces.
///
/// It verifies a request, then calls the inner service or responds with a refusal.
///
/// ```
/// use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
/// use qstash_verify_actix::{QstashMiddleware, QstashService};
///
/// async fn wrap<S>(qstash: QstashMiddleware, inner: S) -> QstashService<S>
/// where
///     S: Service<ServiceRequest, Response = ServiceResponse, Error = actix_web::Error> + 'static,
/// {
///     qstash.new_transform(inner).await.unwrap()
/// }
/// ```
#[derive(Debug)]
pub struct QstashService<S> {
    pub(crate) service: Rc<S>,
    pub(crate) verifier: Verifier,
    pub(crate) refuse: RefusalHandler<HttpResponse>,
    pub(crate) replay: ReplayProtection,
}

impl<S, B> Service<ServiceRequest> for QstashService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let handler = self.refuse.clone();
        match self.verifier.authenticate(&request_head(request.request())) {
            Ok(pending) => {
                let service = Rc::clone(&self.service);
                let replay = self.replay.clone();
                let delivery = pending.buffered();
                Box::pin(receive(service, handler, replay, request, delivery))
            }
            Err(reason) => Box::pin(refuse_unread(handler, request, reason)),
        }
    }
}

/// Reads the body and calls the inner service within the delivery's span.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` keeps each of its arguments twice, and the future is allocated"
)]
fn receive<S, B>(
    service: Rc<S>,
    handler: RefusalHandler<HttpResponse>,
    replay: ReplayProtection,
    mut request: ServiceRequest,
    mut delivery: BufferedDelivery,
) -> impl Future<Output = Result<ServiceResponse<EitherBody<B>>, Error>>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    async move {
        let mut body = RequestBody::take(&mut request);
        // actix-web drops trailers.
        let read = poll_fn(|cx| delivery.poll_body(Pin::new(&mut body), &mut None, cx)).await;
        let received = read.and_then(|()| delivery.finish());
        match replay.check_received(received).await {
            Ok((verified, bytes)) => {
                drop(body);
                let span = verified.span();
                request.extensions_mut().insert(verified);
                request.set_payload(payload(bytes));
                // `call` runs in the instrumented future, so that the call and the
                // first poll enter the span once.
                let handled = async { service.call(request).await };
                let response = handled.instrument(span).await?;
                Ok(response.map_into_left_body())
            }
            Err(reason) => Ok(answer(&handler, request, body, reason).await),
        }
    }
}

/// Creates a payload with one allocation; actix-web's `Payload::from` takes two.
fn payload(bytes: Bytes) -> Payload {
    if bytes.is_empty() {
        return Payload::None;
    }
    let payload = Box::pin(Once(Some(bytes)));
    Payload::Stream { payload }
}

/// A stream of one chunk; `None` after EOF.
struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

/// Refuses a request whose body has not been polled.
async fn refuse_unread<B>(
    handler: RefusalHandler<HttpResponse>,
    mut request: ServiceRequest,
    reason: VerifyError,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let body = RequestBody::take(&mut request);
    Ok(answer(&handler, request, body, reason).await)
}

/// Logs a refusal and creates its response.
async fn answer<B>(
    handler: &RefusalHandler<HttpResponse>,
    request: ServiceRequest,
    mut body: RequestBody,
    reason: VerifyError,
) -> ServiceResponse<EitherBody<B>> {
    reason.log(&request_head(request.request()));
    body.discard_soon().await;
    let response = drain_behind(refuse(handler, reason), body);
    // Not `into_response`, which drops the response's error.
    let (request, _) = request.into_parts();
    ServiceResponse::new(request, response).map_into_right_body()
}
