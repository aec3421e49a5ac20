use std::future::{Future, Ready, poll_fn, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::EitherBody;
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::{ErrorBadRequest, PayloadError};
use actix_web::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use actix_web::{Error, HttpMessage as _, HttpResponse};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use crate::crypto::{Floor, hash};
use crate::{CHALLENGE, JSON, REFUSAL, SIGNATURE};

/// The floor as actix-web middleware.
#[derive(Clone, Copy, Debug)]
pub struct FloorMiddleware(pub Floor);

/// The service that [`FloorMiddleware`] produces.
#[derive(Debug)]
pub struct FloorMiddlewareService<S> {
    inner: Rc<S>,
    floor: Floor,
}

impl<S, B> Transform<S, ServiceRequest> for FloorMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = FloorMiddlewareService<S>;
    type Future = Ready<Result<FloorMiddlewareService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(FloorMiddlewareService {
            inner: Rc::new(inner),
            floor: self.0,
        }))
    }
}

impl<S, B> Service<ServiceRequest> for FloorMiddlewareService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (inner, floor) = (Rc::clone(&self.inner), self.floor);
        Box::pin(async move {
            let token = request.headers().get(SIGNATURE);
            if floor.macs(token.map(AsRef::as_ref)).is_none() {
                return Err(ErrorBadRequest("no token"));
            }
            if floor == Floor::Refuse {
                // actix-web closes the connection behind an unread body.
                collect(request.take_payload()).await?;
                let mut response = HttpResponse::Unauthorized();
                response.insert_header((CONTENT_TYPE, JSON));
                response.insert_header((WWW_AUTHENTICATE, CHALLENGE));
                let response = response.body(REFUSAL);
                return Ok(request.into_response(response).map_into_right_body());
            }
            let body = collect(request.take_payload()).await?;
            hash(&body);
            request.set_payload(Payload::Stream {
                payload: Box::pin(Whole(Some(body))),
            });
            let response = inner.call(request).await?;
            Ok(response.map_into_left_body())
        })
    }
}

/// Reads a body; one in a single chunk is not copied.
async fn collect(mut payload: Payload) -> Result<Bytes, PayloadError> {
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = poll_fn(|cx| Pin::new(&mut payload).poll_next(cx)).await {
        let chunk = chunk?;
        if first.is_empty() && rest.is_empty() {
            first = chunk;
        } else {
            rest.extend_from_slice(&first);
            first = Bytes::new();
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}

struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
