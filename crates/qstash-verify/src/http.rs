//! Conversion of replies into responses of the `http` crate.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::error::VerifyError;
use crate::message::{MessageError, Retry};
use crate::reply::{NotVerified, Reply};

/// Puts the reason of a refusal into the response's extensions.
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl<B: From<Bytes>> From<Reply> for Response<B> {
    fn from(reply: Reply) -> Self {
        let body = match reply.body {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        };
        let mut response = Response::new(B::from(body));
        *response.status_mut() = status(reply.status);
        for (name, text) in reply.headers.into_iter().flatten() {
            let (name, value) = (HeaderName::from_static(name), value(text));
            response.headers_mut().insert(name, value);
        }
        if let Some(reason) = reply.reason {
            response.extensions_mut().insert(reason);
        }
        response
    }
}

#[expect(
    clippy::expect_used,
    reason = "statuses of replies are this crate's, and a test converts each"
)]
fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a status code from 400 to 599")
}

#[expect(
    clippy::expect_used,
    reason = "values of replies are words, numbers and dates, and a test converts each"
)]
fn value(text: Cow<'static, str>) -> HeaderValue {
    match text {
        Cow::Borrowed(text) => HeaderValue::from_static(text),
        Cow::Owned(text) => HeaderValue::try_from(text).expect("visible ASCII"),
    }
}

/// Lets `Err(error)?` end a handler that returns `Result<_, Response<_>>`.
macro_rules! into_response {
    ($($error:ty),+) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
        impl<B: From<Bytes>> From<$error> for Response<B> {
            fn from(error: $error) -> Self {
                Reply::from(error).into()
            }
        }
    )+};
}

into_response!(VerifyError, MessageError, NotVerified, Retry);

impl VerifyError {
    /// Returns the response to a refused request, with the reason in its extensions.
    ///
    /// Middleware can read the reason from there to log or count refusals.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use qstash_verify::VerifyError;
    ///
    /// let response: http::Response<Bytes> = VerifyError::MissingSignature.response();
    /// assert_eq!(response.status(), 401);
    /// assert_eq!(response.headers()["www-authenticate"], "Upstash-Signature");
    /// assert_eq!(response.body(), r#"{"error":"missing_signature"}"#);
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    #[must_use]
    pub fn response<B: From<Bytes>>(&self) -> Response<B> {
        self.clone().into()
    }
}

impl Retry {
    /// Returns the response with its status and header, and a body for people.
    ///
    /// QStash shows the body in its console.
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
        let response: Response<Bytes> = (*self).into();
        response.map(|_| body)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::error::tests::one_of_each;
    use crate::message::parse_message;

    #[test]
    fn every_reply_converts_into_a_response() {
        let message = parse_message::<u32>(b"").unwrap_err();
        let mut replies = vec![Reply::from(NotVerified), Reply::from(message)];
        replies.extend(one_of_each().map(Reply::from));
        for retry in [
            Retry::AfterSeconds(u64::MAX),
            Retry::At(SystemTime::UNIX_EPOCH),
            Retry::After(Duration::MAX),
            Retry::Never,
        ] {
            replies.push(retry.into());
        }
        for reply in replies {
            let response: Response<Bytes> = reply.clone().into();
            assert_eq!(response.status(), reply.status());
            assert_eq!(response.body(), reply.body());
            assert_eq!(response.headers().len(), reply.headers().count());
            for (name, value) in reply.headers() {
                assert_eq!(response.headers()[name], value);
            }
            assert_eq!(response.extensions().get(), reply.reason());
        }
    }
}
