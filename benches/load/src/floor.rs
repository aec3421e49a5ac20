//! What no verifier can do without: a MAC over the token and a hash of the body. Here
//! nobody looks at either.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::sync::LazyLock;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use hmac::{Hmac, KeyInit as _, Mac as _};
use qstash_verify::testing::CURRENT_KEY;
use sha2::{Digest as _, Sha256};

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
static KEY: LazyLock<Hmac<Sha256>> =
    LazyLock::new(|| Hmac::new_from_slice(CURRENT_KEY.as_bytes()).expect("any length"));

/// Extracted from the head of a request: it was made.
#[derive(Debug)]
pub(crate) struct Mac;

impl Mac {
    fn over(token: Option<&[u8]>) -> Self {
        let token = token.unwrap_or_default();
        let dot = token.iter().rposition(|byte| *byte == b'.');
        let signing_input = token.get(..dot.unwrap_or_default());
        let mac = KEY.clone().chain_update(signing_input.unwrap_or_default());
        black_box(mac.finalize());
        Mac
    }
}

const SIGNATURE: &str = "upstash-signature";

impl<S: Sync> FromRequestParts<S> for Mac {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let token = parts.headers.get(SIGNATURE);
        Ok(Mac::over(token.map(AsRef::as_ref)))
    }
}

impl actix_web::FromRequest for Mac {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(
        request: &actix_web::HttpRequest,
        _: &mut actix_web::dev::Payload,
    ) -> Self::Future {
        let token = request.headers().get(SIGNATURE);
        ready(Ok(Mac::over(token.map(AsRef::as_ref))))
    }
}

/// Makes the hash.
pub(crate) fn hash(body: &[u8]) {
    black_box(Sha256::digest(body));
}
