//! The way of a request through the middleware.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage as _};
use bytes::Bytes;
use futures_core::Stream as _;
use qstash_verify::{PendingDelivery, RequestHead, Verified, Verifier, VerifyError};
use tracing::Instrument as _;

use crate::refusal::Refuse;
use crate::unread::Unread;

/// Everything that can be known before the body is read.
pub(crate) fn authenticate(
    verifier: &Verifier,
    request: &ServiceRequest,
) -> Result<PendingDelivery, VerifyError> {
    verifier.authenticate(&head(request))
}

fn head(request: &ServiceRequest) -> RequestHead<'_> {
    let target = request.uri().path_and_query();
    RequestHead::new(
        request.headers(),
        target.map_or("/", |target| target.as_str()),
    )
}

/// Reads the body and calls the inner service, in the delivery's span.
pub(crate) async fn receive<S, B>(
    service: Rc<S>,
    refuse: Refuse,
    mut request: ServiceRequest,
    pending: PendingDelivery,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let mut payload = request.take_payload();
    match read(&mut payload, pending).await {
        Ok((verified, body)) => {
            let span = verified.span();
            request.extensions_mut().insert(verified);
            request.set_payload(Payload::from(body));
            let response = span.in_scope(|| service.call(request));
            let response = response.instrument(span).await?;
            Ok(response.map_into_left_body())
        }
        Err(reason) => {
            request.set_payload(payload);
            Ok(answer(&refuse, request, reason).map_into_right_body())
        }
    }
}

async fn read(
    payload: &mut Payload,
    pending: PendingDelivery,
) -> Result<(Verified, Bytes), VerifyError> {
    let mut delivery = pending.buffered();
    let mut payload = Pin::new(payload);
    while let Some(chunk) = poll_fn(|cx| payload.as_mut().poll_next(cx)).await {
        let chunk = chunk.map_err(|error| VerifyError::body_unreadable(&error))?;
        delivery.push(chunk)?;
    }
    delivery.finish()
}

/// Refuses a request of whose body nothing was read.
pub(crate) async fn refuse_unread(
    refuse: &Refuse,
    mut request: ServiceRequest,
    reason: VerifyError,
) -> ServiceResponse<BoxBody> {
    let payload = request.take_payload();
    if !matches!(payload, Payload::None) {
        // What came along with the head is on its way from the connection to
        // the payload. If that is all of the body, the connection can be kept.
        yield_now().await;
    }
    request.set_payload(payload);
    answer(refuse, request, reason)
}

/// Writes the event of a refusal and makes its answer.
fn answer(
    refuse: &Refuse,
    mut request: ServiceRequest,
    reason: VerifyError,
) -> ServiceResponse<BoxBody> {
    reason.log(&head(&request));
    let payload = request.take_payload();
    let response = refuse.answer(reason);
    request.into_response(response.map_body(|_, body| Unread::behind(body, payload)))
}

async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
