//! Responses that the core decides, and the errors that become them.

use std::fmt;

use http::StatusCode;
use poem::error::ResponseError;
use poem::{Body, IntoResponse, Response};
use qstash_verify::{MessageError, NotVerified, RefusalHandler, Reply, Retry, VerifyError};

/// A refusal as a response and an error of poem.
///
/// For handlers that verify by themselves: the same response as the middleware's.
///
/// Middleware outside finds the reason of a refusal in the response's extensions:
///
/// ```
/// use qstash_verify_poem::VerifyError;
///
/// fn code(response: &poem::Response) -> Option<&'static str> {
///     response.extensions().get().map(VerifyError::code)
/// }
/// ```
///
/// A handler that verifies by itself:
///
/// ```
/// use poem::web::Data;
/// use poem::{Request, handler};
/// use qstash_verify_poem::{Refusal, RequestHead, Verifier};
///
/// #[handler]
/// async fn webhook(
///     request: &Request,
///     body: Vec<u8>,
///     verifier: Data<&Verifier>,
/// ) -> Result<String, Refusal> {
///     let head = RequestHead::from_http(request.headers(), request.original_uri());
///     let verified = verifier.verify(&head, &body).inspect_err(|refused| refused.log(&head))?;
///     Ok(format!("sent to {}", verified.claims().sub()))
/// }
/// # let app = poem::Route::new().at("/", poem::post(webhook));
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
/// use poem::handler;
/// use qstash_verify_poem::{Message, Retry, Steer};
///
/// #[handler]
/// async fn webhook(Message(order): Message<u64>) -> Result<&'static str, Steer> {
///     match order {
///         0 => Err(Retry::Never)?,            // a permanent failure
///         1 => Err(Retry::AfterSeconds(30))?, // the shop is closed
///         _ => Ok("thanks"),
///     }
/// }
/// # let app = poem::Route::new().at("/", poem::post(webhook));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steer(pub Retry);

impl From<Retry> for Steer {
    fn from(retry: Retry) -> Self {
        Steer(retry)
    }
}

/// The error of [`Message`](crate::Message) for an unexpected body: a 422.
///
/// ```
/// use poem::error::ResponseError;
/// use qstash_verify_poem::{MessageRejection, parse_message};
///
/// let invalid = parse_message::<u64>(b"{}").map_err(MessageRejection).unwrap_err();
/// assert_eq!(invalid.status(), 422);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRejection(pub MessageError);

/// The rejection on a route without the middleware: a 500.
///
/// [`Delivery`](crate::Delivery) and [`Message`](crate::Message) return it; it holds a
/// [`NotVerified`].
///
/// It is logged when it becomes a response, at level `error` with the path of the
/// request. `Option<Delivery>` is `None` instead, and nothing is logged.
///
/// ```
/// use poem::handler;
/// use qstash_verify_poem::{Delivery, DeliveryRejection};
///
/// #[handler]
/// async fn webhook(delivery: poem::Result<Delivery>) -> String {
///     match delivery {
///         Ok(Delivery(verified)) => format!("sent to {}", verified.claims().sub()),
///         Err(error) if error.is::<DeliveryRejection>() => "not verified".to_owned(),
///         Err(error) => error.to_string(),
///     }
/// }
/// # let app = poem::Route::new().at("/", poem::post(webhook));
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

/// Makes the response of each error that of its [`Reply`]; `log` runs before that.
macro_rules! response_errors {
    ($($error:ident $(: $log:ident)?;)+) => {$(
        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::error::Error for $error {}

        impl ResponseError for $error {
            fn status(&self) -> StatusCode {
                http::Response::<Body>::from(self.0.clone()).status()
            }

            fn as_response(&self) -> Response {
                $(self.$log();)?
                response(self.0.clone())
            }
        }

        impl IntoResponse for $error {
            fn into_response(self) -> Response {
                self.as_response()
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

/// Creates the response of a reply, with the reason of a refusal in its extensions.
fn response(reply: impl Into<Reply>) -> Response {
    let (parts, body) = http::Response::<Body>::from(reply.into()).into_parts();
    let mut response = Response::builder().status(parts.status).body(body);
    *response.headers_mut() = parts.headers;
    *response.extensions_mut() = parts.extensions;
    response
}

/// Creates the response of a refused request: the user's, or that of [`Refusal`].
pub(crate) fn refuse(handler: &RefusalHandler<Response>, reason: VerifyError) -> Response {
    let Some(mut custom) = handler.call(&reason) else {
        return response(reason);
    };
    custom.extensions_mut().insert(reason);
    custom
}
