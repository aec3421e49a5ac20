//! The verifier, and the order of its checks.

mod builder;

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::{ConfigError, ConfigWarning};
use crate::delivery::body::BodyHash;
use crate::delivery::{PendingDelivery, TokenId, Verified};
use crate::error::VerifyError;
use crate::keys::missing::MissingKeys;
use crate::keys::stale::StaleObserver;
use crate::keys::{KeyRing, KeySlot, KeySource, NewPair, SigningKeys, StaleKeys};
use crate::region::Region;
use crate::request::{RequestHead, Signature};
use crate::token::claims::{self, Checks};
use crate::token::{Decoder, Scratch, Token};
use crate::verifier::builder::Settings;

pub use builder::VerifierBuilder;

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
    settings: Settings,
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
        VerifierBuilder::new(keys.into())
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
        // Loaded once, so one state of the keys verifies the delivery.
        let keys = inner.keys.load();
        let Some((pair, source)) = keys.resolve(region) else {
            let now = inner.settings.clock.unix_seconds();
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
        let mut body = BodyHash::new(inner.settings.body_limit, signed_hash);
        body.declare(head.content_length)?;
        Ok(PendingDelivery::new(
            body,
            Verified {
                region,
                key,
                source,
                claims,
                id,
                tolerance: inner.settings.tolerance,
            },
        ))
    }

    fn checks<'a>(&'a self, head: &RequestHead<'a>) -> Checks<'a> {
        let settings = &self.0.settings;
        Checks {
            now: settings.clock.unix_seconds(),
            tolerance: settings.tolerance,
            destinations: &settings.destinations,
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
    /// is verified with the keys of one moment, those at which its head was authenticated.
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
    /// must not block, and has to limit by itself how often it acts: unauthenticated
    /// senders can make such tokens.
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
        self.0.settings.body_limit
    }

    /// Returns the warnings of its keys; see [`KeyRing::warnings`].
    #[must_use]
    pub fn warnings(&self) -> Vec<ConfigWarning> {
        self.0.keys.load().warnings().to_vec()
    }
}

impl VerifierBuilder {
    /// Builds the verifier.
    #[must_use]
    pub fn build(self) -> Verifier {
        Verifier(Arc::new(Inner {
            keys: ArcSwap::from_pointee(self.keys),
            missing_keys: MissingKeys::default(),
            stale_observer: StaleObserver::default(),
            settings: self.settings,
            decoder: Decoder::new(),
        }))
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
