//! The cryptographic floor: a MAC over the token and a hash of the body, unchecked.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::sync::LazyLock;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use hmac::{Hmac, KeyInit as _, Mac as _};
use qstash_verify::testing::CURRENT_KEY;
use sha2::{Digest as _, Sha256};

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
static KEY: LazyLock<Hmac<Sha256>> =
    LazyLock::new(|| Hmac::new_from_slice(CURRENT_KEY.as_bytes()).expect("any length"));

/// An extractor that computes the MAC.
#[derive(Debug)]
pub(crate) struct Mac;

impl Mac {
    /// `None` without a token, since the floor would then lack the MAC.
    fn over(token: Option<&[u8]>) -> Option<Self> {
        let token = token?;
        let dot = token.iter().rposition(|byte| *byte == b'.')?;
        let mac = KEY.clone().chain_update(token.get(..dot)?);
        black_box(mac.finalize());
        Some(Mac)
    }
}

const SIGNATURE: &str = "upstash-signature";

impl<S: Sync> FromRequestParts<S> for Mac {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let token = parts.headers.get(SIGNATURE);
        Mac::over(token.map(AsRef::as_ref)).ok_or(StatusCode::BAD_REQUEST)
    }
}

impl actix_web::FromRequest for Mac {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(
        request: &actix_web::HttpRequest,
        _: &mut actix_web::dev::Payload,
    ) -> Self::Future {
        let token = request.headers().get(SIGNATURE);
        let mac = Mac::over(token.map(AsRef::as_ref));
        ready(mac.ok_or_else(|| actix_web::error::ErrorBadRequest("no token")))
    }
}

/// Computes the hash.
pub(crate) fn hash(body: &[u8]) {
    black_box(Sha256::digest(body));
}
