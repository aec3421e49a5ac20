//! Requests with a body that is read at once.
//!
//! `HttpRequest` reads by chunks, each with a promise, which takes several times as long.

use axum::body::Body;
use axum::http;
use axum::http::header::{CONTENT_LENGTH, HeaderName};
use bytes::Bytes;
use futures_util::stream;
use worker::send::SendFuture;
use worker::{Error, Request, Result};

/// Converts a request; its body is read at once if its length is declared.
///
/// Nothing is read before the layer, which checks the length, polls the body.
///
/// # Errors
/// Those of `http` for a request with an unusual method or URL.
pub fn convert(mut request: Request) -> Result<http::Request<Body>> {
    let mut converted = http::Request::builder()
        .method(request.method().as_ref())
        .uri(request.inner().url())
        .body(Body::empty())
        .map_err(|error| Error::RustError(error.to_string()))?;
    for (name, value) in request.headers() {
        // JavaScript takes control characters, which `http` does not.
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            converted.headers_mut().append(name, value);
        }
    }
    let length = converted.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    *converted.body_mut() = match (length, request.inner().body()) {
        (_, None) => Body::empty(),
        (None, Some(body)) => Body::new(worker::Body::new(body)),
        (Some(_), Some(_)) => Body::from_stream(stream::once(SendFuture::new(async move {
            let bytes = request.bytes().await;
            bytes.map(Bytes::from).map_err(|error| error.to_string())
        }))),
    };
    Ok(converted)
}
