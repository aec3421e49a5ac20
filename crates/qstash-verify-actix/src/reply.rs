//! Replies of the core as actix-web errors and responses.

use std::fmt;
use std::mem;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use qstash_verify::{MessageError, NotVerified, RefusalHandler, Reply, Retry, VerifyError};

/// A refusal as an actix-web error: the middleware's, or a handler's.
///
/// Outer middleware such as `ErrorHandlers` finds the reason in the response's
/// extensions:
///
/// ```
/// use actix_web::dev::ServiceResponse;
/// use qstash_verify_actix::VerifyError;
///
/// fn code<B>(response: &ServiceResponse<B>) -> Option<&'static str> {
///     response.response().extensions().get().map(VerifyError::code)
/// }
/// ```
///
/// A handler that calls the verifier:
///
/// ```
/// use actix_web::{HttpRequest, web};
/// use qstash_verify_actix::{Refusal, Verifier, request_head};
///
/// async fn webhook(
///     request: HttpRequest,
///     body: web::Bytes,
///     verifier: web::Data<Verifier>,
/// ) -> Result<String, Refusal> {
///     let head = request_head(&request);
///     let verified = verifier.verify(&head, &body).inspect_err(|refused| refused.log(&head))?;
///     Ok(format!("sent to {}", verified.claims().sub()))
/// }
/// # let app = actix_web::App::new().route("/", web::post().to(webhook));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub VerifyError);

impl From<VerifyError> for Refusal {
    fn from(reason: VerifyError) -> Self {
        Refusal(reason)
    }
}

/// A response that tells QStash when to retry, or not to; see [`Retry`].
///
/// A handler can return it as its response or as its error. Its body is empty.
///
/// ```
/// use actix_web::web;
/// use qstash_verify_actix::{Message, Retry, Steer};
///
/// async fn webhook(Message(order): Message<u64>) -> Result<&'static str, Steer> {
///     match order {
///         0 => Err(Retry::Never)?, // a permanent failure
///         1 => Err(Retry::AfterSeconds(30))?, // the shop is closed
///         _ => Ok("thanks"),
///     }
/// }
/// # let app = actix_web::App::new().route("/", web::post().to(webhook));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steer(pub Retry);

impl From<Retry> for Steer {
    fn from(retry: Retry) -> Self {
        Steer(retry)
    }
}

impl Responder for Steer {
    type Body = BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}

/// The rejection of a body that doesn't parse as the expected JSON: a 422.
///
/// [`Message`](crate::Message) returns it.
///
/// ```
/// use actix_web::ResponseError;
/// use qstash_verify_actix::{MessageRejection, parse_message};
///
/// let invalid = parse_message::<u64>(b"{}").map_err(MessageRejection).unwrap_err();
/// assert_eq!(invalid.status_code(), 422);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRejection(pub MessageError);

/// The rejection of a request on a route without the middleware.
///
/// [`Delivery`](crate::Delivery) and [`Message`](crate::Message) return it: a
/// [`NotVerified`], which is a 500. Converting it into a response logs it at level
/// `error` with the request's path.
///
/// ```
/// use actix_web::ResponseError;
/// use qstash_verify_actix::{Delivery, DeliveryRejection};
///
/// async fn webhook(delivery: Result<Delivery, DeliveryRejection>) -> String {
///     match delivery {
///         Ok(Delivery(verified)) => format!("sent to {}", verified.claims().sub()),
///         Err(rejection) => format!("{}: {rejection}", rejection.status_code()),
///     }
/// }
/// # let app = actix_web::App::new().route("/", actix_web::web::post().to(webhook));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRejection(NotVerified, String);

impl DeliveryRejection {
    /// Creates the rejection of a request with this path.
    pub(crate) fn new(path: &str) -> Self {
        DeliveryRejection(NotVerified, path.to_owned())
    }

    fn log(&self) {
        self.0.log(&self.1);
    }
}

/// Implements `ResponseError` with the error's [`Reply`], after calling `log`.
macro_rules! response_errors {
    ($($error:ident $(: $log:ident)?;)+) => {$(
        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::error::Error for $error {}

        impl ResponseError for $error {
            fn status_code(&self) -> StatusCode {
                status(&Reply::from(self.0.clone()))
            }

            fn error_response(&self) -> HttpResponse {
                $(self.$log();)?
                response(Reply::from(self.0.clone()))
            }
        }
    )+};
}

response_errors! {
    Refusal;
    Steer;
    MessageRejection;
    DeliveryRejection: log;
}

#[expect(
    clippy::expect_used,
    reason = "the core's statuses are from 400 to 599; a fallback could hide a refusal"
)]
fn status(reply: &Reply) -> StatusCode {
    StatusCode::from_u16(reply.status()).expect("a status code from 400 to 599")
}

/// Creates the response of a reply, with the reason of a refusal in its extensions.
fn response(mut reply: Reply) -> HttpResponse {
    let mut builder = HttpResponse::build(status(&reply));
    for header in reply.headers() {
        builder.insert_header(header);
    }
    let reason = reply.take_reason();
    let mut response = builder.body(reply.into_body());
    if let Some(reason) = reason {
        response.extensions_mut().insert(reason);
    }
    response
}

/// Creates the response of a refused request: the user's, or that of [`Refusal`].
pub(crate) fn refuse(handler: &RefusalHandler<HttpResponse>, reason: VerifyError) -> HttpResponse {
    let Some(mut custom) = handler.call(&reason) else {
        return HttpResponse::from_error(Refusal(reason));
    };
    // Only `from_error` sets the response's error; the rest comes from the user.
    let mut response = HttpResponse::from_error(Refusal(reason.clone()));
    mem::swap(response.head_mut(), custom.head_mut());
    mem::swap(
        &mut *response.extensions_mut(),
        &mut *custom.extensions_mut(),
    );
    response.extensions_mut().insert(reason);
    response.set_body(custom.into_body())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::{Duration, SystemTime};

    use actix_web::body::MessageBody as _;
    use qstash_verify::{
        KeyRing, RecordFuture, Region, ReplayStore, RequestHead, TokenRecord, Verifier,
        parse_message, testing,
    };

    use super::*;

    /// Asserts that status, headers, reason and body equal those of the reply.
    #[track_caller]
    fn assert_is_reply(error: &impl ResponseError, reply: &Reply) {
        assert_eq!(error.status_code(), reply.status());
        let response = error.error_response();
        assert_eq!(response.status(), reply.status());
        let headers = response.headers().iter();
        let mut headers: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        headers.sort_unstable();
        let mut expected: Vec<_> = reply.headers().collect();
        expected.sort_unstable();
        assert_eq!(headers, expected);
        assert_eq!(response.extensions().get(), reply.reason());
        let body = response.into_body().try_into_bytes().unwrap();
        assert_eq!(body, reply.body());
    }

    fn replay_store_unavailable() -> VerifyError {
        struct Unavailable;
        impl ReplayStore for Unavailable {
            fn record(&self, _token: &TokenRecord) -> RecordFuture {
                Box::pin(std::future::ready(Err("connection refused".into())))
            }
        }
        let delivery = testing::delivery("https://example.com/hook", "hello");
        let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
        let verified = testing::verifier().build().verify(&head, b"hello").unwrap();
        let check = std::pin::pin!(verified.check_replay(&Unavailable));
        let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
        match check.poll(cx) {
            std::task::Poll::Ready(Err(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    /// One refusal per variant, each from a delivery with a single fault.
    fn refusals() -> Vec<VerifyError> {
        let verifier = || testing::verifier().body_limit(5);
        let hello = || testing::delivery("https://example.com/hook", "hello");
        let refused = |delivery: testing::SignedDelivery, verifier: &Verifier, body: &[u8]| {
            let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
            verifier.verify(&head, body).unwrap_err()
        };
        let plain = verifier().build();
        let elsewhere = verifier().url("https://example.com/other").unwrap().build();
        let eu_only = KeyRing::builder().region(Region::EuCentral1, testing::signing_keys());
        let eu_only = Verifier::new(eu_only.build().unwrap());
        let an_hour_ago = testing::now() - Duration::from_secs(3600);
        let none = RequestHead::new([("content-length", "5")], "/hook");
        let malformed = RequestHead::new([("upstash-signature", "x")], "/hook");
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        vec![
            plain.verify(&none, b"hello").unwrap_err(),
            plain.verify(&malformed, b"hello").unwrap_err(),
            VerifyError::UnsupportedAlgorithm,
            refused(hello().key("sig_other"), &plain, b"hello"),
            refused(hello().without("exp"), &plain, b"hello"),
            refused(hello().claim("exp", "soon"), &plain, b"hello"),
            refused(hello().claim("iss", "other"), &plain, b"hello"),
            refused(hello().issued_at(an_hour_ago), &plain, b"hello"),
            refused(hello().claim("nbf", 4_102_444_800_u64), &plain, b"hello"),
            refused(hello(), &elsewhere, b"hello"),
            refused(hello(), &plain, b"other"),
            refused(hello().region(Region::UsEast1), &eu_only, b"hello"),
            refused(hello(), &plain, b"too long"),
            VerifyError::body_unreadable(&reset),
            VerifyError::Replayed,
            VerifyError::SignedBeforeReplayStore,
            replay_store_unavailable(),
        ]
    }

    #[test]
    fn every_reply_is_a_response() {
        let mut codes = BTreeSet::new();
        for reason in refusals() {
            codes.insert(reason.code());
            assert_is_reply(&Refusal(reason.clone()), &Reply::from(reason));
        }
        // One per variant of `VerifyError`.
        assert_eq!(codes.len(), 17, "{codes:?}");
        for retry in [
            Retry::Never,
            Retry::AfterSeconds(u64::MAX),
            Retry::At(SystemTime::UNIX_EPOCH),
            Retry::After(Duration::MAX),
        ] {
            assert_is_reply(&Steer(retry), &Reply::from(retry));
        }
        let invalid = parse_message::<u64>("\"é\u{202e}\"".as_bytes()).unwrap_err();
        assert!(invalid.to_string().contains('é'));
        assert_is_reply(&MessageRejection(invalid.clone()), &Reply::from(invalid));
        assert_is_reply(&DeliveryRejection::new("/hook"), &Reply::from(NotVerified));
    }

    #[test]
    fn refused_response_has_its_error_and_reason() {
        let reason = VerifyError::WrongIssuer;
        let custom = RefusalHandler::new(|_: &VerifyError| HttpResponse::Forbidden().body("no"));
        for (handler, status) in [(RefusalHandler::default(), 401), (custom, 403)] {
            let response = refuse(&handler, reason.clone());
            assert_eq!(response.status(), status);
            let error = response.error().unwrap().as_error::<Refusal>();
            assert_eq!(error, Some(&Refusal(reason.clone())));
            assert_eq!(response.extensions().get(), Some(&reason));
        }
    }
}
