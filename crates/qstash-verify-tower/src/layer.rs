use std::fmt;

use bytes::Bytes;
use http::Response;
use qstash_verify::{ConfigError, Verifier, VerifyError};
use tower_layer::Layer;

use crate::response::Refuse;
use crate::service::Qstash;

/// Wraps services in [`Qstash`], which lets only genuine deliveries through.
/// The [crate's documentation](crate) says what it does and where it belongs.
///
/// ```no_run
/// use axum::{Router, routing::post};
/// use qstash_verify_tower::QstashLayer;
///
/// let app: Router = Router::new()
///     .route("/webhook", post(|| async { "thanks" }))
///     .layer(QstashLayer::from_env()?);
/// # Ok::<_, qstash_verify_tower::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct QstashLayer {
    verifier: Verifier,
    refuse: Refuse,
}

impl QstashLayer {
    /// A layer around this verifier, whose settings (keys, URL, tolerance, body
    /// limit, clock) are the layer's.
    ///
    /// ```
    /// use qstash_verify_tower::{KeyRing, QstashLayer, SigningKeys, Verifier};
    ///
    /// let keys = SigningKeys::new("sig_current", "sig_next")?;
    /// let layer = QstashLayer::new(Verifier::builder(keys).body_limit(1024 * 1024).build());
    /// # Ok::<_, qstash_verify_tower::ConfigError>(())
    /// ```
    pub fn new(verifier: Verifier) -> Self {
        QstashLayer {
            verifier,
            refuse: Refuse::default(),
        }
    }

    /// A layer with the keys that the process's environment holds; see
    /// [`KeyRing::from_env`](qstash_verify::KeyRing::from_env) for the variables.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_env() -> Result<Self, ConfigError> {
        Verifier::from_env().map(QstashLayer::new)
    }

    /// Makes the answer to a refused request, in place of
    /// [`VerifyError::response`]. Whatever it is, the reason is put into its
    /// extensions, and a 401 should keep its `WWW-Authenticate`.
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
    pub fn on_refusal<F>(mut self, answer: F) -> Self
    where
        F: Fn(&VerifyError) -> Response<Bytes> + Send + Sync + 'static,
    {
        self.refuse = Refuse::with(answer);
        self
    }
}

impl fmt::Debug for QstashLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QstashLayer")
            .field("verifier", &self.verifier)
            .field("refuse", &self.refuse)
            .finish()
    }
}

impl<S> Layer<S> for QstashLayer {
    type Service = Qstash<S>;

    fn layer(&self, inner: S) -> Qstash<S> {
        Qstash {
            inner,
            verifier: self.verifier.clone(),
            refuse: self.refuse.clone(),
        }
    }
}
