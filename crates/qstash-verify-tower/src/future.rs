use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use qstash_verify::{BufferedDelivery, PendingDelivery, Verified, VerifyError};
use tower_service::Service;
use tracing::Instrument as _;
use tracing::instrument::Instrumented;

use crate::body::{ResponseBody, VerifiedBody, into_bytes};
use crate::response::Refuse;
use crate::service::refuse;

pin_project! {
    /// The future of an answer of [`Qstash`](crate::Qstash).
    ///
    /// ```
    /// use http::Request;
    /// use qstash_verify_tower::{Qstash, ResponseFuture, VerifiedBody};
    /// use tower::Service;
    ///
    /// fn call<S, B>(mut service: Qstash<S>, request: Request<B>) -> ResponseFuture<S, B>
    /// where
    ///     S: Service<Request<VerifiedBody>>,
    ///     Qstash<S>: Service<Request<B>, Future = ResponseFuture<S, B>>,
    /// {
    ///     service.call(request)
    /// }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, ReqBody>
    where
        S: Service<Request<VerifiedBody>>,
    {
        #[pin]
        state: State<S, ReqBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, ReqBody>
    where
        S: Service<Request<VerifiedBody>>,
    {
        Refused { response: Option<Response<Bytes>> },
        Reading { #[pin] body: ReqBody, reading: Option<Reading<S>> },
        Handling { #[pin] future: Instrumented<S::Future> },
    }
}

/// What is at hand while the body arrives.
struct Reading<S> {
    inner: S,
    parts: Parts,
    delivery: BufferedDelivery,
    /// They end a body, so there is one frame of them at most.
    trailers: Option<HeaderMap>,
    refuse: Refuse,
}

impl<S, ReqBody> ResponseFuture<S, ReqBody>
where
    S: Service<Request<VerifiedBody>>,
{
    pub(crate) fn refused(response: Response<Bytes>) -> Self {
        ResponseFuture {
            state: State::Refused {
                response: Some(response),
            },
        }
    }

    pub(crate) fn read(
        inner: S,
        parts: Parts,
        body: ReqBody,
        pending: PendingDelivery,
        refuse: Refuse,
    ) -> Self {
        let reading = Some(Reading {
            inner,
            parts,
            delivery: pending.buffered(),
            trailers: None,
            refuse,
        });
        ResponseFuture {
            state: State::Reading { body, reading },
        }
    }
}

impl<S, ReqBody, ResBody> Future for ResponseFuture<S, ReqBody>
where
    S: Service<Request<VerifiedBody>, Response = Response<ResBody>>,
    ReqBody: Body,
    ReqBody::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Output = Result<Response<ResponseBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProjection::Handling { future } => {
                    return Poll::Ready(ready!(future.poll(cx)).map(inner_response));
                }
                StateProjection::Refused { response } => {
                    return Poll::Ready(Ok(refusal_response(take(response))));
                }
                StateProjection::Reading { mut body, reading } => {
                    let end = match reading {
                        Some(reading) => ready!(reading.poll_body(body.as_mut(), cx)),
                        None => Ok(()),
                    };
                    let Reading {
                        inner,
                        parts,
                        delivery,
                        trailers,
                        refuse: answer,
                    } = take(reading);
                    let next = match end.and_then(|()| delivery.finish()) {
                        Ok((verified, data)) => {
                            handle(inner, parts, verified, VerifiedBody::new(data, trailers))
                        }
                        Err(reason) => State::Refused {
                            response: Some(refuse(&answer, &parts, reason)),
                        },
                    };
                    state.set(next);
                }
            }
        }
    }
}

/// How many frames of a body are taken before others get their turn.
const FRAMES_AT_ONCE: usize = 64;

impl<S> Reading<S> {
    /// Takes what has arrived, until the end of the body.
    fn poll_body<B>(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), VerifyError>>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        for _ in 0..FRAMES_AT_ONCE {
            let Some(frame) = ready!(body.as_mut().poll_frame(cx)) else {
                return Poll::Ready(Ok(()));
            };
            let frame = frame.map_err(|error| VerifyError::body_unreadable(&*error.into()))?;
            match frame.into_data() {
                Ok(data) => self.delivery.push(into_bytes(data))?,
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        self.trailers.get_or_insert(trailers);
                    }
                }
            }
        }
        // A body that is always ready must not keep its neighbours waiting, nor
        // a timeout around it from being polled.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Calls the inner service, in the delivery's span.
fn handle<S, ReqBody>(
    mut inner: S,
    parts: Parts,
    verified: Verified,
    body: VerifiedBody,
) -> State<S, ReqBody>
where
    S: Service<Request<VerifiedBody>>,
{
    let span = verified.span();
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(verified);
    let future = span.in_scope(|| inner.call(request)).instrument(span);
    State::Handling { future }
}

fn inner_response<B>(response: Response<B>) -> Response<ResponseBody<B>> {
    response.map(ResponseBody::inner)
}

fn refusal_response<B>(response: Response<Bytes>) -> Response<ResponseBody<B>> {
    response.map(ResponseBody::refusal)
}

#[expect(
    clippy::expect_used,
    reason = "the contract of `Future::poll`; no request reaches it"
)]
fn take<T>(slot: &mut Option<T>) -> T {
    slot.take()
        .expect("ResponseFuture polled after it was ready")
}
