use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use qstash_verify::Retry;

/// An answer that tells QStash when to retry, or not to; see [`Retry`]. A
/// handler can return it as its response or as its error. Its body is empty.
///
/// ```
/// use actix_web::web;
/// use qstash_verify_actix::{Message, Retry, Steer};
///
/// async fn webhook(Message(order): Message<u64>) -> Result<&'static str, Steer> {
///     match order {
///         0 => Err(Steer(Retry::Never)), // will never be any better
///         1 => Err(Steer(Retry::AfterSeconds(30))), // the shop is closed
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

impl fmt::Display for Steer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Steer {}

impl ResponseError for Steer {
    fn status_code(&self) -> StatusCode {
        // Every status of the core is one.
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .insert_header(self.0.header())
            .finish()
    }
}

impl Responder for Steer {
    type Body = BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}
