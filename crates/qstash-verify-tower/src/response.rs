use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use qstash_verify::{CHALLENGE, VerifyError};

/// The answer to a refused request: status, JSON body and, with a 401, the
/// challenge, all as the core has them. The reason is in the extensions.
///
/// ```
/// use qstash_verify_tower::{VerifyError, refusal};
///
/// let response = refusal(&VerifyError::MissingSignature);
/// assert_eq!(response.status(), 401);
/// assert_eq!(response.headers()["www-authenticate"], "Upstash-Signature");
/// assert_eq!(response.body(), r#"{"error":"missing_signature"}"#);
/// ```
#[must_use]
pub fn refusal(reason: &VerifyError) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(reason.body().as_bytes()));
    // Every status of the core is one; this is what any other would be.
    let status = StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    }
    response.extensions_mut().insert(reason.clone());
    response
}

type Answer = dyn Fn(&VerifyError) -> Response<Bytes> + Send + Sync;

/// How a refusal is answered: the user's way or [`refusal`].
#[derive(Clone, Default)]
pub(crate) struct Refuse(Option<Arc<Answer>>);

impl Refuse {
    pub(crate) fn with(
        answer: impl Fn(&VerifyError) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Refuse(Some(Arc::new(answer)))
    }

    pub(crate) fn answer(&self, reason: VerifyError) -> Response<Bytes> {
        let Some(answer) = &self.0 else {
            return refusal(&reason);
        };
        let mut response = answer(&reason);
        response.extensions_mut().insert(reason);
        response
    }
}

impl fmt::Debug for Refuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "custom"
        } else {
            "default"
        })
    }
}
