use std::convert::identity;
use std::fmt;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, Uri};
use qstash_verify::{ConfigError, RefusalHandler, ReplayProtection, Verifier, VerifyError};
use tower_layer::Layer;

use crate::body::VerifiedBody;
use crate::service::QstashService;
use crate::target::Target;

/// A layer that verifies deliveries before they reach the inner service.
///
/// It wraps services in [`QstashService`]. The [crate documentation](crate)
/// describes the order of checks and of layers. `F` maps a [`VerifiedBody`] to
/// the inner service's request body; see [`map_body`](Self::map_body).
///
/// ```no_run
/// use http::{Request, Response};
/// use qstash_verify_tower::{QstashLayer, VerifiedBody};
/// use tower::ServiceBuilder;
///
/// let service = ServiceBuilder::new()
///     .layer(QstashLayer::from_env()?)
///     .service_fn(|request: Request<VerifiedBody>| async {
///         Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
///     });
/// # let _: &dyn Send = &service;
/// # Ok::<_, qstash_verify_tower::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct QstashLayer<F = fn(VerifiedBody) -> VerifiedBody> {
    verifier: Verifier,
    target: Target,
    map_body: F,
    refuse: RefusalHandler<Response<Bytes>>,
    replay: ReplayProtection,
}

impl QstashLayer {
    /// Creates a layer with a verifier's keys, URL, tolerance, limit and clock.
    ///
    /// ```
    /// use qstash_verify_tower::{QstashLayer, SigningKeys, Verifier};
    ///
    /// let keys = SigningKeys::new("sig_current", "sig_next")?;
    /// let layer = QstashLayer::new(Verifier::builder(keys).body_limit(1024 * 1024).build());
    /// # Ok::<_, qstash_verify_tower::ConfigError>(())
    /// ```
    pub fn new(verifier: Verifier) -> Self {
        QstashLayer {
            verifier,
            target: Target::default(),
            map_body: identity,
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
}

impl<F> QstashLayer<F> {
    /// Sets the response to refused requests.
    ///
    /// The default is [`VerifyError::response`]. The layer inserts the reason into
    /// the response's extensions. A 401 should keep its `WWW-Authenticate` header.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use qstash_verify_tower::{QstashLayer, SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::new(SigningKeys::new("sig_current", "sig_next")?);
    /// let layer = QstashLayer::new(verifier).on_refusal(|reason| {
    ///     let mut response = reason.response::<Bytes>();
    ///     response.headers_mut().insert("x-service", "orders".parse().unwrap());
    ///     response
    /// });
    /// # Ok::<_, qstash_verify_tower::ConfigError>(())
    /// ```
    pub fn on_refusal(
        mut self,
        respond: impl Fn(&VerifyError) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        self.refuse = RefusalHandler::new(respond);
        self
    }

    /// Refuses replays: deliveries whose token `store` recorded before.
    ///
    /// Off by default. The store is asked after the body is verified and before the
    /// inner service is called. The crate `qstash-verify-replay` has stores in memory
    /// and in Redis. A second layer on the way to the same service would ask
    /// again, and refuse every delivery.
    ///
    /// ```
    /// use qstash_verify_tower::{QstashLayer, ReplayStore, Verifier};
    ///
    /// fn protected(verifier: Verifier, store: impl ReplayStore) -> QstashLayer {
    ///     QstashLayer::new(verifier).replay_store(store)
    /// }
    /// ```
    pub fn replay_store(mut self, store: impl Into<ReplayProtection>) -> Self {
        self.replay = store.into();
        self
    }

    /// Sets the URI that is compared with the verifier's base URL.
    ///
    /// The default is the request's URI. Use this for a router that strips a prefix
    /// and keeps the original URI in the extensions; `target` must return the URI
    /// that the client sent. See [`base_url`](crate::VerifierBuilder::base_url).
    ///
    /// ```
    /// use http::Uri;
    /// use qstash_verify_tower::{QstashLayer, SigningKeys, Verifier};
    ///
    /// #[derive(Clone)]
    /// struct OriginalUri(Uri);
    ///
    /// let verifier = Verifier::builder(SigningKeys::new("sig_current", "sig_next")?)
    ///     .base_url("https://api.example.com")?
    ///     .build();
    /// let layer = QstashLayer::new(verifier).target_from(|parts| {
    ///     let original = parts.extensions.get::<OriginalUri>();
    ///     original.map_or(&parts.uri, |original| &original.0)
    /// });
    /// # Ok::<_, qstash_verify_tower::ConfigError>(())
    /// ```
    pub fn target_from(mut self, target: impl Fn(&Parts) -> &Uri + Send + Sync + 'static) -> Self {
        self.target = Target::new(target);
        self
    }

    /// Maps a [`VerifiedBody`] to the inner service's request body.
    ///
    /// A second call replaces the first.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::Full;
    /// use qstash_verify_tower::{QstashLayer, SigningKeys, Verifier};
    /// use tower::{Layer, service_fn};
    ///
    /// let verifier = Verifier::new(SigningKeys::new("sig_current", "sig_next")?);
    /// let service = QstashLayer::new(verifier)
    ///     .map_body(|body| Full::new(body.into_bytes()))
    ///     .layer(service_fn(|request: Request<Full<Bytes>>| async {
    ///         Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
    ///     }));
    /// # let _: &dyn Send = &service;
    /// # Ok::<_, qstash_verify_tower::ConfigError>(())
    /// ```
    pub fn map_body<G, B>(self, map_body: G) -> QstashLayer<G>
    where
        G: Fn(VerifiedBody) -> B + Clone,
    {
        QstashLayer {
            verifier: self.verifier,
            target: self.target,
            map_body,
            refuse: self.refuse,
            replay: self.replay,
        }
    }
}

impl<F> fmt::Debug for QstashLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QstashLayer")
            .field("verifier", &self.verifier)
            .field("target", &self.target)
            .field("refuse", &self.refuse)
            .field("replay", &self.replay)
            .finish()
    }
}

impl<S, F: Clone> Layer<S> for QstashLayer<F> {
    type Service = QstashService<S, F>;

    fn layer(&self, inner: S) -> QstashService<S, F> {
        QstashService {
            inner,
            verifier: self.verifier.clone(),
            target: self.target.clone(),
            map_body: self.map_body.clone(),
            refuse: self.refuse.clone(),
            replay: self.replay.clone(),
        }
    }
}
