//! A cache for hosts whose configuration may change while the process runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::config::ConfigError;
use crate::config::variables;
use crate::keys::KeyRing;
use crate::verifier::Verifier;

/// A cached [`Verifier`] that is rebuilt when a variable's value changes.
///
/// For Cloudflare Workers, whose bindings may change while an isolate lives. Errors are
/// cached too, so each change builds, and logs warnings, only once.
///
/// The cache recognises a change by a SHA-256 of the values, which it keeps in memory.
///
/// ```
/// use qstash_verify::{ConfigError, Verifier, VerifierCache};
///
/// static VERIFIER: VerifierCache = VerifierCache::new(|keys| {
///     let builder = Verifier::builder(keys).base_url("https://api.example.com")?;
///     Ok(builder.build())
/// });
///
/// fn verifier(binding: impl Fn(&str) -> Option<String>) -> Result<Verifier, ConfigError> {
///     VERIFIER.get(binding)
/// }
/// ```
pub struct VerifierCache {
    build: fn(KeyRing) -> Result<Verifier, ConfigError>,
    cached: Mutex<Option<Cached>>,
}

struct Cached {
    fingerprint: [u8; 32],
    verifier: Result<Verifier, ConfigError>,
}

impl VerifierCache {
    /// Creates an empty cache; `build` turns keys into a verifier.
    #[must_use]
    pub const fn new(build: fn(KeyRing) -> Result<Verifier, ConfigError>) -> Self {
        VerifierCache {
            build,
            cached: Mutex::new(None),
        }
    }

    /// Returns the verifier for the values that `lookup` finds.
    ///
    /// Looks up each of [`variables::KEY_RING`] once. If a value has changed since the
    /// last call, the verifier is built from the keys that [`KeyRing::from_lookup`] reads.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_lookup`] and of the `build` function.
    pub fn get(&self, lookup: impl Fn(&str) -> Option<String>) -> Result<Verifier, ConfigError> {
        let found = variables::KEY_RING
            .iter()
            .copied()
            .filter_map(|name| Some((name, Zeroizing::new(lookup(name)?))));
        let values: BTreeMap<&str, Zeroizing<String>> = found.collect();
        let fingerprint = fingerprint(&values);
        if let Some(cached) = &*self.lock()
            && cached.fingerprint == fingerprint
        {
            return cached.verifier.clone();
        }
        // Unlocked, since a subscriber that handles the warnings may call `get`.
        let keys = KeyRing::from_lookup(|name| values.get(name).map(|value| value.to_string()));
        let verifier = keys.and_then(self.build);
        *self.lock() = Some(Cached {
            fingerprint,
            verifier: verifier.clone(),
        });
        verifier
    }

    fn lock(&self) -> MutexGuard<'_, Option<Cached>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for VerifierCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierCache").finish_non_exhaustive()
    }
}

/// Hashes names and values, each after its length, so that sets can't collide.
fn fingerprint(values: &BTreeMap<&str, Zeroizing<String>>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (name, value) in values {
        for text in [*name, value.as_str()] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn verifier_is_rebuilt_when_a_value_changes() {
        static BUILDS: AtomicUsize = AtomicUsize::new(0);
        let cache = VerifierCache::new(|keys| {
            BUILDS.fetch_add(1, Ordering::Relaxed);
            Ok(Verifier::new(keys))
        });
        let lookups = AtomicUsize::new(0);
        let get = |current: Option<&str>| {
            let verifier = cache.get(|name| {
                lookups.fetch_add(1, Ordering::Relaxed);
                match name {
                    "QSTASH_CURRENT_SIGNING_KEY" => current.map(str::to_owned),
                    "QSTASH_NEXT_SIGNING_KEY" => Some("sig_next".to_owned()),
                    _ => None,
                }
            });
            (verifier.is_ok(), BUILDS.load(Ordering::Relaxed))
        };
        assert_eq!(get(Some("sig_a")), (true, 1));
        assert_eq!(get(Some("sig_a")), (true, 1));
        assert_eq!(get(Some("sig_b")), (true, 2));
        assert_eq!(get(None), (false, 2));
        assert_eq!(get(None), (false, 2));
        assert_eq!(get(Some("sig_b")), (true, 3));
        assert_eq!(lookups.into_inner(), 6 * variables::KEY_RING.len());
    }

    #[test]
    fn different_values_have_different_fingerprints() {
        let of = |values: &[(&'static str, &str)]| {
            let values = values.iter();
            fingerprint(
                &values
                    .map(|(name, value)| (*name, Zeroizing::new((*value).to_owned())))
                    .collect(),
            )
        };
        let fingerprints = [
            of(&[]),
            of(&[("a", "")]),
            of(&[("a", "bc")]),
            of(&[("ab", "c")]),
            of(&[("a", "b"), ("c", "d")]),
        ];
        for (at, one) in fingerprints.iter().enumerate() {
            assert!(!fingerprints[at + 1..].contains(one), "{at}");
        }
    }

    #[test]
    fn debug_form_has_no_value() {
        let cache = VerifierCache::new(|keys| Ok(Verifier::new(keys)));
        assert_eq!(format!("{cache:?}"), "VerifierCache { .. }");
    }
}
