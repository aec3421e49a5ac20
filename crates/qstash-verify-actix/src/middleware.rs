//! The middleware and its settings.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpResponse};
use qstash_verify::{ConfigError, RefusalHandler, ReplayProtection, Verifier, VerifyError};

use crate::service::QstashService;

/// Middleware that verifies deliveries before they reach the inner service.
///
/// It wraps an `App`, a `Scope` or a `Resource`; see the [crate documentation](crate).
/// Create it once, outside the closure that builds the app, and clone it there: the
/// workers share its keys, and a configuration error prevents startup.
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
#[derive(Clone, Debug)]
#[must_use]
pub struct QstashMiddleware {
    verifier: Verifier,
    refuse: RefusalHandler<HttpResponse>,
    replay: ReplayProtection,
}

impl QstashMiddleware {
    /// Creates middleware with a verifier's keys, URL, tolerance, limit and clock.
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
            refuse: RefusalHandler::default(),
            replay: ReplayProtection::default(),
        }
    }

    /// Creates middleware with the keys in the process's environment variables.
    ///
    /// [`KeyRing::from_env`](qstash_verify::KeyRing::from_env) lists the variables.
    ///
    /// # Errors
    /// Returns the errors of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_env() -> Result<Self, ConfigError> {
        Verifier::from_env().map(QstashMiddleware::new)
    }

    /// Creates middleware with the keys that `lookup` returns.
    ///
    /// Use it for a secret manager; see
    /// [`KeyRing::from_lookup`](qstash_verify::KeyRing::from_lookup).
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use qstash_verify_actix::{ConfigError, QstashMiddleware};
    ///
    /// fn qstash(secrets: &HashMap<String, String>) -> Result<QstashMiddleware, ConfigError> {
    ///     QstashMiddleware::from_lookup(|name| secrets.get(name).cloned())
    /// }
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Verifier::from_lookup(lookup).map(QstashMiddleware::new)
    }

    /// Sets the response to refused requests.
    ///
    /// The default is that of [`Refusal`](crate::Refusal). The middleware inserts the
    /// reason into the response's extensions. A 401 should keep its `WWW-Authenticate`
    /// header. The body should have a known length above zero: then draining of the
    /// request's body is bounded. Otherwise actix-web keeps reading until
    /// `client_disconnect_timeout`.
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
    pub fn on_refusal<F>(mut self, respond: F) -> Self
    where
        F: Fn(&VerifyError) -> HttpResponse + Send + Sync + 'static,
    {
        self.refuse = RefusalHandler::new(respond);
        self
    }

    /// Refuses replays: deliveries whose token `store` recorded before.
    ///
    /// Off by default. The store is asked after the body is verified and before the
    /// inner service is called. The crate `qstash-verify-replay` has stores in memory
    /// and in Redis. A second middleware on the same route would ask again, and
    /// refuse every delivery.
    ///
    /// ```
    /// use qstash_verify_actix::{QstashMiddleware, ReplayStore, Verifier};
    ///
    /// fn protected(verifier: Verifier, store: impl ReplayStore) -> QstashMiddleware {
    ///     QstashMiddleware::new(verifier).replay_store(store)
    /// }
    /// ```
    pub fn replay_store(mut self, store: impl Into<ReplayProtection>) -> Self {
        self.replay = store.into();
        self
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
            replay: self.replay.clone(),
        }))
    }
}
