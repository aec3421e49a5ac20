//! Configuration errors.

use std::fmt;

use crate::config::variables;
use crate::text::is_or_are;

/// The error of building a [`Verifier`](crate::Verifier) or its parts.
///
/// Also the error of reading [`Credentials`](crate::Credentials). The
/// [`Display`](fmt::Display) form names the variable and the remedy, and contains
/// no key and no token.
///
/// ```
/// use qstash_verify::{ConfigError, Verifier};
///
/// let error = Verifier::from_lookup(|_name| None).unwrap_err();
/// assert!(matches!(error, ConfigError::NoSigningKeys { .. }));
/// assert!(error.to_string().contains("QSTASH_CURRENT_SIGNING_KEY"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigError {
    /// No complete pair of signing keys is usable.
    #[non_exhaustive]
    NoSigningKeys {
        /// Every variable that was looked for.
        looked_for: Vec<&'static str>,
        /// The unset variables whose pair is half set.
        half: Vec<&'static str>,
        /// The regional variables that are unused because `QSTASH_REGION` is unset.
        unused: Vec<&'static str>,
    },
    /// `QSTASH_REGION` names no region.
    #[non_exhaustive]
    InvalidRegion {
        /// The variable's value, truncated if it looks like a secret.
        value: String,
    },
    /// A signing key given in code is empty or only white space.
    EmptySigningKey,
    /// A [`KeyRingBuilder`](crate::KeyRingBuilder) was given no keys.
    EmptyKeyRing,
    /// A variable is set to bytes that are not UTF-8.
    #[non_exhaustive]
    NotUnicode {
        /// The variable.
        variable: &'static str,
    },
    /// `QSTASH_DEV` is neither on (`true`, `1`) nor off (`false`, `0`).
    #[non_exhaustive]
    InvalidDevelopmentMode {
        /// The variable's value, truncated if it looks like a secret.
        value: String,
    },
    /// Published keys are configured in a build without debug assertions.
    #[non_exhaustive]
    DevelopmentKeysInRelease {
        /// `QSTASH_DEV`, or the variables that hold such keys.
        variables: Vec<&'static str>,
    },
    /// The URL to compare `sub` with is invalid.
    #[non_exhaustive]
    InvalidUrl {
        /// The URL that was given, without a password.
        url: String,
        /// The defect, as a predicate: "has no host".
        reason: &'static str,
    },
    /// No token for publishing is set.
    #[non_exhaustive]
    NoToken {
        /// Every variable that was looked for.
        looked_for: Vec<&'static str>,
    },
}

impl ConfigError {
    /// Returns the stable code of the error, such as `no_signing_keys`.
    ///
    /// | code | meaning |
    /// |---|---|
    /// | `no_signing_keys` | no complete pair of signing keys is usable |
    /// | `invalid_region` | `QSTASH_REGION` names no region |
    /// | `empty_signing_key` | a signing key given in code is empty |
    /// | `empty_key_ring` | a key ring was built without keys |
    /// | `not_unicode` | a variable is not UTF-8 |
    /// | `invalid_development_mode` | `QSTASH_DEV` is neither on nor off |
    /// | `development_keys_in_release` | published keys are configured in a build without debug assertions |
    /// | `invalid_url` | the URL to compare `sub` with is invalid |
    /// | `no_token` | no token for publishing is set |
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            ConfigError::NoSigningKeys { .. } => "no_signing_keys",
            ConfigError::InvalidRegion { .. } => "invalid_region",
            ConfigError::EmptySigningKey => "empty_signing_key",
            ConfigError::EmptyKeyRing => "empty_key_ring",
            ConfigError::NotUnicode { .. } => "not_unicode",
            ConfigError::InvalidDevelopmentMode { .. } => "invalid_development_mode",
            ConfigError::DevelopmentKeysInRelease { .. } => "development_keys_in_release",
            ConfigError::InvalidUrl { .. } => "invalid_url",
            ConfigError::NoToken { .. } => "no_token",
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::NoSigningKeys {
                looked_for,
                half,
                unused,
            } => {
                write!(
                    f,
                    "no complete pair of QStash signing keys is set (looked for {}",
                    looked_for.join(", ")
                )?;
                if !half.is_empty() {
                    write!(
                        f,
                        "; {} not set although the other key of the pair is",
                        is_or_are(half)
                    )?;
                }
                f.write_str("): copy current and next from the QStash console")?;
                if unused.is_empty() {
                    f.write_str("; a .env file is not read unless the service loads it")?;
                    if half.is_empty() {
                        f.write_str("; for development without QStash set QSTASH_DEV=1")?;
                    }
                } else {
                    write!(
                        f,
                        "; {} set but not used while QSTASH_REGION is unset: set it to US_EAST_1 \
                         or EU_CENTRAL_1",
                        is_or_are(unused)
                    )?;
                }
                Ok(())
            }
            ConfigError::InvalidRegion { value } => write!(
                f,
                "QSTASH_REGION is {value:?}, which is not a region: set it to US_EAST_1 or \
                 EU_CENTRAL_1, or unset it to use one region's keys"
            ),
            ConfigError::EmptySigningKey => {
                f.write_str("a signing key given in code is empty: copy it from the QStash console")
            }
            ConfigError::EmptyKeyRing => f.write_str(
                "a key ring without keys would refuse every delivery: add keys with `region` or \
                 `default_keys`",
            ),
            ConfigError::NotUnicode { variable } => write!(
                f,
                "{variable} is set to bytes that are not UTF-8: copy its value again"
            ),
            ConfigError::InvalidDevelopmentMode { value } => write!(
                f,
                "QSTASH_DEV is {value:?}, which is neither on nor off: set it to true on a \
                 developer's machine, and unset it elsewhere"
            ),
            ConfigError::DevelopmentKeysInRelease { variables } => {
                write_published_keys(f, variables)?;
                f.write_str(", and this is a release build: ")?;
                write_remedy(f, variables)
            }
            ConfigError::InvalidUrl { url, reason } => {
                write!(
                    f,
                    "the URL to compare `sub` with, {url:?}, {reason}: give the public URL, such \
                     as https://api.example.com"
                )
            }
            ConfigError::NoToken { looked_for } => write!(
                f,
                "no QStash token is set (looked for {}): copy it from the QStash console",
                looked_for.join(", ")
            ),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Writes the reason why published keys are used.
pub(super) fn write_published_keys(
    f: &mut fmt::Formatter<'_>,
    variables: &[&'static str],
) -> fmt::Result {
    match variables {
        [] => f.write_str("a signing key given in code is published, so anyone can sign with it"),
        [variables::DEVELOPMENT] => f.write_str(
            "QSTASH_DEV is on, so deliveries are checked only with the published keys of the \
             development server, with which anyone can sign",
        ),
        [variable] => write!(
            f,
            "{variable} holds a published key of the development server or of the testing kit, with \
             which anyone can sign"
        ),
        several => write!(
            f,
            "{} hold published keys of the development server or of the testing kit, with which anyone \
             can sign",
            several.join(", ")
        ),
    }
}

/// Writes the remedy for published keys.
pub(super) fn write_remedy(f: &mut fmt::Formatter<'_>, variables: &[&'static str]) -> fmt::Result {
    if variables == [variables::DEVELOPMENT] {
        f.write_str(
            "outside of development unset QSTASH_DEV, and set QSTASH_CURRENT_SIGNING_KEY and \
             QSTASH_NEXT_SIGNING_KEY to keys of the QStash console",
        )
    } else {
        f.write_str("outside of development copy current and next from the QStash console")
    }
}

#[cfg(test)]
mod tests;
