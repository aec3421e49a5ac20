//! The way of a request through the middleware.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderName;
use actix_web::rt::task::yield_now;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use bytes::Bytes;
use futures_core::Stream;
use qstash_verify::{BufferedDelivery, RequestHead, VerifyError};
use tracing::Instrument as _;

use crate::refusal::Refuse;
use crate::unread::{CHUNKS_AT_ONCE, Unread};

static NAMES: LazyLock<Vec<HeaderName>> = LazyLock::new(|| {
    let names = RequestHead::HEADERS.iter().copied();
    names.map(HeaderName::from_static).collect()
});

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
    // A look-up is quicker than actix-web's way through all headers.
    let headers = NAMES.iter().flat_map(|name| {
        let values = request.headers().get_all(name);
        values.map(move |value| (name, value))
    });
    RequestHead::new(headers, target)
}

/// Reads the body and calls the inner service, in the delivery's span. The
/// delivery is read in place, since a small future is quickly allocated.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` keeps each of its arguments twice"
)]
pub(crate) fn receive<S, B>(
    service: Rc<S>,
    refuse: Refuse,
    mut request: ServiceRequest,
    mut delivery: BufferedDelivery,
) -> impl Future<Output = Result<ServiceResponse<EitherBody<B>>, Error>>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    async move {
        let mut body = Unread::of(&mut request);
        let read = read(&mut body, &mut delivery).await;
        match read.and_then(|()| delivery.finish()) {
            Ok((verified, bytes)) => {
                drop(body);
                let span = verified.span();
                request.extensions_mut().insert(verified);
                request.set_payload(whole(bytes));
                // Inside, so that the span is entered once for the call and the first
                // poll of what it returns.
                let handled = async { service.call(request).await };
                let response = handled.instrument(span).await?;
                Ok(response.map_into_left_body())
            }
            Err(reason) => Ok(answer(&refuse, request, body, reason).await),
        }
    }
}

/// A payload of these bytes, in one piece of memory; actix-web's own takes two.
fn whole(bytes: Bytes) -> Payload {
    if bytes.is_empty() {
        return Payload::None;
    }
    let payload = Box::pin(Whole(Some(bytes)));
    Payload::Stream { payload }
}

/// `None` when it has been read.
struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

async fn read(body: &mut Unread, delivery: &mut BufferedDelivery) -> Result<(), VerifyError> {
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
    Ok(())
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
