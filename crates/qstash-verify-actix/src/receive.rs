//! The way of a request through the middleware.

use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::rt::task::yield_now;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use bytes::Bytes;
use qstash_verify::{PendingDelivery, RequestHead, Verified, VerifyError};
use tracing::Instrument as _;

use crate::refusal::Refuse;
use crate::unread::{CHUNKS_AT_ONCE, Unread};

/// What verification reads of a request's head, for handlers that verify by
/// themselves.
///
/// ```
/// use actix_web::{HttpRequest, web};
/// use qstash_verify_actix::{Verified, Verifier, VerifyError, request_head};
///
/// fn check(verifier: &Verifier, request: &HttpRequest, body: &web::Bytes) -> Result<Verified, VerifyError> {
///     verifier.verify(&request_head(request), body)
/// }
/// ```
#[must_use]
pub fn request_head(request: &HttpRequest) -> RequestHead<'_> {
    let target = request.uri().path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    RequestHead::new(request.headers(), target)
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
    let mut body = Unread::of(&mut request);
    match read(&mut body, pending).await {
        Ok((verified, body)) => {
            let span = verified.span();
            request.extensions_mut().insert(verified);
            request.set_payload(Payload::from(body));
            let response = span.in_scope(|| service.call(request));
            let response = response.instrument(span).await?;
            Ok(response.map_into_left_body())
        }
        Err(reason) => Ok(answer(&refuse, request, body, reason).await),
    }
}

async fn read(
    body: &mut Unread,
    pending: PendingDelivery,
) -> Result<(Verified, Bytes), VerifyError> {
    let mut delivery = pending.buffered();
    for count in 1.. {
        let Some(chunk) = body.next().await else {
            break;
        };
        let chunk = chunk.map_err(|error| VerifyError::body_unreadable(&error))?;
        delivery.push(chunk)?;
        if count % CHUNKS_AT_ONCE == 0 {
            yield_now().await;
        }
    }
    delivery.finish()
}

/// Refuses a request of whose body nothing was read.
pub(crate) async fn refuse_unread<B>(
    refuse: Refuse,
    mut request: ServiceRequest,
    reason: VerifyError,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let body = Unread::of(&mut request);
    if !body.has_ended() {
        // What came along with the head is on its way from the connection to
        // the payload. If that is all of the body, the connection can be kept.
        yield_now().await;
    }
    Ok(answer(&refuse, request, body, reason).await)
}

/// Writes the event of a refusal and makes its answer.
async fn answer<B>(
    refuse: &Refuse,
    request: ServiceRequest,
    mut body: Unread,
    reason: VerifyError,
) -> ServiceResponse<EitherBody<B>> {
    reason.log(&request_head(request.request()));
    body.discard_arrived().await;
    let response = body.behind(refuse.answer(reason));
    // Not `into_response`, which drops the response's error.
    let (request, _) = request.into_parts();
    ServiceResponse::new(request, response).map_into_right_body()
}
