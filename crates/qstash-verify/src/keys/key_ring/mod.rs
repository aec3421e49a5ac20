//! The key ring: the pairs of a service, and the choice among them.

use std::sync::Arc;

use crate::config::config_error::ConfigError;
use crate::config::config_warning::ConfigWarning;
use crate::keys::key_source::KeySource;
use crate::keys::roll::RollWarning;
use crate::keys::signing_key::{KeySlot, SigningKeys};
use crate::region::Region;

/// The signing keys of a service. A delivery is verified with:
///
/// 1. the pair of the region that the header names, if there is one: given to the
///    [builder](Self::builder), or set in multi-region mode (`QSTASH_REGION` is set);
/// 2. else the default pair, or the only one (`KeyRing::from(SigningKeys)`);
/// 3. else none: the delivery is refused.
///
/// ```
/// use qstash_verify::{KeyRing, SigningKeys, Verifier};
///
/// let ring = KeyRing::from(SigningKeys::new("sig_current", "sig_next")?);
/// let verifier = Verifier::new(ring);
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyRing {
    us: Option<Arc<Pair>>,
    eu: Option<Arc<Pair>>,
    /// The pair where the region has none.
    fallback: Option<Arc<Pair>>,
    in_code: bool,
    warnings: Vec<ConfigWarning>,
}

impl KeyRing {
    /// Creates a builder for keys given in code, of one region or of both.
    pub fn builder() -> KeyRingBuilder {
        KeyRingBuilder {
            us: None,
            eu: None,
            default: None,
        }
    }

    /// Multi-region mode.
    pub(crate) fn multi_region(
        us: Option<SigningKeys>,
        eu: Option<SigningKeys>,
        default: Option<SigningKeys>,
        warnings: Vec<ConfigWarning>,
    ) -> Self {
        let [us, eu, fallback] = [us, eu, default].map(|keys| keys.map(Pair::new).map(Arc::new));
        KeyRing {
            us,
            eu,
            fallback,
            in_code: false,
            warnings,
        }
    }

    /// Single-region mode: the region header counts for nothing.
    pub(crate) fn single_region(default: SigningKeys, warnings: Vec<ConfigWarning>) -> Self {
        KeyRing::multi_region(None, None, Some(default), warnings)
    }

    pub(crate) fn push_warning(&mut self, warning: ConfigWarning) {
        self.warnings.push(warning);
    }

    /// Returns the warnings of reading the environment, or of building the ring.
    #[must_use]
    pub fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }

    /// Returns the source of the keys for a region; `None` if there are none.
    ///
    /// `region` is that of the `upstash-region` header.
    ///
    /// ```
    /// use qstash_verify::{KeyRing, KeySource, Region, SigningKeys};
    ///
    /// let ring = KeyRing::from(SigningKeys::new("sig_current", "sig_next")?);
    /// assert_eq!(ring.key_source(Some(Region::UsEast1)), Some(KeySource::Explicit));
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    #[must_use]
    pub fn key_source(&self, region: Option<Region>) -> Option<KeySource> {
        self.resolve(region).map(|(_, source)| source)
    }

    /// Returns which key of a pair `key` is.
    ///
    /// The pair is that of `region`, or the default pair for `None`. White space around `key`
    /// is dropped. Returns `None` if it is neither key, or if there is no such pair.
    ///
    /// ```
    /// use qstash_verify::{KeyRing, KeySlot, SigningKeys};
    ///
    /// let ring = KeyRing::from(SigningKeys::new("sig_current", "sig_next")?);
    /// assert_eq!(ring.key_slot(None, "sig_next"), Some(KeySlot::Next));
    /// assert_eq!(ring.key_slot(None, "sig_other"), None);
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    #[must_use]
    pub fn key_slot(&self, region: Option<Region>, key: &str) -> Option<KeySlot> {
        self.pair(region)?.keys.slot_of(key)
    }

    /// A copy with another pair for `region`; the default pair for `None`.
    pub(crate) fn with_pair(&self, region: Option<Region>, pair: &NewPair) -> Self {
        let mut ring = self.clone();
        let added = pair.warnings.iter();
        let added = added.filter(|warning| !self.warnings.contains(warning));
        ring.warnings.extend(added.cloned());
        let place = match region {
            Some(Region::UsEast1) => &mut ring.us,
            Some(Region::EuCentral1) => &mut ring.eu,
            None => &mut ring.fallback,
        };
        *place = Some(Arc::clone(&pair.pair));
        ring
    }

    fn pair(&self, region: Option<Region>) -> Option<&Pair> {
        match region {
            Some(Region::UsEast1) => self.us.as_deref(),
            Some(Region::EuCentral1) => self.eu.as_deref(),
            None => self.fallback.as_deref(),
        }
    }

    /// The pair that verifies a delivery which says it is of `region`.
    pub(crate) fn resolve(&self, region: Option<Region>) -> Option<(&Pair, KeySource)> {
        let regional = region.and_then(|region| self.pair(Some(region)));
        let pair = regional.or(self.fallback.as_deref())?;
        let source = match (regional.is_some(), pair.is_replacement, self.in_code) {
            (true, true, _) => KeySource::ReplacedRegion,
            (true, false, true) => KeySource::ExplicitRegion,
            (true, false, false) => KeySource::Region,
            (false, true, _) => KeySource::Replaced,
            (false, false, true) => KeySource::Explicit,
            (false, false, false) => KeySource::Default,
        };
        Some((pair, source))
    }
}

impl From<SigningKeys> for KeyRing {
    fn from(keys: SigningKeys) -> Self {
        KeyRing {
            in_code: true,
            warnings: warnings_of([Some(&keys)]),
            ..KeyRing::single_region(keys, Vec::new())
        }
    }
}

/// Logs and returns the warnings of keys given in code.
fn warnings_of<const N: usize>(keys: [Option<&SigningKeys>; N]) -> Vec<ConfigWarning> {
    if !keys
        .into_iter()
        .flatten()
        .any(SigningKeys::has_published_key)
    {
        return Vec::new();
    }
    let warning = ConfigWarning::DevelopmentKeys {
        variables: Vec::new(),
    };
    tracing::warn!(target: "qstash_verify", "{warning}");
    vec![warning]
}

/// Builds a [`KeyRing`] from keys given in code.
///
/// ```
/// use qstash_verify::{KeyRing, Region, SigningKeys};
///
/// let ring = KeyRing::builder()
///     .region(Region::UsEast1, SigningKeys::new("sig_us_current", "sig_us_next")?)
///     .region(Region::EuCentral1, SigningKeys::new("sig_eu_current", "sig_eu_next")?)
///     .build()?;
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeyRingBuilder {
    us: Option<SigningKeys>,
    eu: Option<SigningKeys>,
    default: Option<SigningKeys>,
}

impl KeyRingBuilder {
    /// Adds the keys for deliveries whose `upstash-region` header names `region`.
    pub fn region(mut self, region: Region, keys: SigningKeys) -> Self {
        match region {
            Region::UsEast1 => self.us = Some(keys),
            Region::EuCentral1 => self.eu = Some(keys),
        }
        self
    }

    /// Adds the default pair, for every other delivery.
    ///
    /// That is one without the header, with an unknown region, or of a region without keys.
    /// By default those are refused.
    pub fn default_keys(mut self, keys: SigningKeys) -> Self {
        self.default = Some(keys);
        self
    }

    /// Builds the ring.
    ///
    /// # Errors
    /// [`ConfigError::EmptyKeyRing`] if no keys were added.
    pub fn build(self) -> Result<KeyRing, ConfigError> {
        let KeyRingBuilder { us, eu, default } = self;
        if us.is_none() && eu.is_none() && default.is_none() {
            return Err(ConfigError::EmptyKeyRing);
        }
        Ok(KeyRing {
            in_code: true,
            warnings: warnings_of([us.as_ref(), eu.as_ref(), default.as_ref()]),
            ..KeyRing::multi_region(us, eu, default, Vec::new())
        })
    }
}

/// A pair in a ring.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) keys: SigningKeys,
    pub(crate) roll_warning: RollWarning,
    /// Whether it was put into the ring of a verifier in use.
    is_replacement: bool,
}

impl Pair {
    fn new(keys: SigningKeys) -> Self {
        Pair {
            keys,
            roll_warning: RollWarning::default(),
            is_replacement: false,
        }
    }
}

/// A pair that is about to be put into a ring, and its warnings.
pub(crate) struct NewPair {
    pair: Arc<Pair>,
    warnings: Vec<ConfigWarning>,
}

impl NewPair {
    /// Logs the warnings.
    pub(crate) fn new(keys: SigningKeys) -> Self {
        NewPair {
            warnings: warnings_of([Some(&keys)]),
            pair: Arc::new(Pair {
                is_replacement: true,
                ..Pair::new(keys)
            }),
        }
    }
}

#[cfg(test)]
mod tests;
