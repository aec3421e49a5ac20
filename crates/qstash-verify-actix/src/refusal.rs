//! What a refused request is answered with.

use std::fmt;
use std::mem;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use qstash_verify::VerifyError;

/// A refusal as an error of actix-web: what the middleware answers with, and what
/// handlers that verify by themselves can return.
///
/// Outer middleware, `ErrorHandlers` among it, finds the reason in the response's
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
/// A handler that verifies by itself:
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
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(pub VerifyError);

impl From<VerifyError> for Refusal {
    fn from(reason: VerifyError) -> Self {
        Refusal(reason)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        // Every status of the core is one.
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for header in self.0.headers() {
            response.insert_header(*header);
        }
        let mut response = response.body(self.0.body());
        response.extensions_mut().insert(self.0.clone());
        response
    }
}

type Answer = dyn Fn(&VerifyError) -> HttpResponse + Send + Sync;

/// How a refusal is answered: the user's way or that of [`Refusal`].
#[derive(Clone, Default)]
pub(crate) struct Refuse(Option<Arc<Answer>>);

impl Refuse {
    pub(crate) fn with(
        answer: impl Fn(&VerifyError) -> HttpResponse + Send + Sync + 'static,
    ) -> Self {
        Refuse(Some(Arc::new(answer)))
    }

    pub(crate) fn answer(&self, reason: VerifyError) -> HttpResponse {
        match &self.0 {
            None => HttpResponse::from_error(Refusal(reason)),
            Some(answer) => {
                let mut custom = answer(&reason);
                // In all but its error the response is the user's.
                let mut response = HttpResponse::from_error(Refusal(reason.clone()));
                mem::swap(response.head_mut(), custom.head_mut());
                mem::swap(
                    &mut *response.extensions_mut(),
                    &mut *custom.extensions_mut(),
                );
                response.extensions_mut().insert(reason);
                response.set_body(custom.into_body())
            }
        }
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
