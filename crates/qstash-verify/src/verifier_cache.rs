//! A verifier that follows its look-up, for hosts whose configuration may change
//! under a running process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::config::error::ConfigError;
use crate::config::variables;
use crate::keys::KeyRing;
use crate::verifier::Verifier;

/// Builds a [`Verifier`] from a look-up, and builds it anew only when a value has
/// changed: on Cloudflare Workers, bindings may change while an isolate lives on.
/// Warnings of the configuration are thus logged once for each change.
///
/// Of the values it keeps a SHA-256 alone.
///
/// ```
/// use qstash_verify::{ConfigError, Verifier, VerifierCache};
///
/// static VERIFIER: VerifierCache = VerifierCache::new();
///
/// fn verifier(binding: impl Fn(&str) -> Option<String>) -> Result<Verifier, ConfigError> {
///     VERIFIER.get_or_build(binding, |keys| {
///         let builder = Verifier::builder(keys).base_url("https://api.example.com")?;
///         Ok(builder.build())
///     })
/// }
/// ```
#[derive(Default)]
pub struct VerifierCache(Mutex<Option<([u8; 32], Verifier)>>);

impl VerifierCache {
    /// Creates an empty cache.
    #[must_use]
    pub const fn new() -> Self {
        VerifierCache(Mutex::new(None))
    }

    /// Returns the verifier of these values: the last one, or one that `build` makes
    /// of the keys that [`KeyRing::from_lookup`] reads. Looks up
    /// [`variables::KEY_RING`], each once. An error is not kept.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_lookup`] and of `build`.
    pub fn get_or_build(
        &self,
        lookup: impl Fn(&str) -> Option<String>,
        build: impl FnOnce(KeyRing) -> Result<Verifier, ConfigError>,
    ) -> Result<Verifier, ConfigError> {
        let found = variables::KEY_RING
            .into_iter()
            .filter_map(|name| Some((name, Zeroizing::new(lookup(name)?))));
        let values: BTreeMap<&str, Zeroizing<String>> = found.collect();
        let fingerprint = fingerprint(&values);

        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, verifier)) = &*cached
            && *of == fingerprint
        {
            return Ok(verifier.clone());
        }
        let keys = KeyRing::from_lookup(|name| values.get(name).map(|value| value.to_string()))?;
        let verifier = build(keys)?;
        *cached = Some((fingerprint, verifier.clone()));
        Ok(verifier)
    }
}

impl fmt::Debug for VerifierCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierCache").finish_non_exhaustive()
    }
}

/// Names and values with their lengths, so that no two sets are one text.
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
    use std::cell::Cell;

    use super::*;

    #[test]
    fn verifier_is_rebuilt_when_a_value_changes() {
        let cache = VerifierCache::new();
        let builds = Cell::new(0);
        let get = |current: Option<&str>| {
            let lookup = |name: &str| match name {
                "QSTASH_CURRENT_SIGNING_KEY" => current.map(str::to_owned),
                "QSTASH_NEXT_SIGNING_KEY" => Some("sig_next".to_owned()),
                _ => None,
            };
            let verifier = cache.get_or_build(lookup, |keys| {
                builds.set(builds.get() + 1);
                Ok(Verifier::new(keys))
            });
            (verifier.is_ok(), builds.get())
        };
        assert_eq!(get(Some("sig_a")), (true, 1));
        assert_eq!(get(Some("sig_a")), (true, 1));
        assert_eq!(get(Some("sig_b")), (true, 2));
        assert_eq!(get(None), (false, 2));
        assert_eq!(get(Some("sig_b")), (true, 2));
        assert_eq!(get(Some("sig_a")), (true, 3));
    }

    #[test]
    fn no_value_is_printed() {
        assert_eq!(
            format!("{:?}", VerifierCache::new()),
            "VerifierCache { .. }"
        );
    }

    #[test]
    fn fingerprints_of_different_values_differ() {
        let of = |values: &[(&'static str, &str)]| {
            let values = values.iter().copied();
            let values = values.map(|(name, value)| (name, Zeroizing::new(value.to_owned())));
            fingerprint(&values.collect())
        };
        let sets: &[&[(&str, &str)]] = &[
            &[],
            &[("a", "")],
            &[("a", "b")],
            &[("ab", "")],
            &[("ab", "c")],
            &[("a", "bc")],
            &[("a", "b"), ("c", "d")],
            &[("a", "d"), ("c", "b")],
            &[("a", "bcd")],
        ];
        for (n, one) in sets.iter().enumerate() {
            for (m, other) in sets.iter().enumerate() {
                assert_eq!(of(one) == of(other), n == m, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn each_variable_is_looked_up_once() {
        let asked = std::cell::RefCell::new(Vec::new());
        let lookup = |name: &str| {
            asked.borrow_mut().push(name.to_owned());
            Some("sig_x".to_owned())
                .filter(|_| name.starts_with("QSTASH_") && name.ends_with("_KEY"))
        };
        let build = |keys| Ok(Verifier::new(keys));
        VerifierCache::new().get_or_build(lookup, build).unwrap();
        assert_eq!(asked.take(), variables::KEY_RING);
    }

    #[test]
    fn error_of_build_is_not_kept() {
        let cache = VerifierCache::new();
        let lookup = |name: &str| name.ends_with("_KEY").then(|| "sig_x".to_owned());
        let failed = cache.get_or_build(lookup, |_| Err(ConfigError::EmptyKeyRing));
        assert_eq!(failed.unwrap_err(), ConfigError::EmptyKeyRing);
        assert!(
            cache
                .get_or_build(lookup, |keys| Ok(Verifier::new(keys)))
                .is_ok()
        );
    }
}
