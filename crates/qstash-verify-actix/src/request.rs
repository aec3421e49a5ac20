//! Conversion of a request into the core's `RequestHead`.

use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use qstash_verify::RequestHead;

static NAMES: LazyLock<Vec<HeaderName>> = LazyLock::new(|| {
    let names = RequestHead::HEADERS.iter().copied();
    names.map(HeaderName::from_static).collect()
});

/// Returns the head of a request, for handlers that call the verifier.
///
/// It borrows the request target and the headers that verification reads.
///
/// ```
/// use actix_web::{HttpRequest, web};
/// use qstash_verify_actix::{Verified, Verifier, VerifyError, request_head};
///
/// fn check(verifier: &Verifier, request: &HttpRequest, body: &web::Bytes) -> Result<Verified, VerifyError> {
///     verifier.verify(&request_head(request), body)
/// }
/// ```
#[must_use]
pub fn request_head(request: &HttpRequest) -> RequestHead<'_> {
    let target = request.uri().path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    // Lookups are faster than actix-web's iterator over all headers.
    let headers = NAMES.iter().flat_map(|name| {
        let values = request.headers().get_all(name);
        values.map(move |value| (name, value))
    });
    RequestHead::new(headers, target)
}
