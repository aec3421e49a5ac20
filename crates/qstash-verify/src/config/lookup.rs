//! The look-up of variables, in this process or elsewhere.

use std::ffi::OsString;

use zeroize::Zeroizing;

use crate::config::config_error::ConfigError;

/// An environment by its look-up function: values without the white space
/// around them, and empty counted as unset.
pub(crate) struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    pub(crate) fn new(lookup: F) -> Self {
        Variables(lookup)
    }

    /// Wiped on drop, since most of what is looked up here is secret.
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

/// The value of a variable of this process. What is not Unicode in it becomes
/// U+FFFD, so that the variable doesn't count as unset.
pub(crate) fn process_variable(name: &str) -> Option<String> {
    let lossy = |value: OsString| value.to_string_lossy().into_owned();
    std::env::var_os(name).map(|value| value.into_string().unwrap_or_else(lossy))
}
