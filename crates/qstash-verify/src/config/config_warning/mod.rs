//! Configuration warnings.

use std::fmt;

use crate::config::config_error::{write_published_keys, write_remedy};
use crate::config::value::ValueProblem;
use crate::config::variables;
use crate::region::Region;
use crate::text::is_or_are;

/// A warning about a configuration that works but is probably a mistake.
///
/// Returned by [`KeyRing::warnings`](crate::KeyRing::warnings) and
/// [`Credentials::warnings`](crate::Credentials::warnings). Each is also logged
/// once, at level `warn`, when the environment is read; for keys given in code, when
/// the ring is built.
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
    /// A region's keys are set but not used because `QSTASH_REGION` is unset.
    #[non_exhaustive]
    RegionNotSet {
        /// The variables that are set and not used.
        unused: Vec<&'static str>,
    },
    /// Published keys are configured.
    #[non_exhaustive]
    DevelopmentKeys {
        /// `QSTASH_DEV`, or the variables with such keys.
        ///
        /// Empty for keys given in code.
        variables: Vec<&'static str>,
    },
    /// A variable's value can't be a signing key or token of QStash.
    #[non_exhaustive]
    UnlikelyValue {
        /// The variable.
        variable: &'static str,
        /// The problem with its value.
        problem: ValueProblem,
    },
    /// The current and the next key of a pair are the same.
    #[non_exhaustive]
    RepeatedKey {
        /// The variable of the current key.
        current: &'static str,
        /// The variable of the next key.
        next: &'static str,
    },
    /// `QSTASH_REGION` is set, but that region's URL or token is not.
    ///
    /// Neither of the two is then used for publishing.
    #[non_exhaustive]
    NoCredentialsForRegion {
        /// The primary region.
        region: Region,
    },
}

impl ConfigWarning {
    /// Returns the stable code of the warning, such as `half_pair`.
    ///
    /// | code | meaning |
    /// |---|---|
    /// | `no_keys_for_region` | `QSTASH_REGION` is set, and one region has no keys |
    /// | `half_pair` | only one key of a pair is set |
    /// | `shared_key` | two pairs share a key |
    /// | `region_not_set` | a region's keys are set, but `QSTASH_REGION` is not |
    /// | `development_keys` | published keys are configured |
    /// | `repeated_key` | the current and the next key of a pair are the same |
    /// | `no_credentials_for_region` | `QSTASH_REGION` is set, but that region's URL or token is not |
    ///
    /// [`UnlikelyValue`](Self::UnlikelyValue) has the code of its
    /// [problem](ValueProblem::code).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            ConfigWarning::NoKeysForRegion { .. } => "no_keys_for_region",
            ConfigWarning::HalfPair { .. } => "half_pair",
            ConfigWarning::SharedKey { .. } => "shared_key",
            ConfigWarning::RegionNotSet { .. } => "region_not_set",
            ConfigWarning::DevelopmentKeys { .. } => "development_keys",
            ConfigWarning::UnlikelyValue { problem, .. } => problem.code(),
            ConfigWarning::RepeatedKey { .. } => "repeated_key",
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
                    "{missing} is not set although the other key of the {pair} pair is, so the pair \
                     is not used: set both, or neither"
                )
            }
            ConfigWarning::SharedKey { first, second } => {
                write!(f, "{first} and {second} hold the same key: ")?;
                let default = variables::signing_keys(None);
                f.write_str(if default.contains(first) || default.contains(second) {
                    "correct if the default pair is a copy of that region's pair, as during a \
                     migration; otherwise one of them was copied from the wrong console"
                } else {
                    "each region has keys of its own, so one of them was copied from the wrong \
                     console"
                })
            }
            ConfigWarning::RegionNotSet { unused } => write!(
                f,
                "{} set but not used while QSTASH_REGION is unset: set it to US_EAST_1 or \
                 EU_CENTRAL_1 to receive from both regions",
                is_or_are(unused)
            ),
            ConfigWarning::DevelopmentKeys { variables } => {
                write_published_keys(f, variables)?;
                f.write_str(if variables.is_empty() {
                    ": "
                } else {
                    "; a release build does not start like this: "
                })?;
                write_remedy(f, variables)
            }
            ConfigWarning::UnlikelyValue { variable, problem } => write!(f, "{variable} {problem}"),
            ConfigWarning::RepeatedKey { current, next } => write!(
                f,
                "{current} and {next} hold the same key, so every delivery is refused once the \
                 keys are rolled: copy current and next from the QStash console"
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

#[cfg(test)]
mod tests;
