//! The verifier, its builder, and the order of its checks.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::config::{ConfigError, ConfigWarning};
use crate::delivery::body::{BodyHash, DEFAULT_BODY_LIMIT};
use crate::delivery::{PendingDelivery, TokenId, Verified};
use crate::destination::{Destination, Destinations, QueryOrder};
use crate::error::VerifyError;
use crate::keys::missing::MissingKeys;
use crate::keys::stale::StaleObserver;
use crate::keys::{KeyRing, KeySlot, KeySource, NewPair, SigningKeys, StaleKeys};
use crate::region::Region;
use crate::request::{RequestHead, Signature};
use crate::token::claims::{self, Checks};
use crate::token::{Decoder, Scratch, Token};

/// Verifies deliveries of QStash. Clones are cheap and share one state.
///
/// ```no_run
/// use qstash_verify::{RequestHead, Verifier};
///
/// let verifier = Verifier::from_env()?;
/// # let headers = [("upstash-signature", "")];
/// # let body = b"";
/// let head = RequestHead::new(headers, "/webhook");
/// match verifier.verify(&head, body) {
///     Ok(verified) => println!("genuine: {}", verified.claims().sub()),
///     Err(refused) => println!("{} {}", refused.status(), refused.body()),
/// }
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: ArcSwap<KeyRing>,
    missing_keys: MissingKeys,
    stale_observer: StaleObserver,
    destinations: Destinations,
    tolerance: f64,
    body_limit: u64,
    clock: Clock,
    decoder: Decoder,
}

impl Verifier {
    /// Creates a verifier with the keys of the process's environment.
    ///
    /// [`KeyRing::from_env`] lists the variables.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`].
    pub fn from_env() -> Result<Self, ConfigError> {
        KeyRing::from_env().map(Verifier::new)
    }

    /// Creates a verifier with the keys of another environment, such as a Worker's.
    ///
    /// See [`KeyRing::from_lookup`].
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        KeyRing::from_lookup(lookup).map(Verifier::new)
    }

    /// Creates a verifier with these keys and the default settings.
    #[must_use]
    pub fn new(keys: impl Into<KeyRing>) -> Self {
        Verifier::builder(keys).build()
    }

    /// Creates a builder, to set a URL, a tolerance, a limit or a clock.
    pub fn builder(keys: impl Into<KeyRing>) -> VerifierBuilder {
        VerifierBuilder(Inner {
            keys: ArcSwap::from_pointee(keys.into()),
            missing_keys: MissingKeys::default(),
            stale_observer: StaleObserver::default(),
            destinations: Destinations::default(),
            tolerance: 0.0,
            body_limit: DEFAULT_BODY_LIMIT,
            clock: Clock::default(),
            decoder: Decoder::new(),
        })
    }

    /// Verifies everything but the body: the token, its claims and `Content-Length`.
    ///
    /// The first of two steps, before any of the body is read.
    ///
    /// # Errors
    /// Every [`VerifyError`] except [`BodyMismatch`](VerifyError::BodyMismatch)
    /// and [`BodyUnreadable`](VerifyError::BodyUnreadable).
    pub fn authenticate(&self, head: &RequestHead<'_>) -> Result<PendingDelivery, VerifyError> {
        let inner = &*self.0;
        let token = match &head.signature {
            Signature::Absent => return Err(VerifyError::MissingSignature),
            Signature::One(token) => token,
            Signature::Several => {
                return Err(VerifyError::MalformedToken {
                    reason: "there is more than one",
                });
            }
        };
        let region = head.region;
        let mut scratch = Scratch::new();
        let token = Token::read(token, &inner.decoder, &mut scratch)?;
        // Loaded once, so one state of the keys judges the delivery.
        let keys = inner.keys.load();
        let Some((pair, source)) = keys.resolve(region) else {
            let now = inner.clock.unix_seconds();
            let repeated = inner.missing_keys.is_repeated(region, now);
            return Err(VerifyError::NoSigningKeys { region, repeated });
        };
        let made_by = |mac: [u8; 32]| {
            let key = pair.keys.which_made(token.signing_input, &mac)?;
            let (id, _) = mac.split_first_chunk()?;
            Some((key, TokenId(*id)))
        };
        let Some((key, id)) = token.mac.and_then(made_by) else {
            if inner.stale_observer.is_set() {
                self.observe_unknown_key(&token, head, source);
            }
            return Err(VerifyError::BadSignature { source, region });
        };
        let checks = self.checks(head);
        let (claims, signed_hash) = claims::check(token.payload, &checks)?;

        if key == KeySlot::Next && !inner.stale_observer.call(source, region, true) {
            pair.roll_warning.next_key_used(source, region);
        }
        let mut body = BodyHash::new(inner.body_limit, signed_hash);
        body.declare(head.content_length)?;
        Ok(PendingDelivery::new(
            body,
            Verified {
                region,
                key,
                source,
                claims,
                id,
                tolerance: inner.tolerance,
            },
        ))
    }

    fn checks<'a>(&'a self, head: &RequestHead<'a>) -> Checks<'a> {
        Checks {
            now: self.0.clock.unix_seconds(),
            tolerance: self.0.tolerance,
            destinations: &self.0.destinations,
            path_and_query: head.path_and_query,
        }
    }

    /// Tells the observer of a token that neither key signed, if QStash might have.
    #[cold]
    fn observe_unknown_key(&self, token: &Token<'_>, head: &RequestHead<'_>, source: KeySource) {
        if token.mac.is_some() && claims::check(token.payload, &self.checks(head)).is_ok() {
            self.0.stale_observer.call(source, head.region, false);
        }
    }

    /// Verifies a delivery whose body has been read.
    ///
    /// # Errors
    /// Every [`VerifyError`] except [`BodyUnreadable`](VerifyError::BodyUnreadable).
    pub fn verify(&self, head: &RequestHead<'_>, body: &[u8]) -> Result<Verified, VerifyError> {
        let mut pending = self.authenticate(head)?;
        pending.update(body)?;
        pending.finish()
    }

    /// Replaces the keys of this verifier and of all its clones, while they verify.
    ///
    /// The replacement is atomic, and verification never waits for it: each delivery
    /// is judged by the keys of one moment, those at which its head was authenticated.
    /// A delivery on its way that was signed with a key which the new keys lack is
    /// refused, and accepted once QStash retries it with a new signature.
    ///
    /// ```
    /// use qstash_verify::{SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::new(SigningKeys::new("sig_a", "sig_b")?);
    /// let in_service = verifier.clone();
    /// verifier.replace_keys(SigningKeys::new("sig_b", "sig_c")?);
    /// assert!(in_service.keys().key_slot(None, "sig_c").is_some());
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    pub fn replace_keys(&self, keys: impl Into<KeyRing>) {
        self.0.keys.store(Arc::new(keys.into()));
    }

    /// Replaces or adds the pair of a region, or the default pair for `None`.
    ///
    /// As [`replace_keys`](Self::replace_keys), but the other pairs stay as they are,
    /// even if others replace them at the same time. Published keys are logged, and
    /// added once to the [warnings](Self::warnings), where they remain.
    ///
    /// ```
    /// use qstash_verify::{Region, SigningKeys, Verifier};
    ///
    /// fn replace_us_keys(verifier: &Verifier, keys: SigningKeys) {
    ///     verifier.set_keys(Some(Region::UsEast1), keys);
    /// }
    /// ```
    pub fn set_keys(&self, region: Option<Region>, keys: SigningKeys) {
        let pair = NewPair::new(keys);
        self.0.keys.rcu(|ring| ring.with_pair(region, &pair));
    }

    /// Returns the keys that verify at this moment.
    #[must_use]
    pub fn keys(&self) -> KeyRing {
        KeyRing::clone(&self.0.keys.load())
    }

    /// Sets the observer of deliveries that suggest stale keys, for all clones.
    ///
    /// It replaces an earlier one. It returns whether it takes care of the keys: if so, the
    /// warning that they were rolled is not logged.
    ///
    /// It is called within verification, for every delivery signed with the next key
    /// and for every token with QStash's shape and claims that neither key signed. It
    /// must not block, and has to limit by itself how often it acts: strangers can make
    /// such tokens.
    ///
    /// The verifier owns the observer. One that owns a clone of the verifier keeps both
    /// alive for ever; let it own the sender of a channel, and the receiver's task the
    /// verifier.
    pub fn on_stale_keys(&self, observer: impl Fn(StaleKeys) -> bool + Send + Sync + 'static) {
        self.0.stale_observer.set(Box::new(observer));
    }

    /// Returns the longest body that is accepted, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> u64 {
        self.0.body_limit
    }

    /// Returns the warnings of its keys; see [`KeyRing::warnings`].
    #[must_use]
    pub fn warnings(&self) -> Vec<ConfigWarning> {
        self.0.keys.load().warnings().to_vec()
    }
}

/// Builds a [`Verifier`].
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
pub struct VerifierBuilder(Inner);

impl VerifierBuilder {
    /// Accepts only deliveries whose claim `sub` equals this URL.
    ///
    /// The path of the request is not compared. The URL must be written as it is
    /// published to, query included. For an endpoint with one URL;
    /// [`base_url`](Self::base_url) is for a service with several paths. Each call of
    /// either adds a URL; any of them may match. By default every `sub` is accepted.
    ///
    /// # Errors
    /// [`ConfigError::InvalidUrl`] if it is no absolute `http` or `https` URL.
    pub fn url(mut self, url: &str) -> Result<Self, ConfigError> {
        self.0.destinations.add(Destination::url(url)?);
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
    /// [`ConfigError::InvalidUrl`] if it is no absolute `http` or `https` URL,
    /// or has a query or a fragment.
    pub fn base_url(mut self, url: &str) -> Result<Self, ConfigError> {
        self.0.destinations.add(Destination::base(url)?);
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
        self.0.destinations.set_query_order(QueryOrder::Ignored);
        self
    }

    /// Sets how far this machine's clock and QStash's may differ; zero by default.
    ///
    /// A delivery is accepted from `nbf` minus this until `exp` plus this.
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.0.tolerance = tolerance.as_secs_f64();
        self
    }

    /// Sets the body limit in bytes; [`DEFAULT_BODY_LIMIT`] by default.
    ///
    /// A longer body is [`VerifyError::BodyTooLarge`].
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.0.body_limit = bytes;
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
        self.0.clock = Clock::custom(clock);
        self
    }

    /// Builds the verifier.
    #[must_use]
    pub fn build(self) -> Verifier {
        Verifier(Arc::new(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_limit_is_10_mib_unless_set() {
        let builder = || Verifier::builder(SigningKeys::development());
        assert_eq!(
            Verifier::new(SigningKeys::development()).body_limit(),
            10_485_760
        );
        assert_eq!(builder().build().body_limit(), 10_485_760);
        assert_eq!(builder().body_limit(7).build().body_limit(), 7);
    }

    #[test]
    fn warnings_are_those_of_the_keys() {
        let mut keys = KeyRing::from(SigningKeys::development());
        assert_eq!(Verifier::new(keys.clone()).warnings(), []);
        let warning = ConfigWarning::HalfPair {
            region: None,
            missing: "A",
        };
        keys.push_warning(warning.clone());
        assert_eq!(Verifier::new(keys).warnings(), [warning]);
    }
}
