//! Requests and assertions for tower services.

use std::convert::Infallible;
use std::fmt::Debug;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use qstash_verify::{Verified, VerifyError};
use tower::{Service, ServiceExt as _};

use crate::{BODY, DEFAULT, TARGET, token};

/// Creates a request with this signature.
#[must_use]
pub fn request<B>(signature: &str, body: B) -> Request<B> {
    let request = Request::post(TARGET).header("upstash-signature", signature);
    request.body(body).unwrap()
}

/// Creates a delivery with a genuine signature of `signed`.
#[must_use]
pub fn genuine<B>(signed: &[u8], body: B) -> Request<B> {
    request(&token(signed).sign(DEFAULT[0]), body)
}

/// Creates a delivery signed with another key.
#[must_use]
pub fn forged<B>(body: B) -> Request<B> {
    request(&token(BODY).sign("sig_mallory"), body)
}

/// Creates a single-frame body.
pub fn full(bytes: impl Into<Bytes>) -> Full<Bytes> {
    Full::new(bytes.into())
}

/// Calls `service` once; returns status and body of the response.
pub async fn answer<S, B, R>(service: S, request: Request<B>) -> (StatusCode, String)
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Debug,
    R: Body,
    R::Error: Debug,
{
    let response = service.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// Calls `service` once and returns the reason of the adapter's refusal.
pub async fn refused<S, B, R>(service: S, request: Request<B>) -> VerifyError
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Debug,
    R: Body,
    R::Error: Debug,
{
    let response = service.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let Some(reason) = parts.extensions.get::<VerifyError>() else {
        panic!("not refused: {}", parts.status);
    };
    let bytes = body.collect().await.unwrap().to_bytes();
    assert_eq!(parts.status, reason.status());
    assert_eq!(bytes, reason.body());
    assert_eq!(parts.headers["content-type"], "application/json");
    let challenge = parts.headers.get("www-authenticate");
    if reason.status() == 401 {
        assert_eq!(challenge.unwrap(), "Upstash-Signature");
    } else {
        assert_eq!(challenge, None);
    }
    reason.clone()
}

/// Responds with the body if the request's extensions hold a [`Verified`].
///
/// # Errors
/// Never fails.
pub async fn echo<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: Body,
    B::Error: Debug,
{
    let verified = request.extensions().get::<Verified>().is_some();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body = if verified {
        body
    } else {
        Bytes::from("unverified")
    };
    Ok(Response::new(full(body)))
}

/// Asserts that a service around [`echo`] accepts a genuine delivery, and refuses a
/// forged one and one with another body.
pub async fn check<S, B, R>(service: S)
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Debug,
    B: From<&'static [u8]>,
    R: Body,
    R::Error: Debug,
{
    let (status, text) = answer(service.clone(), genuine(BODY, BODY.into())).await;
    assert_eq!((status.as_u16(), text.as_bytes()), (200, BODY));
    let (status, text) = answer(service.clone(), forged(BODY.into())).await;
    assert_eq!(
        (status.as_u16(), &*text),
        (401, r#"{"error":"bad_signature"}"#)
    );
    let other: &[u8] = b"other";
    let (status, text) = answer(service, genuine(BODY, other.into())).await;
    assert_eq!(
        (status.as_u16(), &*text),
        (401, r#"{"error":"body_mismatch"}"#)
    );
}
