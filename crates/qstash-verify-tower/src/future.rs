use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use qstash_verify::{
    BufferedDelivery, RefusalHandler, ReplayCheck, ReplayProtection, RequestHead, Verified,
    VerifyError,
};
use tower_service::Service;
use tracing::Instrument as _;
use tracing::instrument::Instrumented;

use crate::body::{ResponseBody, VerifiedBody};
use crate::target::Target;

pin_project! {
    /// The response future of [`QstashService`](crate::QstashService).
    ///
    /// ```
    /// use http::Request;
    /// use qstash_verify_tower::{QstashService, ResponseFuture, VerifiedBody};
    /// use tower::Service;
    ///
    /// fn call<S, B>(mut service: QstashService<S>, request: Request<B>) -> ResponseFuture<S, B>
    /// where
    ///     S: Service<Request<VerifiedBody>>,
    ///     QstashService<S>: Service<Request<B>, Future = ResponseFuture<S, B>>,
    /// {
    ///     service.call(request)
    /// }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, ReqBody, B = VerifiedBody, F = fn(VerifiedBody) -> VerifiedBody>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, ReqBody, B, F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, ReqBody, B, F>
    where
        S: Service<Request<B>>,
    {
        Refused { response: Option<Response<Bytes>> },
        Reading { #[pin] body: ReqBody, reading: Option<Reading<S, F>> },
        Checking { checking: Option<Box<Checking<S, F>>> },
        Handling { #[pin] future: Instrumented<S::Future> },
    }
}

/// State kept while the body arrives.
pub(crate) struct Reading<S, F> {
    pub(crate) delivery: BufferedDelivery,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) inner: S,
    pub(crate) parts: Parts,
    pub(crate) target: Target,
    pub(crate) map_body: F,
    pub(crate) refuse: RefusalHandler<Response<Bytes>>,
    pub(crate) replay: ReplayProtection,
}

/// State kept while the replay store answers; boxed, since most layers have none.
struct Checking<S, F> {
    check: ReplayCheck,
    verified: Verified,
    body: VerifiedBody,
    inner: S,
    parts: Parts,
    target: Target,
    map_body: F,
    refuse: RefusalHandler<Response<Bytes>>,
}

impl<S, ReqBody, B, F> ResponseFuture<S, ReqBody, B, F>
where
    S: Service<Request<B>>,
{
    pub(crate) fn refused(response: Response<Bytes>) -> Self {
        ResponseFuture {
            state: State::Refused {
                response: Some(response),
            },
        }
    }

    pub(crate) fn read(body: ReqBody, reading: Reading<S, F>) -> Self {
        let reading = Some(reading);
        ResponseFuture {
            state: State::Reading { body, reading },
        }
    }
}

/// Logs a refusal and builds its response.
pub(crate) fn refuse(
    handler: &RefusalHandler<Response<Bytes>>,
    head: &RequestHead<'_>,
    reason: VerifyError,
) -> Response<Bytes> {
    reason.log(head);
    match handler.call(&reason) {
        Some(mut response) => {
            response.extensions_mut().insert(reason);
            response
        }
        None => Response::from(reason),
    }
}

impl<S, ReqBody, ResBody, B, F> Future for ResponseFuture<S, ReqBody, B, F>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
    F: Fn(VerifiedBody) -> B,
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
                StateProjection::Reading { body, reading } => {
                    let end = match reading {
                        Some(Reading {
                            delivery, trailers, ..
                        }) => ready!(delivery.poll_body(body, trailers, cx)),
                        None => Ok(()),
                    };
                    let reading = take(reading);
                    let next = match end.and_then(|()| reading.delivery.finish()) {
                        Ok((verified, data)) => {
                            let body = VerifiedBody::new(data, reading.trailers);
                            match reading.replay.check(&verified) {
                                None => {
                                    let body = (reading.map_body)(body);
                                    handle(reading.inner, reading.parts, verified, body)
                                }
                                Some(check) => State::Checking {
                                    checking: Some(Box::new(Checking {
                                        check,
                                        verified,
                                        body,
                                        inner: reading.inner,
                                        parts: reading.parts,
                                        target: reading.target,
                                        map_body: reading.map_body,
                                        refuse: reading.refuse,
                                    })),
                                },
                            }
                        }
                        Err(reason) => {
                            let head = reading.target.head(&reading.parts);
                            State::Refused {
                                response: Some(refuse(&reading.refuse, &head, reason)),
                            }
                        }
                    };
                    state.set(next);
                }
                StateProjection::Checking { checking } => {
                    let outcome = match checking {
                        Some(checking) => ready!(Pin::new(&mut checking.check).poll(cx)),
                        None => Ok(()),
                    };
                    let checking = *take(checking);
                    let next = match outcome {
                        Ok(()) => {
                            let body = (checking.map_body)(checking.body);
                            handle(checking.inner, checking.parts, checking.verified, body)
                        }
                        Err(reason) => {
                            let head = checking.target.head(&checking.parts);
                            State::Refused {
                                response: Some(refuse(&checking.refuse, &head, reason)),
                            }
                        }
                    };
                    state.set(next);
                }
            }
        }
    }
}

/// Calls the inner service within the delivery's span.
fn handle<S, ReqBody, B, F>(
    mut inner: S,
    parts: Parts,
    verified: Verified,
    body: B,
) -> State<S, ReqBody, B, F>
where
    S: Service<Request<B>>,
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
