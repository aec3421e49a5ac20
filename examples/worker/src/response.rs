//! Responses with a body that is sent at once.
//!
//! A response of `http` is sent by chunks, each with a promise, which takes longer.

use axum::body::{Body, to_bytes};
use axum::http;
use worker::{Error, Headers, Response, Result};

/// Converts a response; reads its body to the end.
///
/// # Errors
/// Those of the body.
pub async fn convert(response: http::Response<Body>) -> Result<Response> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|error| Error::RustError(error.to_string()))?;
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        // `worker` takes text only.
        let value = value.to_str();
        let value = value.map_err(|error| Error::RustError(error.to_string()))?;
        headers.append(name.as_str(), value)?;
    }
    let builder = Response::builder().with_status(parts.status.as_u16());
    Ok(builder.with_headers(headers).fixed(body.into()))
}
