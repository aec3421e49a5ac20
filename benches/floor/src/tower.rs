use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use tower_layer::Layer;
use tower_service::Service;

use crate::crypto::{Floor, hash};
use crate::{CHALLENGE, JSON, REFUSAL, SIGNATURE};

/// The floor as a tower layer.
#[derive(Clone, Copy, Debug)]
pub struct FloorLayer(pub Floor);

/// The service that [`FloorLayer`] produces.
#[derive(Clone, Debug)]
pub struct FloorService<S> {
    inner: S,
    floor: Floor,
}

impl<S> Layer<S> for FloorLayer {
    type Service = FloorService<S>;

    fn layer(&self, inner: S) -> FloorService<S> {
        FloorService {
            inner,
            floor: self.0,
        }
    }
}

impl<S> Service<Request> for FloorService<S>
where
    S: Service<Request, Error = Infallible> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let floor = self.floor;
        Box::pin(async move {
            let token = request.headers().get(SIGNATURE);
            if floor.macs(token.map(AsRef::as_ref)).is_none() {
                return Ok(StatusCode::BAD_REQUEST.into_response());
            }
            if floor == Floor::Refuse {
                let headers = [(CONTENT_TYPE, JSON), (WWW_AUTHENTICATE, CHALLENGE)];
                return Ok((StatusCode::UNAUTHORIZED, headers, REFUSAL).into_response());
            }
            let (parts, body) = request.into_parts();
            let Ok(body) = body.collect().await else {
                return Ok(StatusCode::BAD_REQUEST.into_response());
            };
            let body = body.to_bytes();
            hash(&body);
            let request = Request::from_parts(parts, Body::from(body));
            inner.call(request).await.map(IntoResponse::into_response)
        })
    }
}
