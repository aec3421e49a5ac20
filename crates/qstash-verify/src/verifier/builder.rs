//! The settings of a verifier.

use std::time::{Duration, SystemTime};

use crate::clock::Clock;
use crate::config::ConfigError;
use crate::delivery::body::DEFAULT_BODY_LIMIT;
use crate::destination::{Destination, Destinations, QueryOrder};
use crate::keys::KeyRing;

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) destinations: Destinations,
    /// Seconds.
    pub(super) tolerance: f64,
    /// Bytes.
    pub(super) body_limit: u64,
    pub(super) clock: Clock,
}

/// Builds a [`Verifier`](crate::Verifier).
///
/// ```
/// use std::time::Duration;
/// use qstash_verify::{SigningKeys, Verifier};
///
/// let verifier = Verifier::builder(SigningKeys::new("sig_current", "sig_next")?)
///     .base_url("https://api.example.com")?
///     .tolerance(Duration::from_secs(5))
///     .body_limit(1024 * 1024)
///     .build();
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct VerifierBuilder {
    pub(super) keys: KeyRing,
    pub(super) settings: Settings,
}

impl VerifierBuilder {
    pub(super) fn new(keys: KeyRing) -> Self {
        let settings = Settings {
            destinations: Destinations::default(),
            tolerance: 0.0,
            body_limit: DEFAULT_BODY_LIMIT,
            clock: Clock::default(),
        };
        VerifierBuilder { keys, settings }
    }

    /// Accepts only deliveries whose claim `sub` equals this URL.
    ///
    /// The path of the request is not compared. The URL must be written as it is
    /// published to, query included. For an endpoint with one URL;
    /// [`base_url`](Self::base_url) is for a service with several paths. Each call of
    /// either adds a URL; any of them may match. By default every `sub` is accepted.
    ///
    /// # Errors
    /// [`ConfigError::InvalidUrl`] if it is not an absolute `http` or `https` URL.
    pub fn url(mut self, url: &str) -> Result<Self, ConfigError> {
        self.settings.destinations.add(Destination::url(url)?);
        Ok(self)
    }

    /// Accepts only deliveries for `url` joined with the request's path and query.
    ///
    /// `url` is the public origin of the service, such as `https://api.example.com`, or
    /// `https://example.com/api` if a proxy removes the prefix `/api`.
    ///
    /// Scheme and host are compared without case, path and query verbatim. An empty
    /// path equals `/`, and a fragment is ignored, since clients do not send it. Every
    /// delivery is a `url_mismatch` if a proxy rewrites paths or queries in another way,
    /// if only one of the two URLs has a port or user information, or if a client
    /// percent-encodes characters that the publisher did not.
    ///
    /// # Errors
    /// [`ConfigError::InvalidUrl`] if it is not an absolute `http` or `https` URL,
    /// or has a query or a fragment.
    pub fn base_url(mut self, url: &str) -> Result<Self, ConfigError> {
        self.settings.destinations.add(Destination::base(url)?);
        Ok(self)
    }

    /// Ignores the order of query parameters in [`base_url`](Self::base_url) checks.
    ///
    /// For hosts that lose their order: AWS Lambda behind a REST API (v1) or an ALB, where
    /// `lambda_http` rebuilds the query from a hash map. Names and values are compared
    /// decoded (`%20` equals `+`, `a` equals `a=`), as a multiset. By default the query
    /// is compared verbatim. [`url`](Self::url) is not affected.
    ///
    /// ```
    /// use qstash_verify::{SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::builder(SigningKeys::new("sig_current", "sig_next")?)
    ///     .base_url("https://api.example.com")?
    ///     .any_query_order()
    ///     .build();
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    pub fn any_query_order(mut self) -> Self {
        self.settings
            .destinations
            .set_query_order(QueryOrder::Ignored);
        self
    }

    /// Sets how far this machine's clock and QStash's may differ; zero by default.
    ///
    /// A delivery is accepted from `nbf` minus this until `exp` plus this.
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.settings.tolerance = tolerance.as_secs_f64();
        self
    }

    /// Sets the body limit in bytes; [`DEFAULT_BODY_LIMIT`] by default.
    ///
    /// A longer body is [`BodyTooLarge`](crate::VerifyError::BodyTooLarge).
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.settings.body_limit = bytes;
        self
    }

    /// Replaces the system's clock, for tests and for hosts without one.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use qstash_verify::{SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::builder(SigningKeys::development())
    ///     .clock(|| UNIX_EPOCH + Duration::from_secs(1_721_068_900))
    ///     .build();
    /// ```
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.settings.clock = Clock::custom(clock);
        self
    }
}
