use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http;
use axum::response::Response;
use pin_project_lite::pin_project;
use qstash_verify::{RefusalHandler, VerifyError};
use qstash_verify_tower::{ResponseBody, VerifiedBody};
use tower_service::Service;

type MapBody = fn(VerifiedBody) -> Body;

/// The service that [`QstashLayer`](crate::QstashLayer) produces.
///
/// It verifies a request, then calls the inner service with the same bytes or
/// responds with a refusal. Request and response bodies are axum's.
///
/// ```
/// use axum::{Router, routing::post};
/// use qstash_verify_axum::{QstashLayer, QstashService, SigningKeys, Verifier};
/// use tower::Layer;
///
/// let layer = QstashLayer::new(Verifier::new(SigningKeys::new("sig_current", "sig_next")?));
/// let webhooks: Router = Router::new().route("/orders", post(|| async { "thanks" }));
/// let service: QstashService<Router> = layer.layer(webhooks);
/// let app: Router = Router::new().nest_service("/webhooks", service);
/// # Ok::<_, qstash_verify_axum::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct QstashService<S> {
    pub(crate) inner: qstash_verify_tower::QstashService<S, MapBody>,
    pub(crate) refuse: RefusalHandler<Response>,
}

impl<S> QstashService<S> {
    /// Returns a reference to the inner service.
    pub fn get_ref(&self) -> &S {
        self.inner.get_ref()
    }

    /// Returns a mutable reference to the inner service.
    pub fn get_mut(&mut self) -> &mut S {
        self.inner.get_mut()
    }

    /// Returns the inner service, consuming the wrapper.
    pub fn into_inner(self) -> S {
        self.inner.into_inner()
    }
}

impl<S, ReqBody, ResBody> Service<http::Request<ReqBody>> for QstashService<S>
where
    S: Service<Request, Response = http::Response<ResBody>> + Clone,
    ReqBody: HttpBody,
    ReqBody::Error: Into<BoxError>,
    ResBody: HttpBody<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Service::<http::Request<ReqBody>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: http::Request<ReqBody>) -> Self::Future {
        ResponseFuture {
            future: self.inner.call(request),
            refuse: self.refuse.clone(),
        }
    }
}

pin_project! {
    /// The response future of [`QstashService`].
    ///
    /// ```
    /// use axum::extract::Request;
    /// use axum::http;
    /// use qstash_verify_axum::{QstashService, ResponseFuture};
    /// use tower::Service;
    ///
    /// fn call<S, B>(mut service: QstashService<S>, request: http::Request<B>) -> ResponseFuture<S, B>
    /// where
    ///     S: Service<Request>,
    ///     QstashService<S>: Service<http::Request<B>, Future = ResponseFuture<S, B>>,
    /// {
    ///     service.call(request)
    /// }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, ReqBody>
    where
        S: Service<Request>,
    {
        #[pin]
        future: qstash_verify_tower::ResponseFuture<S, ReqBody, Body, MapBody>,
        refuse: RefusalHandler<Response>,
    }
}

impl<S, ReqBody, ResBody> Future for ResponseFuture<S, ReqBody>
where
    S: Service<Request, Response = http::Response<ResBody>>,
    ReqBody: HttpBody,
    ReqBody::Error: Into<BoxError>,
    ResBody: HttpBody<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    type Output = Result<Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.future.poll(cx));
        Poll::Ready(answer.map(|response| axum_response(response, this.refuse)))
    }
}

/// Converts the body to axum's, or replaces a refusal with the user's response.
fn axum_response<B>(
    response: http::Response<ResponseBody<B>>,
    refuse: &RefusalHandler<Response>,
) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut parts, body) = response.into_parts();
    match body.into_inner() {
        // `Body::new` doesn't box a body that is already axum's.
        Ok(body) => Response::from_parts(parts, Body::new(body)),
        Err(bytes) => {
            // The tower layer sets it on each of its refusals.
            if let Some(reason) = parts.extensions.remove::<VerifyError>() {
                if let Some(mut response) = refuse.call(&reason) {
                    response.extensions_mut().insert(reason);
                    return response;
                }
                parts.extensions.insert(reason);
            }
            Response::from_parts(parts, Body::from(bytes))
        }
    }
}
