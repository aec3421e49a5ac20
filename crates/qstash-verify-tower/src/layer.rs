use std::convert::identity;
use std::fmt;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, Uri};
use qstash_verify::{ConfigError, RefusalHandler, Verifier, VerifyError};
use tower_layer::Layer;

use crate::body::VerifiedBody;
use crate::service::QstashService;
use crate::target::Target;

/// Wraps services in [`QstashService`], which lets only genuine deliveries
/// through. The [crate's documentation](crate) has the contract and the order of
/// layers.
///
/// `F` makes the inner service's body from a [`VerifiedBody`]; see
/// [`map_body`](Self::map_body).
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
}

impl QstashLayer {
    /// Creates a layer around this verifier, whose settings (keys, URL, tolerance,
    /// body limit, clock) are the layer's.
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
        }
    }

    /// Creates a layer with the keys that the process's environment holds; see
    /// [`KeyRing::from_env`](qstash_verify::KeyRing::from_env) for the variables.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_env() -> Result<Self, ConfigError> {
        Verifier::from_env().map(QstashLayer::new)
    }

    /// Creates a layer with the keys of any other environment, such as a secret
    /// store; see [`KeyRing::from_lookup`](qstash_verify::KeyRing::from_lookup).
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Verifier::from_lookup(lookup).map(QstashLayer::new)
    }
}

impl<F> QstashLayer<F> {
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
    pub fn on_refusal(
        mut self,
        answer: impl Fn(&VerifyError) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        self.refuse = RefusalHandler::new(answer);
        self
    }

    /// Names the URI that is compared with the verifier's
    /// [`base_url`](crate::VerifierBuilder::base_url), in place of the request's
    /// own: for a router that strips a prefix and keeps the original URI in the
    /// extensions. It must be the URI that the client sent.
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

    /// Makes the body that the inner service takes from a [`VerifiedBody`]. The
    /// last call counts.
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
        }
    }
}

impl<F> fmt::Debug for QstashLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QstashLayer")
            .field("verifier", &self.verifier)
            .field("target", &self.target)
            .field("refuse", &self.refuse)
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
        }
    }
}
