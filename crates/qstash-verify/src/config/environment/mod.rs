//! Reading a key ring and its warnings from QStash's variables.

use crate::config::config_error::ConfigError;
use crate::config::config_warning::ConfigWarning;
use crate::config::lookup::{Variables, process_variable};
use crate::config::pair::PairText;
use crate::config::value::redacted;
use crate::config::{development, variables};
use crate::keys::{KeyRing, SigningKeys};
use crate::region::Region;

impl KeyRing {
    /// Reads the keys from the process's environment.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY` | the default pair |
    /// | `QSTASH_REGION` | `US_EAST_1` or `EU_CENTRAL_1`: the primary region; setting it turns multi-region mode on |
    /// | `US_EAST_1_QSTASH_CURRENT_SIGNING_KEY`, `US_EAST_1_QSTASH_NEXT_SIGNING_KEY` | the pair of US; used in multi-region mode only |
    /// | `EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY`, `EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY` | the pair of EU; used in multi-region mode only |
    /// | `QSTASH_DEV` | `true` or `1`: use the development server's published keys and no others; an error in a build without debug assertions, as is a published key in any of the variables above. `false` or `0`: off |
    ///
    /// White space around a value is removed, and an empty value counts as
    /// unset (QStash documentation, "Multi-region"). A value that can't be a signing
    /// key is a [warning](ConfigWarning::UnlikelyValue). No `.env` file is read.
    /// Warnings are logged at level `warn`.
    ///
    /// # Errors
    /// - [`ConfigError::NoSigningKeys`] if no complete pair is usable;
    /// - [`ConfigError::InvalidRegion`] if `QSTASH_REGION` names no region;
    /// - [`ConfigError::InvalidDevelopmentMode`] if `QSTASH_DEV` is neither on nor off;
    /// - [`ConfigError::NotUnicode`] if one of the variables is not UTF-8;
    /// - [`ConfigError::DevelopmentKeysInRelease`] if `QSTASH_DEV` is on, or a
    ///   published key is set, in a build without debug assertions.
    pub fn from_env() -> Result<Self, ConfigError> {
        KeyRing::from_lookup(process_variable)
    }

    /// Reads the keys from any other environment, through `lookup`.
    ///
    /// The rules are those of [`from_env`](Self::from_env). Each variable is looked up
    /// at most once; [`variables::KEY_RING`] lists them. A value that contains U+FFFD,
    /// the result of a lossy conversion, is [`ConfigError::NotUnicode`].
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use qstash_verify::KeyRing;
    ///
    /// let secrets = HashMap::from([
    ///     ("QSTASH_CURRENT_SIGNING_KEY", "sig_current"),
    ///     ("QSTASH_NEXT_SIGNING_KEY", "sig_next"),
    /// ]);
    /// let ring = KeyRing::from_lookup(|name| secrets.get(name).map(|value| value.to_string()))?;
    /// assert!(ring.warnings().is_empty());
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let ring = read_keys(&Variables::new(lookup), cfg!(debug_assertions))?;
        for warning in ring.warnings() {
            tracing::warn!(target: "qstash_verify", "{warning}");
        }
        Ok(ring)
    }

    /// Reads the keys through `lookup`, and accepts published keys.
    ///
    /// In any build, these are a warning in [`warnings`](Self::warnings), as they are for
    /// [`from_lookup`](Self::from_lookup) in a debug build. **Anyone can sign with
    /// them.** For tools on a developer's machine. Logs nothing.
    ///
    /// ```
    /// use qstash_verify::{ConfigWarning, KeyRing};
    ///
    /// let lookup = |name: &str| (name == "QSTASH_DEV").then(|| "1".to_owned());
    /// let ring = KeyRing::from_lookup_allow_development_keys(lookup)?;
    /// assert!(matches!(ring.warnings(), [ConfigWarning::DevelopmentKeys { .. }]));
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env) except
    /// [`ConfigError::DevelopmentKeysInRelease`].
    #[cfg(feature = "signing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "signing")))]
    pub fn from_lookup_allow_development_keys(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        read_keys(&Variables::new(lookup), true)
    }
}

/// Reads the keys. In a `debug_build`, published keys are only a warning.
pub(crate) fn read_keys<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
    debug_build: bool,
) -> Result<KeyRing, ConfigError> {
    let development = variables.get(variables::DEVELOPMENT)?;
    if development::is_on(development.as_ref().map(|value| value.as_str()))? {
        let warning = development::warning_or_error(vec![variables::DEVELOPMENT], debug_build)?;
        return Ok(KeyRing::single_region(
            SigningKeys::development(),
            vec![warning],
        ));
    }

    let default = PairText::read(variables, None)?;
    let us = PairText::read(variables, Some(Region::UsEast1))?;
    let eu = PairText::read(variables, Some(Region::EuCentral1))?;
    let mut ring = if primary_region(variables)?.is_some() {
        multi_region(&default, &us, &eu)
    } else {
        single_region(&default, &us, &eu)
    }?;
    let pairs = [&default, &us, &eu];
    for warning in pairs.iter().flat_map(|pair| pair.warnings()) {
        ring.push_warning(warning);
    }
    // Unused pairs count too: a change of QSTASH_REGION would use them.
    let published: Vec<_> = pairs.iter().flat_map(|pair| pair.published()).collect();
    if !published.is_empty() {
        ring.push_warning(development::warning_or_error(published, debug_build)?);
    }
    Ok(ring)
}

/// Returns the primary region, if `QSTASH_REGION` is set.
pub(super) fn primary_region<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
) -> Result<Option<Region>, ConfigError> {
    let Some(value) = variables.get(variables::REGION)? else {
        return Ok(None);
    };
    match Region::from_bytes(value.as_bytes()) {
        Some(region) => Ok(Some(region)),
        None => Err(ConfigError::InvalidRegion {
            value: redacted(&value),
        }),
    }
}

fn single_region(default: &PairText, us: &PairText, eu: &PairText) -> Result<KeyRing, ConfigError> {
    let unused: Vec<_> = us
        .set()
        .chain(eu.set())
        .map(|(variable, _)| variable)
        .collect();
    let Some(keys) = default.keys()? else {
        let half = default.half().into_iter().collect();
        let looked_for = default.names().to_vec();
        return Err(ConfigError::NoSigningKeys {
            looked_for,
            half,
            unused,
        });
    };
    let mut warnings = Vec::new();
    if !unused.is_empty() {
        warnings.push(ConfigWarning::RegionNotSet { unused });
    }
    push_shared_key_warnings(&mut warnings, &[default, us, eu]);
    Ok(KeyRing::single_region(keys, warnings))
}

fn multi_region(default: &PairText, us: &PairText, eu: &PairText) -> Result<KeyRing, ConfigError> {
    let all = [us, eu, default];
    let (us_keys, eu_keys, default_keys) = (us.keys()?, eu.keys()?, default.keys()?);
    if us_keys.is_none() && eu_keys.is_none() && default_keys.is_none() {
        let looked_for = all.iter().flat_map(|texts| texts.names()).collect();
        let half = all.iter().filter_map(|texts| texts.half()).collect();
        return Err(ConfigError::NoSigningKeys {
            looked_for,
            half,
            unused: Vec::new(),
        });
    }
    let mut warnings = Vec::new();
    for texts in all {
        match (texts.half(), texts.region) {
            (Some(missing), region) => warnings.push(ConfigWarning::HalfPair { region, missing }),
            (None, Some(region)) if texts.set().next().is_none() => {
                warnings.push(ConfigWarning::NoKeysForRegion { region });
            }
            _ => {}
        }
    }
    push_shared_key_warnings(&mut warnings, &all);
    Ok(KeyRing::multi_region(
        us_keys,
        eu_keys,
        default_keys,
        warnings,
    ))
}

fn push_shared_key_warnings(warnings: &mut Vec<ConfigWarning>, pairs: &[&PairText]) {
    for (at, pair) in pairs.iter().enumerate() {
        for other in pairs.iter().skip(at + 1) {
            for (first, key) in pair.set() {
                for (second, other_key) in other.set() {
                    if key == other_key {
                        warnings.push(ConfigWarning::SharedKey { first, second });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
