//! A pair of signing keys, and which of the two made a MAC.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::config_error::ConfigError;
use crate::keys::published::{DEVELOPMENT_KEYS, is_published};

/// The two keys of one region: `current` signs now, `next` after a roll.
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
    /// Whether one of them is published and wasn't asked for as such.
    has_published_key: bool,
}

impl SigningKeys {
    /// Prepares keys as the QStash console shows them (`sig_…`).
    ///
    /// White space around them is trimmed. A [`KeyRing`](crate::KeyRing) of published
    /// keys has the warning
    /// [`DevelopmentKeys`](crate::ConfigWarning::DevelopmentKeys).
    ///
    /// # Errors
    /// [`ConfigError::EmptySigningKey`] if one of them is empty, or quotes alone.
    pub fn new(current: impl AsRef<str>, next: impl AsRef<str>) -> Result<Self, ConfigError> {
        let (current, next) = (current.as_ref(), next.as_ref());
        Ok(SigningKeys {
            current: SigningKey::new(current)?,
            next: SigningKey::new(next)?,
            has_published_key: is_published(current) || is_published(next),
        })
    }

    /// Returns the published keys of QStash's local development server.
    ///
    /// (`npx @upstash/qstash-cli dev`.) They are accepted in any build, without a
    /// warning. **Anyone can sign with them**, so a service that accepts them accepts
    /// forgeries. Not for production.
    ///
    /// ```
    /// use qstash_verify::{SigningKeys, Verifier};
    ///
    /// let verifier = Verifier::new(SigningKeys::development());
    /// ```
    #[must_use]
    pub fn development() -> Self {
        SigningKeys::prepare(DEVELOPMENT_KEYS)
    }

    /// The MAC of `message` by that key.
    #[cfg(feature = "signing")]
    pub(crate) fn mac(&self, slot: KeySlot, message: &[u8]) -> [u8; 32] {
        let key = match slot {
            KeySlot::Current => &self.current,
            KeySlot::Next => &self.next,
        };
        let mac = key.0.clone().chain_update(message).finalize();
        mac.into_bytes().into()
    }

    /// These keys as they are, be they empty.
    pub(crate) fn prepare(keys: [&str; 2]) -> Self {
        let [current, next] = keys.map(|key| SigningKey::prepare(key.as_bytes()));
        SigningKeys {
            current,
            next,
            has_published_key: false,
        }
    }

    /// Returns whether [`new`](Self::new) was given a published key.
    ///
    /// Anyone can sign with it: it is one of the development server's users, or of the module
    /// `testing`.
    ///
    /// ```
    /// use qstash_verify::SigningKeys;
    ///
    /// let keys = SigningKeys::new("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "sig_next")?;
    /// assert!(keys.has_published_key());
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    #[must_use]
    pub fn has_published_key(&self) -> bool {
        self.has_published_key
    }

    /// Which of the two `key` is: current is tried first.
    pub(crate) fn slot_of(&self, key: &str) -> Option<KeySlot> {
        // Keys are kept as HMAC state only, so a MAC identifies them.
        let key = SigningKey::new(key).ok()?;
        let message = b"the same key makes the same MAC";
        let mac: [u8; 32] = key.0.chain_update(message).finalize().into_bytes().into();
        self.which_made(message, &mac)
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
        // HMAC takes an empty key, and anyone can sign with it or with quotes alone.
        if text.chars().all(is_blank) {
            return Err(ConfigError::EmptySigningKey);
        }
        Ok(SigningKey::prepare(text.as_bytes()))
    }

    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of any length")]
    fn prepare(key: &[u8]) -> Self {
        SigningKey(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
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

/// Returns whether a character can't be part of a key.
fn is_blank(c: char) -> bool {
    const INVISIBLE: [char; 5] = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];
    c.is_whitespace() || c.is_control() || QUOTES.contains(&c) || INVISIBLE.contains(&c)
}

/// Quotation marks that end up around a value by mistake.
pub(crate) const QUOTES: [char; 7] = ['"', '\'', '`', '“', '”', '‘', '’'];

/// Which key of a pair signed a delivery.
///
/// ```
/// assert_eq!(qstash_verify::KeySlot::Next.as_str(), "next");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySlot {
    /// The key that signs now.
    Current,
    /// The key that signs after a roll.
    ///
    /// A delivery that only this key verifies means that the keys were rolled and the
    /// configuration is out of date: after a second roll, every delivery is refused.
    Next,
}

impl KeySlot {
    /// Returns `current` or `next`.
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

#[cfg(test)]
mod wycheproof_tests;

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
            let mac = SigningKey::prepare(key.as_bytes())
                .0
                .chain_update(b"message");
            let mac = mac.finalize().into_bytes();
            assert_eq!(keys.which_made(b"message", &mac), slot, "{key}");
        }
    }

    #[test]
    fn an_empty_key_is_no_key() {
        for empty in [
            "",
            " \t\n",
            "\0",
            " \0 ",
            "\"\"",
            "''",
            "“”",
            "\u{200b}",
            "\u{feff}\"\"",
        ] {
            for (current, next) in [(empty, "sig_a"), ("sig_a", empty)] {
                assert_eq!(
                    SigningKeys::new(current, next).unwrap_err(),
                    ConfigError::EmptySigningKey
                );
            }
        }
    }

    #[test]
    fn the_state_of_a_key_is_wiped_on_drop() {
        // An `Hmac<Sha256>` is two of these and a buffer.
        fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<<Sha256 as hmac::EagerHash>::Core>();
    }

    #[test]
    fn keys_are_printed_by_their_place_alone() {
        let keys = SigningKeys::new("sig_current", "sig_next").unwrap();
        assert_eq!(format!("{keys:?}"), "SigningKeys { .. }");
        let slots = [KeySlot::Current, KeySlot::Next];
        assert_eq!(slots.map(|slot| slot.to_string()), ["current", "next"]);
        assert_eq!(format!("[{:>8}]", KeySlot::Next), "[    next]");
    }

    #[test]
    fn development_keys_are_the_published_pair() {
        let keys = SigningKeys::development();
        for (key, slot) in DEVELOPMENT_KEYS
            .iter()
            .zip([KeySlot::Current, KeySlot::Next])
        {
            let mac = SigningKey::prepare(key.as_bytes())
                .0
                .chain_update(b"message");
            let mac = mac.finalize().into_bytes();
            assert_eq!(keys.which_made(b"message", &mac), Some(slot));
        }
    }

    #[cfg(feature = "signing")]
    #[test]
    fn mac_is_made_by_the_key_of_the_slot() {
        let keys = SigningKeys::new("sig_current", "sig_next").unwrap();
        for slot in [KeySlot::Current, KeySlot::Next] {
            let mac = keys.mac(slot, b"message");
            assert_eq!(keys.which_made(b"message", &mac), Some(slot));
        }
    }
}
