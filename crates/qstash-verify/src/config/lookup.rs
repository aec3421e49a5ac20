//! Look-up of variables, in this process or elsewhere.

use std::ffi::OsString;

use zeroize::Zeroizing;

use crate::config::config_error::ConfigError;

/// An environment behind a look-up function.
///
/// White space around values is removed; an empty value counts as unset.
pub(crate) struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    pub(crate) fn new(lookup: F) -> Self {
        Variables(lookup)
    }

    /// Looks up a variable. The value is wiped on drop, since most are secrets.
    pub(crate) fn get(&self, name: &'static str) -> Result<Option<Zeroizing<String>>, ConfigError> {
        let Some(value) = (self.0)(name).map(Zeroizing::new) else {
            return Ok(None);
        };
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(ConfigError::NotUnicode { variable: name });
        }
        let trimmed = value.trim();
        Ok((!trimmed.is_empty()).then(|| Zeroizing::new(trimmed.to_owned())))
    }
}

/// Returns the value of a variable of this process.
///
/// Invalid Unicode becomes U+FFFD, so that the variable doesn't count as unset.
pub(crate) fn process_variable(name: &str) -> Option<String> {
    let lossy = |value: OsString| value.to_string_lossy().into_owned();
    std::env::var_os(name).map(|value| value.into_string().unwrap_or_else(lossy))
}
