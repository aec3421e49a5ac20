//! The types of the `http` crate, as hyper, tower and axum have them.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri};

use crate::error::VerifyError;
use crate::message::Retry;
use crate::request::RequestHead;

impl<'a> RequestHead<'a> {
    /// The head of a request as the `http` crate has it. `uri` is the one that
    /// the client asked for: a router that takes a prefix off it hands out
    /// another.
    ///
    /// ```
    /// use http::request::Parts;
    /// use qstash_verify::{PendingDelivery, RequestHead, Verifier, VerifyError};
    ///
    /// fn check(verifier: &Verifier, parts: &Parts) -> Result<PendingDelivery, VerifyError> {
    ///     verifier.authenticate(&RequestHead::from_http(&parts.headers, &parts.uri))
    /// }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    #[must_use]
    pub fn from_http(headers: &'a HeaderMap, uri: &'a Uri) -> Self {
        let path_and_query = uri.path_and_query().map_or("/", |target| target.as_str());
        RequestHead::new(headers, path_and_query)
    }
}

impl VerifyError {
    /// The answer to a refused request: status, headers and body as above, and
    /// the reason itself in the extensions, for whoever logs or counts answers.
    ///
    /// ```
    /// use qstash_verify::VerifyError;
    ///
    /// let response: http::Response<String> = VerifyError::MissingSignature.response();
    /// assert_eq!(response.status(), 401);
    /// assert_eq!(response.headers()["www-authenticate"], "Upstash-Signature");
    /// assert_eq!(response.body(), r#"{"error":"missing_signature"}"#);
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    #[must_use]
    pub fn response<B: From<&'static str>>(&self) -> Response<B> {
        let mut response = Response::new(B::from(self.body()));
        *response.status_mut() = status(self.status());
        for (name, value) in self.headers() {
            let value = HeaderValue::from_static(value);
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl Retry {
    /// The answer that says this to QStash, with a body for people: QStash shows
    /// it in its console.
    ///
    /// ```
    /// use qstash_verify::Retry;
    ///
    /// let response = Retry::Never.response("there is no such order");
    /// assert_eq!(response.status(), 489);
    /// assert_eq!(response.headers()["upstash-nonretryable-error"], "true");
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    #[must_use]
    pub fn response<B>(&self, body: B) -> Response<B> {
        let mut response = Response::new(body);
        *response.status_mut() = status(self.status());
        let (name, value) = self.header();
        // It is a number, a date or a word, so it always is a value.
        if let Ok(value) = HeaderValue::try_from(value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        response
    }
}

/// Every status of this crate is one; 500 is what any other would be.
fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
