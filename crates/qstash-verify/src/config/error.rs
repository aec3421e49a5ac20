//! What is wrong with a set-up: why a verifier can't be built, and what was
//! noticed where it can.

use std::fmt;

use crate::config::variables;
use crate::region::Region;

/// Why a [`Verifier`](crate::Verifier) or [`Credentials`](crate::Credentials)
/// can't be built. The [`Display`](fmt::Display) form names the variable and
/// the remedy, and holds no key and no token.
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
        /// Those of them that are not set although their partner is.
        half: Vec<&'static str>,
        /// Variables of regions that are set but not used, since
        /// `QSTASH_REGION` is not.
        unused: Vec<&'static str>,
    },
    /// `QSTASH_REGION` names no region.
    #[non_exhaustive]
    InvalidRegion {
        /// What the variable holds, cut short if it looks like a secret.
        value: String,
    },
    /// A signing key given in code is empty, or nothing but white space.
    EmptySigningKey,
    /// A [`KeyRingBuilder`](crate::KeyRingBuilder) was given no keys.
    EmptyKeyRing,
    /// `QSTASH_DEV` is on, or a variable holds one of the development server's
    /// public keys, in a build without debug assertions.
    DevelopmentKeysInRelease,
    /// The URL that `sub` is to be compared with is not one.
    #[non_exhaustive]
    InvalidUrl {
        /// The URL that was given.
        url: String,
        /// What is wrong with it, in words.
        reason: &'static str,
    },
    /// There is no token to publish with.
    #[non_exhaustive]
    NoToken {
        /// Every variable that was looked for.
        looked_for: Vec<&'static str>,
    },
}

impl ConfigError {
    /// Returns the error as a stable word for machines, such as `no_signing_keys`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            ConfigError::NoSigningKeys { .. } => "no_signing_keys",
            ConfigError::InvalidRegion { .. } => "invalid_region",
            ConfigError::EmptySigningKey => "empty_signing_key",
            ConfigError::EmptyKeyRing => "empty_key_ring",
            ConfigError::DevelopmentKeysInRelease => "development_keys_in_release",
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
                    write!(f, "; {} missing beside a partner that is set", are(half))?;
                }
                f.write_str("): copy current and next from the QStash console")?;
                if !unused.is_empty() {
                    write!(
                        f,
                        "; {} set but not used while QSTASH_REGION is unset: set it to US_EAST_1 \
                         or EU_CENTRAL_1",
                        are(unused)
                    )?;
                }
                Ok(())
            }
            ConfigError::InvalidRegion { value } => write!(
                f,
                "QSTASH_REGION is {value:?}, which is no region: set it to US_EAST_1 or \
                 EU_CENTRAL_1, or unset it to use one region's keys"
            ),
            ConfigError::EmptySigningKey => {
                f.write_str("a signing key is empty: anyone could sign with it")
            }
            ConfigError::EmptyKeyRing => f.write_str(
                "a key ring without keys would refuse every delivery: add keys with `region` or \
                 `default_keys`",
            ),
            ConfigError::DevelopmentKeysInRelease => f.write_str(
                "QSTASH_DEV is on or a signing key is one of the development server's, and this \
                 is a release build: those keys are public, so anyone could sign with them; \
                 unset QSTASH_DEV and set QSTASH_CURRENT_SIGNING_KEY and \
                 QSTASH_NEXT_SIGNING_KEY to keys of the QStash console",
            ),
            ConfigError::InvalidUrl { url, reason } => {
                write!(f, "the URL to compare `sub` with, {url:?}, {reason}")
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

/// Something about a set-up that works but is probably not meant.
///
/// Found by [`KeyRing::warnings`](crate::KeyRing::warnings) and
/// [`Credentials::warnings`](crate::Credentials::warnings); each is also logged
/// once, at level `warn`, when the environment is read.
///
/// ```
/// use qstash_verify::{ConfigWarning, KeyRing};
///
/// let ring = KeyRing::from_lookup(|name| match name {
///     "QSTASH_CURRENT_SIGNING_KEY" => Some("sig_a".to_owned()),
///     "QSTASH_NEXT_SIGNING_KEY" => Some("sig_b".to_owned()),
///     "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY" => Some("sig_c".to_owned()),
///     _ => None,
/// })?;
/// assert!(matches!(ring.warnings(), [ConfigWarning::RegionNotSet { .. }]));
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigWarning {
    /// `QSTASH_REGION` is set, and one region has no keys.
    #[non_exhaustive]
    NoKeysForRegion {
        /// The region without keys.
        region: Region,
    },
    /// Only one key of a pair is set, so the pair is not used.
    #[non_exhaustive]
    HalfPair {
        /// The region whose pair it is; `None` for the default pair.
        region: Option<Region>,
        /// The variable that is not set.
        missing: &'static str,
    },
    /// Two pairs share a key.
    #[non_exhaustive]
    SharedKey {
        /// The one variable.
        first: &'static str,
        /// The other variable.
        second: &'static str,
    },
    /// Keys of a region are set, and `QSTASH_REGION` is not, so they are not
    /// used.
    #[non_exhaustive]
    RegionNotSet {
        /// The variables that are set and not used.
        unused: Vec<&'static str>,
    },
    /// Public keys of the development server are used: `QSTASH_DEV` is on, or a
    /// variable holds one of them.
    DevelopmentKeys,
    /// `QSTASH_REGION` is set, and that region's URL or token is not, so
    /// neither is used for publishing.
    #[non_exhaustive]
    NoCredentialsForRegion {
        /// The primary region.
        region: Region,
    },
}

impl ConfigWarning {
    /// Returns the warning as a stable word for machines, such as `half_pair`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            ConfigWarning::NoKeysForRegion { .. } => "no_keys_for_region",
            ConfigWarning::HalfPair { .. } => "half_pair",
            ConfigWarning::SharedKey { .. } => "shared_key",
            ConfigWarning::RegionNotSet { .. } => "region_not_set",
            ConfigWarning::DevelopmentKeys => "development_keys",
            ConfigWarning::NoCredentialsForRegion { .. } => "no_credentials_for_region",
        }
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigWarning::NoKeysForRegion { region } => {
                let [current, next] = variables::signing_keys(Some(*region));
                write!(
                    f,
                    "QSTASH_REGION is set, and there are no keys for {region}: its deliveries \
                     are checked with the default keys, or refused where there are none; set \
                     {current} and {next}"
                )
            }
            ConfigWarning::HalfPair { region, missing } => {
                let pair = region.map_or("default", Region::as_str);
                write!(
                    f,
                    "{missing} is not set although its partner is, so the {pair} pair of signing \
                     keys is not used: set both, or neither"
                )
            }
            ConfigWarning::SharedKey { first, second } => {
                write!(f, "{first} and {second} hold the same key: ")?;
                let default = variables::signing_keys(None);
                f.write_str(if default.contains(first) || default.contains(second) {
                    "that is right if the default pair is meant to be that region's, as it is \
                     while migrating; if not, one of them was copied from the wrong console"
                } else {
                    "each region has keys of its own, so one of them was copied from the wrong \
                     console"
                })
            }
            ConfigWarning::RegionNotSet { unused } => write!(
                f,
                "{} set but not used while QSTASH_REGION is unset: set it to US_EAST_1 or \
                 EU_CENTRAL_1 to receive from both regions",
                are(unused)
            ),
            ConfigWarning::DevelopmentKeys => f.write_str(
                "deliveries are checked with the PUBLIC keys of the development server, with which \
                 anyone can sign: QSTASH_DEV is on, which leaves other keys unused, or one of \
                 those keys is set; a release build refuses to start like this",
            ),
            ConfigWarning::NoCredentialsForRegion { region } => write!(
                f,
                "QSTASH_REGION is {region}, and {} and {} are not both set: publishing falls \
                 back to {} and {}",
                variables::url(Some(*region)),
                variables::token(Some(*region)),
                variables::url(None),
                variables::token(None),
            ),
        }
    }
}

fn are(variables: &[&str]) -> String {
    let verb = if variables.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", variables.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_a_code_and_name_the_cause() {
        let looked_for = vec!["A", "B"];
        for (error, code, text) in [
            (
                ConfigError::NoSigningKeys {
                    looked_for: looked_for.clone(),
                    half: Vec::new(),
                    unused: Vec::new(),
                },
                "no_signing_keys",
                "is set (looked for A, B): copy current and next from the QStash console",
            ),
            (
                ConfigError::NoSigningKeys {
                    looked_for: looked_for.clone(),
                    half: vec!["B"],
                    unused: vec!["C", "D"],
                },
                "no_signing_keys",
                "(looked for A, B; B is missing beside a partner that is set): copy current and next \
                 from the QStash console; C, D are set but not used while QSTASH_REGION is unset",
            ),
            (
                ConfigError::InvalidRegion {
                    value: "MARS_1".to_owned(),
                },
                "invalid_region",
                "QSTASH_REGION is \"MARS_1\"",
            ),
            (
                ConfigError::EmptySigningKey,
                "empty_signing_key",
                "a signing key is empty",
            ),
            (
                ConfigError::EmptyKeyRing,
                "empty_key_ring",
                "a key ring without keys",
            ),
            (
                ConfigError::DevelopmentKeysInRelease,
                "development_keys_in_release",
                "QSTASH_DEV is on",
            ),
            (
                ConfigError::InvalidUrl {
                    url: "x".to_owned(),
                    reason: "is no URL",
                },
                "invalid_url",
                "\"x\", is no URL",
            ),
            (
                ConfigError::NoToken { looked_for },
                "no_token",
                "is set (looked for A, B)",
            ),
        ] {
            assert_eq!(error.code(), code);
            assert!(error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn warnings_have_a_code_and_name_the_cause() {
        const CURRENT: &str = variables::signing_keys(None)[0];
        const NEXT: &str = variables::signing_keys(None)[1];
        let region = Region::EuCentral1;
        let migrating = "that is right if the default pair is meant to be that region's";
        for (warning, code, text) in [
            (
                ConfigWarning::NoKeysForRegion { region },
                "no_keys_for_region",
                "set EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY and EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY",
            ),
            (
                ConfigWarning::HalfPair {
                    region: Some(region),
                    missing: "A",
                },
                "half_pair",
                "A is not set although its partner is, so the EU_CENTRAL_1 pair",
            ),
            (
                ConfigWarning::HalfPair {
                    region: None,
                    missing: "A",
                },
                "half_pair",
                "so the default pair",
            ),
            (
                ConfigWarning::SharedKey {
                    first: CURRENT,
                    second: "A",
                },
                "shared_key",
                migrating,
            ),
            (
                ConfigWarning::SharedKey {
                    first: "A",
                    second: NEXT,
                },
                "shared_key",
                migrating,
            ),
            (
                ConfigWarning::SharedKey {
                    first: "A",
                    second: "B",
                },
                "shared_key",
                "A and B hold the same key: each region has keys of its own",
            ),
            (
                ConfigWarning::RegionNotSet { unused: vec!["A"] },
                "region_not_set",
                "A is set but not used while QSTASH_REGION is unset",
            ),
            (
                ConfigWarning::RegionNotSet {
                    unused: vec!["A", "B"],
                },
                "region_not_set",
                "A, B are set",
            ),
            (
                ConfigWarning::DevelopmentKeys,
                "development_keys",
                "PUBLIC keys",
            ),
            (
                ConfigWarning::NoCredentialsForRegion { region },
                "no_credentials_for_region",
                "QSTASH_REGION is EU_CENTRAL_1, and EU_CENTRAL_1_QSTASH_URL and \
                 EU_CENTRAL_1_QSTASH_TOKEN are not both set: publishing falls back to QSTASH_URL and \
                 QSTASH_TOKEN",
            ),
        ] {
            assert_eq!(warning.code(), code);
            assert!(warning.to_string().contains(text), "{warning}");
        }
    }
}
