use std::fmt;

use axum::body::Body;
use axum::response::Response;
use qstash_verify::{ConfigError, RefusalHandler, ReplayProtection, Verifier, VerifyError};
use tower_layer::Layer;

use crate::extract::original_uri;
use crate::service::QstashService;

/// A layer that verifies deliveries before they reach the inner service.
///
/// It wraps services in [`QstashService`]. The [crate documentation](crate)
/// describes the order of checks and of layers.
///
/// ```no_run
/// use axum::{Router, routing::post};
/// use qstash_verify_axum::QstashLayer;
///
/// let app: Router = Router::new()
///     .route("/webhook", post(|| async { "thanks" }))
///     .layer(QstashLayer::from_env()?);
/// # Ok::<_, qstash_verify_axum::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct QstashLayer {
    verifier: Verifier,
    refuse: RefusalHandler<Response>,
    replay: ReplayProtection,
}

impl QstashLayer {
    /// Creates a layer with a verifier's keys, URL, tolerance, limit and clock.
    ///
    /// ```
    /// use qstash_verify_axum::{QstashLayer, SigningKeys, Verifier};
    ///
    /// let keys = SigningKeys::new("sig_current", "sig_next")?;
    /// let layer = QstashLayer::new(Verifier::builder(keys).body_limit(1024 * 1024).build());
    /// # Ok::<_, qstash_verify_axum::ConfigError>(())
    /// ```
    pub fn new(verifier: Verifier) -> Self {
        QstashLayer {
            verifier,
            refuse: RefusalHandler::default(),
            replay: ReplayProtection::default(),
        }
    }

    /// Creates a layer with the keys in the environment variables of the process.
    ///
    /// [`KeyRing::from_env`](qstash_verify::KeyRing::from_env) lists the variables.
    ///
    /// # Errors
    /// Returns the errors of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_env() -> Result<Self, ConfigError> {
        Verifier::from_env().map(QstashLayer::new)
    }

    /// Creates a layer with the keys that `lookup` returns, e.g. from a secret store.
    ///
    /// See [`KeyRing::from_lookup`](qstash_verify::KeyRing::from_lookup).
    ///
    /// # Errors
    /// Returns the errors of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Verifier::from_lookup(lookup).map(QstashLayer::new)
    }

    /// Sets the response to refused requests.
    ///
    /// The default is [`VerifyError::response`]. The layer inserts the reason into
    /// the response's extensions. A 401 should keep its `WWW-Authenticate` header.
    ///
    /// ```
    /// use axum::response::Response;
    /// use qstash_verify_axum::{QstashLayer, SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::new(SigningKeys::new("sig_current", "sig_next")?);
    /// let layer = QstashLayer::new(verifier).on_refusal(|reason| {
    ///     let mut response: Response = reason.response();
    ///     response.headers_mut().insert("x-service", "orders".parse().unwrap());
    ///     response
    /// });
    /// # Ok::<_, qstash_verify_axum::ConfigError>(())
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
    /// inner service is called. The crate `qstash-verify-replay` has stores in memory
    /// and in Redis. A second layer on the same route would ask again, and refuse
    /// every delivery.
    ///
    /// ```
    /// use qstash_verify_axum::{QstashLayer, ReplayStore, Verifier};
    ///
    /// fn protected(verifier: Verifier, store: impl ReplayStore) -> QstashLayer {
    ///     QstashLayer::new(verifier).replay_store(store)
    /// }
    /// ```
    pub fn replay_store(mut self, store: impl Into<ReplayProtection>) -> Self {
        self.replay = store.into();
        self
    }
}

impl fmt::Debug for QstashLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QstashLayer")
            .field("verifier", &self.verifier)
            .field("refuse", &self.refuse)
            .field("replay", &self.replay)
            .finish()
    }
}

impl<S> Layer<S> for QstashLayer {
    type Service = QstashService<S>;

    fn layer(&self, inner: S) -> QstashService<S> {
        let layer = qstash_verify_tower::QstashLayer::new(self.verifier.clone())
            .target_from(|parts| original_uri(&parts.extensions, &parts.uri))
            .map_body(Body::new as fn(_) -> _)
            .replay_store(self.replay.clone());
        QstashService {
            inner: layer.layer(inner),
            refuse: self.refuse.clone(),
        }
    }
}
