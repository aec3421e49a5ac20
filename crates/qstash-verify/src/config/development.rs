//! `QSTASH_DEV` and published keys.
//!
//! Both are a warning in a debug build and an error in a release build.

use crate::config::config_error::ConfigError;
use crate::config::config_warning::ConfigWarning;
use crate::config::value::redacted;

/// Reads `QSTASH_DEV` as the official JavaScript SDK does since 2.12.0.
///
/// `true` and `1` are on; `false`, `0` and an empty or absent value are off.
pub(super) fn is_on(value: Option<&str>) -> Result<bool, ConfigError> {
    match value.map(str::to_ascii_lowercase).as_deref() {
        Some("true" | "1") => Ok(true),
        Some("false" | "0" | "") | None => Ok(false),
        Some(_) => Err(ConfigError::InvalidDevelopmentMode {
            value: redacted(value.unwrap_or_default()),
        }),
    }
}

/// Returns the warning or the error for published keys in `variables`.
pub(super) fn warning_or_error(
    variables: Vec<&'static str>,
    debug_build: bool,
) -> Result<ConfigWarning, ConfigError> {
    if debug_build {
        Ok(ConfigWarning::DevelopmentKeys { variables })
    } else {
        Err(ConfigError::DevelopmentKeysInRelease { variables })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_mode_is_on_off_or_an_error() {
        for value in ["1", "true", "TRUE"] {
            assert_eq!(is_on(Some(value)), Ok(true), "{value}");
        }
        for value in [None, Some(""), Some("0"), Some("false"), Some("False")] {
            assert_eq!(is_on(value), Ok(false), "{value:?}");
        }
        for value in ["yes", "on", "no", "2", "\"true\"", "true,", "\u{202e}eurt"] {
            let error = is_on(Some(value)).unwrap_err();
            let shown = format!("{value:?}");
            assert!(error.to_string().contains(&shown), "{error}");
        }
        let error = is_on(Some("sig_pastedByMistake")).unwrap_err();
        assert!(!error.to_string().contains("Mistake"), "{error}");
    }
}
