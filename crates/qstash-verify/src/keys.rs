//! Signing keys, and which of them verify a delivery.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config_error::{ConfigError, ConfigWarning};
use crate::error::VerifyError;
use crate::region::Region;

/// The public keys of the development server, current and next.
pub(crate) const DEVELOPMENT_KEYS: [&str; 2] = [
    "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
];

/// The two keys of one region: `current` signs today, `next` will after a roll.
///
/// A key is kept as prepared HMAC state only, which is wiped when it is
/// dropped, and is never printed.
///
/// ```
/// use qstash_verify::SigningKeys;
///
/// let keys = SigningKeys::new("sig_current", "sig_next")?;
/// assert_eq!(format!("{keys:?}"), "SigningKeys { .. }");
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SigningKeys {
    current: SigningKey,
    next: SigningKey,
}

impl SigningKeys {
    /// The keys as the QStash console shows them (`sig_…`). White space around
    /// them is dropped.
    ///
    /// # Errors
    /// [`ConfigError::EmptySigningKey`] if one of them is empty.
    pub fn new(current: impl AsRef<str>, next: impl AsRef<str>) -> Result<Self, ConfigError> {
        Ok(SigningKeys {
            current: SigningKey::new(current.as_ref())?,
            next: SigningKey::new(next.as_ref())?,
        })
    }

    /// The keys of QStash's local development server (`npx @upstash/qstash-cli
    /// dev`). They are printed in its documentation: **anyone can sign with
    /// them**, so a service that accepts them accepts forgeries. Not for
    /// production.
    ///
    /// ```
    /// use qstash_verify::{SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::new(SigningKeys::development());
    /// ```
    #[must_use]
    pub fn development() -> Self {
        let [current, next] = DEVELOPMENT_KEYS.map(SigningKey::prepare);
        SigningKeys { current, next }
    }

    /// The key in that place, prepared.
    #[cfg(feature = "testing")]
    pub(crate) fn prepared(&self, slot: KeySlot) -> Hmac<Sha256> {
        match slot {
            KeySlot::Current => self.current.0.clone(),
            KeySlot::Next => self.next.0.clone(),
        }
    }

    /// Which of the two made this MAC over `message`: current is tried first.
    pub(crate) fn which_made(&self, message: &[u8], mac: &[u8]) -> Option<KeySlot> {
        if self.current.made(message, mac) {
            Some(KeySlot::Current)
        } else if self.next.made(message, mac) {
            Some(KeySlot::Next)
        } else {
            None
        }
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys").finish_non_exhaustive()
    }
}

/// One key: the UTF-8 bytes of its text as written, prepared for HMAC-SHA256.
/// `hmac` wipes the state on drop (its feature `zeroize`).
#[derive(Clone)]
struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    fn new(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        // HMAC takes an empty key, and so would anyone else.
        if text.is_empty() {
            return Err(ConfigError::EmptySigningKey);
        }
        Ok(SigningKey::prepare(text))
    }

    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of any length")]
    fn prepare(text: &str) -> Self {
        SigningKey(Hmac::new_from_slice(text.as_bytes()).expect("HMAC takes keys of any length"))
    }

    fn made(&self, message: &[u8], mac: &[u8]) -> bool {
        // `verify_slice` compares in constant time.
        self.0
            .clone()
            .chain_update(message)
            .verify_slice(mac)
            .is_ok()
    }
}

/// Which key of a pair signed a delivery.
///
/// ```
/// assert_eq!(qstash_verify::KeySlot::Next.as_str(), "next");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySlot {
    /// The key that signs today.
    Current,
    /// The key that signs after a roll. A delivery that only this key verifies
    /// means that the keys were rolled and the configuration is out of date: a
    /// second roll will refuse every delivery.
    Next,
}

impl KeySlot {
    /// `current` or `next`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            KeySlot::Current => "current",
            KeySlot::Next => "next",
        }
    }
}

impl fmt::Display for KeySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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
        self.resolve(region).ok().map(|(_, source)| source)
    }

    /// The pair that verifies a delivery which says it is of `region`.
    pub(crate) fn resolve(
        &self,
        region: Option<Region>,
    ) -> Result<(&Pair, KeySource), VerifyError> {
        let regional = match region {
            Some(Region::UsEast1) => self.us.as_deref(),
            Some(Region::EuCentral1) => self.eu.as_deref(),
            None => None,
        };
        match (regional, self.fallback.as_deref()) {
            (Some(pair), _) => Ok((pair, KeySource::Region)),
            (None, Some(pair)) => Ok((pair, self.fallback_source)),
            (None, None) => Err(VerifyError::NoSigningKeys { region }),
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
    fn a_key_is_the_text_without_white_space_around_it() {
        // RFC 4231, test case 2.
        let keys = SigningKeys::new("other", " Jefe\n").unwrap();
        let mac = [
            0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95,
            0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9,
            0x64, 0xec, 0x38, 0x43,
        ];
        let message = b"what do ya want for nothing?";
        assert_eq!(keys.which_made(message, &mac), Some(KeySlot::Next));
        assert_eq!(keys.which_made(message, &mac[..31]), None);
        assert_eq!(keys.which_made(b"what", &mac), None);
    }

    #[test]
    fn each_key_makes_its_own_mac() {
        let keys = SigningKeys::new("sig_current", "sig_next").unwrap();
        for (key, slot) in [
            ("sig_current", Some(KeySlot::Current)),
            ("sig_next", Some(KeySlot::Next)),
            ("sig_other", None),
        ] {
            let mac = SigningKey::prepare(key).0.chain_update(b"message");
            let mac = mac.finalize().into_bytes();
            assert_eq!(keys.which_made(b"message", &mac), slot, "{key}");
        }
    }

    #[test]
    fn keys_are_printed_by_their_place_alone() {
        let keys = SigningKeys::new("sig_current", "sig_next").unwrap();
        assert_eq!(format!("{keys:?}"), "SigningKeys { .. }");
        let slots = [KeySlot::Current, KeySlot::Next];
        assert_eq!(slots.map(|slot| slot.to_string()), ["current", "next"]);
        assert_eq!(format!("[{:>8}]", KeySlot::Next), "[    next]");
        let sources = [KeySource::Explicit, KeySource::Region, KeySource::Default];
        assert_eq!(
            sources.map(|source| source.to_string()),
            ["explicit", "region", "default"]
        );
    }

    #[test]
    fn an_empty_key_is_no_key() {
        for (current, next) in [("", "sig_a"), ("sig_a", " \t\n")] {
            assert_eq!(
                SigningKeys::new(current, next).unwrap_err(),
                ConfigError::EmptySigningKey
            );
        }
    }

    #[test]
    fn the_state_of_a_key_is_wiped_on_drop() {
        // An `Hmac<Sha256>` is two of these and a buffer.
        fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<<Sha256 as hmac::EagerHash>::Core>();
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
