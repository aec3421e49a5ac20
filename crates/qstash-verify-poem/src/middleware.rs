//! The middleware and its settings.

use poem::{Endpoint, Middleware, Response};
use qstash_verify::{ConfigError, RefusalHandler, ReplayProtection, Verifier, VerifyError};

use crate::endpoint::QstashEndpoint;

/// Middleware that lets only genuine deliveries through.
///
/// See the [crate's documentation](crate).
///
/// ```no_run
/// use poem::{EndpointExt, Route, handler, post};
/// use qstash_verify_poem::QstashMiddleware;
///
/// #[handler]
/// fn webhook() -> &'static str {
///     "thanks"
/// }
///
/// let app = Route::new().at("/webhook", post(webhook).with(QstashMiddleware::from_env()?));
/// # Ok::<_, qstash_verify_poem::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct QstashMiddleware {
    verifier: Verifier,
    refuse: RefusalHandler<Response>,
    replay: ReplayProtection,
}

impl QstashMiddleware {
    /// Creates middleware with this verifier.
    ///
    /// The verifier has the keys, URL, tolerance, body limit and clock.
    ///
    /// ```
    /// use qstash_verify_poem::{QstashMiddleware, SigningKeys, Verifier};
    ///
    /// let keys = SigningKeys::new("sig_current", "sig_next")?;
    /// let qstash = QstashMiddleware::new(Verifier::builder(keys).body_limit(1024 * 1024).build());
    /// # Ok::<_, qstash_verify_poem::ConfigError>(())
    /// ```
    pub fn new(verifier: Verifier) -> Self {
        QstashMiddleware {
            verifier,
            refuse: RefusalHandler::default(),
            replay: ReplayProtection::default(),
        }
    }

    /// Creates middleware with the keys of the process's environment.
    ///
    /// See [`KeyRing::from_env`](qstash_verify::KeyRing::from_env) for the variables.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_env() -> Result<Self, ConfigError> {
        Verifier::from_env().map(QstashMiddleware::new)
    }

    /// Creates middleware with the keys of another environment.
    ///
    /// Such as a secret manager; see
    /// [`KeyRing::from_lookup`](qstash_verify::KeyRing::from_lookup).
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Verifier::from_lookup(lookup).map(QstashMiddleware::new)
    }

    /// Responds to refused requests with the response of `respond`.
    ///
    /// It takes the place of that of [`Refusal`](crate::Refusal).
    ///
    /// The reason is put into the response's extensions. A 401 should keep its
    /// `WWW-Authenticate`.
    ///
    /// ```
    /// use poem::http::HeaderValue;
    /// use poem::IntoResponse;
    /// use qstash_verify_poem::{QstashMiddleware, Refusal, SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::new(SigningKeys::new("sig_current", "sig_next")?);
    /// let qstash = QstashMiddleware::new(verifier).on_refusal(|reason| {
    ///     let mut response = Refusal(reason.clone()).into_response();
    ///     response.headers_mut().insert("x-service", HeaderValue::from_static("orders"));
    ///     response
    /// });
    /// # Ok::<_, qstash_verify_poem::ConfigError>(())
    /// ```
    pub fn on_refusal(
        mut self,
        respond: impl Fn(&VerifyError) -> Response + Send + Sync + 'static,
    ) -> Self {
        self.refuse = RefusalHandler::new(respond);
        self
    }

    /// Refuses replays: deliveries whose token `store` recorded before.
    ///
    /// Off by default. The store is asked after the body is verified and before the
    /// inner endpoint is called. The crate `qstash-verify-replay` has stores in memory and in
    /// Redis. A second middleware on the same route would ask again, and refuse
    /// every delivery.
    ///
    /// ```
    /// use qstash_verify_poem::{QstashMiddleware, ReplayStore, Verifier};
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

impl<E: Endpoint> Middleware<E> for QstashMiddleware {
    type Output = QstashEndpoint<E>;

    fn transform(&self, inner: E) -> QstashEndpoint<E> {
        QstashEndpoint {
            inner,
            verifier: self.verifier.clone(),
            refuse: self.refuse.clone(),
            replay: self.replay.clone(),
        }
    }
}
