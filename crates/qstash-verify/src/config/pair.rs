//! The variables of one pair of signing keys.

use zeroize::Zeroizing;

use crate::config::config_error::ConfigError;
use crate::config::config_warning::ConfigWarning;
use crate::config::lookup::Variables;
use crate::config::value::ValueProblem;
use crate::config::variables;
use crate::keys::SigningKeys;
use crate::keys::published::is_published;
use crate::region::Region;

/// The values of the two variables of a pair; `None` where unset.
pub(super) struct PairText {
    pub(super) region: Option<Region>,
    values: [Option<Zeroizing<String>>; 2],
}

impl PairText {
    pub(super) fn read<F: Fn(&str) -> Option<String>>(
        variables: &Variables<F>,
        region: Option<Region>,
    ) -> Result<Self, ConfigError> {
        let [current, next] = variables::signing_keys(region);
        Ok(PairText {
            region,
            values: [variables.get(current)?, variables.get(next)?],
        })
    }

    pub(super) fn names(&self) -> [&'static str; 2] {
        variables::signing_keys(self.region)
    }

    /// Returns the variables that are set, with their values.
    pub(super) fn set(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = self.names().into_iter().zip(&self.values);
        named.filter_map(|(name, value)| Some((name, value.as_ref()?.as_str())))
    }

    /// Returns the variables that contain a published key.
    pub(super) fn published(&self) -> impl Iterator<Item = &'static str> {
        let published = self.set().filter(|(_, key)| is_published(key));
        published.map(|(name, _)| name)
    }

    /// Returns the warnings about the values, whether or not they are used.
    pub(super) fn warnings(&self) -> impl Iterator<Item = ConfigWarning> {
        let problems = self.set().filter_map(|(variable, key)| {
            let problem = ValueProblem::of_signing_key(key)?;
            Some(ConfigWarning::UnlikelyValue { variable, problem })
        });
        let [current, next] = self.names();
        let repeated = match &self.values {
            [Some(one), Some(other)] if one == other => {
                Some(ConfigWarning::RepeatedKey { current, next })
            }
            _ => None,
        };
        problems.chain(repeated)
    }

    /// Returns the unset variable, if exactly one of the pair is unset.
    pub(super) fn half(&self) -> Option<&'static str> {
        let [current, next] = self.names();
        match &self.values {
            [None, Some(_)] => Some(current),
            [Some(_), None] => Some(next),
            _ => None,
        }
    }

    pub(super) fn keys(&self) -> Result<Option<SigningKeys>, ConfigError> {
        match &self.values {
            [Some(current), Some(next)] => {
                SigningKeys::new(current.as_str(), next.as_str()).map(Some)
            }
            _ => Ok(None),
        }
    }
}
