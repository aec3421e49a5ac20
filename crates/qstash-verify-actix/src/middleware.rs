use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpResponse};
use qstash_verify::{ConfigError, Verifier, VerifyError};

use crate::receive::{receive, refuse_unread, request_head};
use crate::refusal::Refuse;

/// The middleware: it lets only genuine deliveries through, on an `App`, a
/// `Scope` or a `Resource`. The [crate's documentation](crate) says what it does
/// and where it belongs.
///
/// Make it once, outside the closure that builds the app, and clone it there:
/// the workers then share their keys, and a wrong configuration ends the start
/// with one sentence.
///
/// ```no_run
/// use actix_web::{App, HttpServer, web};
/// use qstash_verify_actix::QstashMiddleware;
///
/// # async fn main_() -> Result<(), Box<dyn std::error::Error>> {
/// let qstash = QstashMiddleware::from_env()?;
/// HttpServer::new(move || {
///     App::new().service(
///         web::resource("/webhook")
///             .wrap(qstash.clone())
///             .route(web::post().to(async || "thanks")),
///     )
/// })
/// .bind(("127.0.0.1", 3000))?
/// .run()
/// .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct QstashMiddleware {
    verifier: Verifier,
    refuse: Refuse,
}

impl QstashMiddleware {
    /// Middleware with this verifier, whose settings (keys, URL, tolerance, body
    /// limit, clock) are the middleware's.
    ///
    /// ```
    /// use qstash_verify_actix::{QstashMiddleware, SigningKeys, Verifier};
    ///
    /// let keys = SigningKeys::new("sig_current", "sig_next")?;
    /// let qstash = QstashMiddleware::new(Verifier::builder(keys).body_limit(1024 * 1024).build());
    /// # Ok::<_, qstash_verify_actix::ConfigError>(())
    /// ```
    pub fn new(verifier: Verifier) -> Self {
        QstashMiddleware {
            verifier,
            refuse: Refuse::default(),
        }
    }

    /// Middleware with the keys that the process's environment holds; see
    /// [`KeyRing::from_env`](qstash_verify::KeyRing::from_env) for the variables.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_env() -> Result<Self, ConfigError> {
        Verifier::from_env().map(QstashMiddleware::new)
    }

    /// Makes the answer to a refused request, in place of that of
    /// [`Refusal`](crate::Refusal). Whatever it is, the reason is put into its
    /// extensions, and a 401 should keep its `WWW-Authenticate`. Its body should
    /// be of a known length and not empty: the rest of the request's is discarded
    /// behind it, while after any other actix-web does so by itself, for as long
    /// as `client_disconnect_timeout` says.
    ///
    /// ```
    /// use actix_web::ResponseError;
    /// use actix_web::http::header::{HeaderName, HeaderValue};
    /// use qstash_verify_actix::{QstashMiddleware, Refusal, SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::new(SigningKeys::new("sig_current", "sig_next")?);
    /// let qstash = QstashMiddleware::new(verifier).on_refusal(|reason| {
    ///     let mut response = Refusal(reason.clone()).error_response();
    ///     let name = HeaderName::from_static("x-service");
    ///     response.headers_mut().insert(name, HeaderValue::from_static("orders"));
    ///     response
    /// });
    /// # Ok::<_, qstash_verify_actix::ConfigError>(())
    /// ```
    pub fn on_refusal<F>(mut self, answer: F) -> Self
    where
        F: Fn(&VerifyError) -> HttpResponse + Send + Sync + 'static,
    {
        self.refuse = Refuse::with(answer);
        self
    }
}

impl fmt::Debug for QstashMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QstashMiddleware")
            .field("verifier", &self.verifier)
            .field("refuse", &self.refuse)
            .finish()
    }
}

impl<S, B> Transform<S, ServiceRequest> for QstashMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = QstashService<S>;
    type Future = Ready<Result<QstashService<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(QstashService {
            service: Rc::new(service),
            verifier: self.verifier.clone(),
            refuse: self.refuse.clone(),
        }))
    }
}

/// The service that [`QstashMiddleware`] makes: it verifies a request and calls
/// the inner service, or answers itself.
///
/// ```
/// use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
/// use qstash_verify_actix::{QstashMiddleware, QstashService};
///
/// async fn wrap<S>(qstash: QstashMiddleware, inner: S) -> QstashService<S>
/// where
///     S: Service<ServiceRequest, Response = ServiceResponse, Error = actix_web::Error> + 'static,
/// {
///     qstash.new_transform(inner).await.unwrap()
/// }
/// ```
#[derive(Debug)]
pub struct QstashService<S> {
    service: Rc<S>,
    verifier: Verifier,
    refuse: Refuse,
}

impl<S, B> Service<ServiceRequest> for QstashService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let refuse = self.refuse.clone();
        match self.verifier.authenticate(&request_head(request.request())) {
            Ok(pending) => {
                let service = Rc::clone(&self.service);
                Box::pin(receive(service, refuse, request, pending.buffered()))
            }
            Err(reason) => Box::pin(refuse_unread(refuse, request, reason)),
        }
    }
}
