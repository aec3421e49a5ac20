//! The keys of a service, and which pair verifies a delivery.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::error::ConfigWarning;
use crate::keys::signing_key::SigningKeys;
use crate::region::Region;

/// Where the pair of keys for a delivery comes from.
///
/// ```
/// assert_eq!(qstash_verify::KeySource::Region.as_str(), "region");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySource {
    /// Given in code: used whatever the region header says.
    Explicit,
    /// The pair of the region that the `upstash-region` header names.
    Region,
    /// The default pair, `QSTASH_CURRENT_SIGNING_KEY` and
    /// `QSTASH_NEXT_SIGNING_KEY`.
    Default,
}

impl KeySource {
    /// `explicit`, `region` or `default`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            KeySource::Explicit => "explicit",
            KeySource::Region => "region",
            KeySource::Default => "default",
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// All the keys of a service, and the rule which of them verify a delivery:
///
/// 1. keys given in code (`KeyRing::from(SigningKeys)`), whatever the region
///    header says;
/// 2. in multi-region mode (`QSTASH_REGION` is set), the pair of the region
///    that the header names, if both its keys are set;
/// 3. the default pair, if both its keys are set; also where the header of 2
///    is absent, unknown, or its pair incomplete.
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
    /// What is left where the region has no pair, and where it comes from.
    fallback: Option<Arc<Pair>>,
    fallback_source: KeySource,
    warnings: Vec<ConfigWarning>,
}

impl KeyRing {
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
            fallback_source: KeySource::Default,
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

    /// What was noticed while the environment was read; empty for keys given
    /// in code.
    #[must_use]
    pub fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }

    /// Where the keys come from that verify a delivery of `region`, by its
    /// header; `None` if there are none for it.
    ///
    /// ```
    /// use qstash_verify::{KeyRing, KeySource, Region, SigningKeys};
    ///
    /// let ring = KeyRing::from(SigningKeys::new("sig_current", "sig_next")?);
    /// assert_eq!(ring.source(Some(Region::UsEast1)), Some(KeySource::Explicit));
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    #[must_use]
    pub fn source(&self, region: Option<Region>) -> Option<KeySource> {
        self.resolve(region).map(|(_, source)| source)
    }

    /// The pair that verifies a delivery which says it is of `region`.
    pub(crate) fn resolve(&self, region: Option<Region>) -> Option<(&Pair, KeySource)> {
        let regional = match region {
            Some(Region::UsEast1) => self.us.as_deref(),
            Some(Region::EuCentral1) => self.eu.as_deref(),
            None => None,
        };
        match (regional, self.fallback.as_deref()) {
            (Some(pair), _) => Some((pair, KeySource::Region)),
            (None, Some(pair)) => Some((pair, self.fallback_source)),
            (None, None) => None,
        }
    }
}

impl From<SigningKeys> for KeyRing {
    fn from(keys: SigningKeys) -> Self {
        let ring = KeyRing::single_region(keys, Vec::new());
        KeyRing {
            fallback_source: KeySource::Explicit,
            ..ring
        }
    }
}

/// A pair in a ring, with the memory of having warned that it was rolled.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) keys: SigningKeys,
    warned_of_roll: AtomicBool,
}

impl Pair {
    fn new(keys: SigningKeys) -> Self {
        Pair {
            keys,
            warned_of_roll: AtomicBool::new(false),
        }
    }

    /// True the first time it is asked, and never again.
    pub(crate) fn first_roll_seen(&self) -> bool {
        // The plain load keeps a busy service on `next` from contending.
        !self.warned_of_roll.load(Ordering::Relaxed)
            && !self.warned_of_roll.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_printed_by_its_name() {
        let sources = [KeySource::Explicit, KeySource::Region, KeySource::Default];
        assert_eq!(
            sources.map(|source| source.to_string()),
            ["explicit", "region", "default"]
        );
    }

    #[test]
    fn a_roll_is_seen_once_for_each_pair() {
        let pair = Pair::new(SigningKeys::development());
        assert!(pair.first_roll_seen());
        assert!(!pair.first_roll_seen());
    }

    #[test]
    fn where_the_keys_for_a_region_come_from() {
        let ring = KeyRing::multi_region(Some(SigningKeys::development()), None, None, Vec::new());
        assert_eq!(ring.source(Some(Region::UsEast1)), Some(KeySource::Region));
        assert_eq!(ring.source(Some(Region::EuCentral1)), None);
        assert_eq!(ring.source(None), None);
    }
}
