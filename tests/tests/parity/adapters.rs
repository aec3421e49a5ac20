//! Sends samples through the tower layer and the actix-web middleware.

use std::convert::Infallible;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use qstash_verify::VerifyError;
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_tests::{Sample, TARGET};
use qstash_verify_tower::{QstashLayer, VerifiedBody};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// A response and the reason in its extensions.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Sorted by name.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
    pub(crate) reason: Option<VerifyError>,
}

pub(crate) async fn on_tower(sample: &Sample) -> Answer {
    async fn handler(request: Request<VerifiedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
        tracing::trace!("handled");
        tokio::task::yield_now().await;
        tracing::trace!("handled on");
        Ok(Response::new(request.into_body().into_bytes().into()))
    }
    let mut request = Request::post(TARGET);
    for (name, value) in &sample.headers {
        request = request.header(*name, &**value);
    }
    let request = request
        .body(sample.script(PayloadError::Incomplete(None)))
        .unwrap();
    let service = QstashLayer::new(sample.verifier.clone()).layer(service_fn(handler));
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    let headers = parts.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    headers.sort();
    Answer {
        status: parts.status.as_u16(),
        headers,
        body: body.collect().await.unwrap().to_bytes(),
        reason: parts.extensions.get().cloned(),
    }
}

pub(crate) async fn on_actix(sample: &Sample) -> Answer {
    async fn handler(body: Bytes) -> Bytes {
        tracing::trace!("handled");
        tokio::task::yield_now().await;
        tracing::trace!("handled on");
        body
    }
    let mut request = TestRequest::post().uri(TARGET);
    for (name, value) in &sample.headers {
        let value = actix_web::http::header::HeaderValue::from_bytes(value).unwrap();
        request = request.append_header((*name, value));
    }
    let mut request = request.to_request();
    let payload = Box::pin(sample.script(PayloadError::Incomplete(None)));
    *request.payload() = Payload::Stream { payload };
    let app = App::new()
        .wrap(QstashMiddleware::new(sample.verifier.clone()))
        .default_service(web::to(handler));
    let response = call_service(&init_service(app).await, request).await;
    let headers = response.headers().iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    headers.sort();
    let reason = response.response().extensions().get().cloned();
    Answer {
        status: response.status().as_u16(),
        headers,
        body: read_body(response).await,
        reason,
    }
}
