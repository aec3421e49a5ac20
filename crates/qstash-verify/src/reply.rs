//! Replies: status, headers and body of the responses that this crate decides.
//!
//! Each adapter converts them into its framework's response.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::error::{CHALLENGE, VerifyError};
use crate::message::{MessageError, Retry};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A response in place of the handler's: status, headers, body.
///
/// Converted from a [`VerifyError`], a [`MessageError`], [`NotVerified`] or a
/// [`Retry`]. With the feature `http` it and these four convert into an
/// `http::Response`; the reason of a refusal is then in the response's extensions.
///
/// ```
/// use qstash_verify::{Reply, Retry, VerifyError};
///
/// let reply = Reply::from(VerifyError::MissingSignature);
/// assert_eq!(reply.status(), 401);
/// assert_eq!(reply.body(), r#"{"error":"missing_signature"}"#);
/// let headers: Vec<_> = reply.headers().collect();
/// assert_eq!(headers[1], ("www-authenticate", "Upstash-Signature"));
///
/// assert_eq!(Reply::from(Retry::Never).status(), 489);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: [Option<(&'static str, Cow<'static, str>)>; 2],
    pub(crate) body: Cow<'static, str>,
    pub(crate) reason: Option<VerifyError>,
}

impl Reply {
    /// Returns the status code, from 400 to 599 (RFC 9110 §15).
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the headers: names in lower case, values of printable ASCII.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let headers = self.headers.iter().flatten();
        headers.map(|(name, value)| (*name, &**value))
    }

    /// Returns the body; empty for a [`Retry`].
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the body without a copy.
    #[must_use]
    pub fn into_body(self) -> Cow<'static, str> {
        self.body
    }

    /// Returns the reason, if the reply refuses a request.
    #[must_use]
    pub fn reason(&self) -> Option<&VerifyError> {
        self.reason.as_ref()
    }

    /// Takes the reason out, for the extensions of a response.
    #[must_use]
    pub fn take_reason(&mut self) -> Option<VerifyError> {
        self.reason.take()
    }
}

impl VerifyError {
    /// Returns the headers of the response, names in lower case.
    ///
    /// They are the `content-type` of its [`body`](Self::body), for a 401 a
    /// `www-authenticate` (RFC 9110 §11.6.1) with [`CHALLENGE`], and for a 503 a
    /// `retry-after` of 120 s (RFC 9110 §10.2.3), which QStash takes in place of its
    /// back-off: three retries outlast a failure of six minutes.
    #[must_use]
    pub const fn headers(&self) -> &'static [(&'static str, &'static str)] {
        match self.status() {
            401 => &[JSON, ("www-authenticate", CHALLENGE)],
            503 => &[JSON, ("retry-after", "120")],
            _ => &[JSON],
        }
    }
}

impl From<VerifyError> for Reply {
    fn from(reason: VerifyError) -> Self {
        let mut headers = reason.headers().iter();
        let mut header = || {
            let (name, value) = headers.next()?;
            Some((*name, Cow::Borrowed(*value)))
        };
        Reply {
            status: reason.status(),
            headers: [header(), header()],
            body: Cow::Borrowed(reason.body()),
            reason: Some(reason),
        }
    }
}

impl From<MessageError> for Reply {
    fn from(error: MessageError) -> Self {
        let plain_text = ("content-type", Cow::Borrowed("text/plain; charset=utf-8"));
        Reply {
            status: error.status(),
            headers: [Some(plain_text), None],
            body: Cow::Owned(error.to_string()),
            reason: None,
        }
    }
}

impl From<Retry> for Reply {
    fn from(retry: Retry) -> Self {
        let (name, value) = retry.header();
        Reply {
            status: retry.status(),
            headers: [Some((name, Cow::Owned(value))), None],
            body: Cow::Borrowed(""),
            reason: None,
        }
    }
}

/// The error of an extractor on a route without the middleware.
///
/// Its reply has status 500 and the body `{"error":"not_verified"}`. For adapters.
///
/// ```
/// use qstash_verify::{NotVerified, Reply};
///
/// assert_eq!(Reply::from(NotVerified).status(), 500);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NotVerified;

impl fmt::Display for NotVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the QStash middleware is not on this route, so the delivery that its handler asks \
             for was never verified: put the middleware on this route",
        )
    }
}

impl std::error::Error for NotVerified {}

impl From<NotVerified> for Reply {
    fn from(_: NotVerified) -> Self {
        Reply {
            status: 500,
            headers: [Some((JSON.0, Cow::Borrowed(JSON.1))), None],
            body: Cow::Borrowed(r#"{"error":"not_verified"}"#),
            reason: None,
        }
    }
}

/// The user's optional function that responds to refused requests. For adapters.
///
/// ```
/// use qstash_verify::{RefusalHandler, VerifyError};
///
/// let handler = RefusalHandler::new(|reason: &VerifyError| format!("no: {}", reason.code()));
/// let response = handler.call(&VerifyError::MissingSignature);
/// assert_eq!(response.as_deref(), Some("no: missing_signature"));
/// assert!(RefusalHandler::<String>::default().call(&VerifyError::MissingSignature).is_none());
/// ```
pub struct RefusalHandler<R>(Option<Arc<Respond<R>>>);

type Respond<R> = dyn Fn(&VerifyError) -> R + Send + Sync;

impl<R> RefusalHandler<R> {
    /// Creates a handler that calls `respond`.
    #[must_use]
    pub fn new(respond: impl Fn(&VerifyError) -> R + Send + Sync + 'static) -> Self {
        RefusalHandler(Some(Arc::new(respond)))
    }

    /// Returns the function's response; `None` if there is no function.
    #[must_use]
    pub fn call(&self, reason: &VerifyError) -> Option<R> {
        self.0.as_ref().map(|respond| respond(reason))
    }
}

impl<R> Clone for RefusalHandler<R> {
    fn clone(&self) -> Self {
        RefusalHandler(self.0.clone())
    }
}

impl<R> Default for RefusalHandler<R> {
    fn default() -> Self {
        RefusalHandler(None)
    }
}

impl<R> fmt::Debug for RefusalHandler<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "custom"
        } else {
            "default"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_401_has_a_challenge_and_only_503_a_delay() {
        let json = ("content-type", "application/json");
        let challenge = ("www-authenticate", CHALLENGE);
        assert_eq!(VerifyError::MissingSignature.headers(), [json, challenge]);
        let too_large = VerifyError::BodyTooLarge { limit: 1 };
        assert_eq!(too_large.headers(), [json]);
        assert!(Reply::from(too_large).headers().eq([json]));
        let unavailable = VerifyError::ReplayStoreUnavailable {
            reason: String::new(),
        };
        assert_eq!(unavailable.headers(), [json, ("retry-after", "120")]);
    }

    #[test]
    fn reason_is_kept_for_refusals_only() {
        let reason = VerifyError::WrongIssuer;
        let mut reply = Reply::from(reason.clone());
        assert_eq!(reply.reason(), Some(&reason));
        assert_eq!(reply.take_reason(), Some(reason));
        assert_eq!(reply.reason(), None);
        assert_eq!(Reply::from(NotVerified).reason(), None);
        assert_eq!(Reply::from(Retry::Never).reason(), None);
    }

    #[test]
    fn replies_have_a_status_headers_and_a_body() {
        const JSON: (&str, &str) = ("content-type", "application/json");
        const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");
        let message = crate::message::parse_message::<u32>(b"").unwrap_err();
        let empty_body = "the body is empty, and this endpoint expects JSON";
        let challenge = ("www-authenticate", CHALLENGE);
        let delay = Retry::AfterSeconds(30);
        let permanent = ("upstash-nonretryable-error", "true");
        let refused = VerifyError::WrongIssuer;
        for (reply, status, headers, body) in [
            (
                Reply::from(refused),
                401,
                &[JSON, challenge][..],
                r#"{"error":"wrong_issuer"}"#,
            ),
            (
                Reply::from(NotVerified),
                500,
                &[JSON],
                r#"{"error":"not_verified"}"#,
            ),
            (Reply::from(message), 422, &[TEXT], empty_body),
            (Reply::from(delay), 503, &[("retry-after", "30")], ""),
            (Reply::from(Retry::Never), 489, &[permanent], ""),
        ] {
            assert_eq!(reply.status(), status);
            assert!(reply.headers().eq(headers.iter().copied()), "{reply:?}");
            assert_eq!(reply.body(), body);
            assert_eq!(reply.into_body(), body);
        }
    }

    #[test]
    fn not_verified_names_the_cause_and_the_remedy() {
        let text = NotVerified.to_string();
        assert!(
            text.starts_with("the QStash middleware is not on this route"),
            "{text}"
        );
        assert!(text.ends_with("put the middleware on this route"), "{text}");
    }

    #[test]
    fn refusal_handler_calls_the_function_it_was_given() {
        let reason = VerifyError::WrongIssuer;
        let custom = RefusalHandler::new(|reason: &VerifyError| reason.code());
        let none = RefusalHandler::<&str>::default();
        for (handler, response, printed) in [
            (custom.clone(), Some("wrong_issuer"), "custom"),
            (custom, Some("wrong_issuer"), "custom"),
            (none.clone(), None, "default"),
            (none, None, "default"),
        ] {
            assert_eq!(handler.call(&reason), response);
            assert_eq!(format!("{handler:?}"), printed);
        }
    }
}
