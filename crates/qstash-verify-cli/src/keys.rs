//! The signing keys of a command: from its options, or from the environment.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use clap::Args;
use qstash_verify::{
    ConfigError, ConfigWarning, KeyRing, Region, SigningKeys, ValueProblem, variables,
};

use crate::environment::{Environment, EnvironmentOptions};
use crate::input::read_stdin;
use crate::output::{self, Failure};

#[derive(Args, Debug)]
pub(crate) struct KeyOptions {
    /// The current signing key, which replaces those of the variables; @FILE reads it
    /// from a file, which keeps it out of the shell's history
    #[arg(long, value_name = "KEY|@FILE")]
    current_key: Option<Secret>,
    /// The next signing key; @FILE reads it from a file
    #[arg(long, value_name = "KEY|@FILE", requires = "current_key")]
    next_key: Option<Secret>,
    #[command(flatten)]
    environment: EnvironmentOptions,
}

/// An argument that `Debug` does not print.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Secret(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Returns the value, or the content of `@FILE` or, for `@-`, of standard input.
    pub(crate) fn read(&self, what: &'static str) -> Result<String, Failure> {
        let Some(path) = self.0.strip_prefix('@') else {
            return Ok(self.0.clone());
        };
        let text = if path == "-" {
            let bytes = read_stdin(what)?;
            String::from_utf8(bytes).map_err(|_| std::io::ErrorKind::InvalidData.into())
        } else {
            std::fs::read_to_string(path)
        };
        match text {
            Ok(text) if text.trim().contains(char::is_whitespace) => Err(Failure::new(format!(
                "{what} has white space in it: its file must hold nothing else"
            ))),
            Ok(text) => Ok(text.trim().to_owned()),
            // Without the name of the file, which may be a misplaced key.
            Err(error) => Err(Failure::new(format!(
                "the file with {what} can't be read: {error}"
            ))),
        }
    }
}

/// The keys given as options, and the environment.
pub(crate) struct Keys {
    pub(crate) explicit: Option<SigningKeys>,
    pub(crate) environment: Environment,
}

impl KeyOptions {
    pub(crate) fn read(&self) -> Result<Keys, Failure> {
        let explicit = match &self.current_key {
            None => None,
            Some(current) => {
                let current = current.read("the current key")?;
                let next = match &self.next_key {
                    Some(next) => Some(next.read("the next key")?),
                    None => None,
                };
                Some(given_keys(&current, next.as_deref())?)
            }
        };
        let keys = Keys {
            explicit,
            environment: self.environment.read()?,
        };
        if keys.explicit.is_none() {
            require_readable(&keys.environment)?;
        }
        Ok(keys)
    }
}

/// Returns a pair of given keys, and prints a note if they are published or unlikely.
fn given_keys(current: &str, next: Option<&str>) -> Result<SigningKeys, Failure> {
    // Without a next key, there is one to try.
    let keys = SigningKeys::new(current, next.unwrap_or(current)).map_err(Failure::new)?;
    let options = [("--current-key", Some(current)), ("--next-key", next)];
    for (option, key) in options {
        match key.and_then(ValueProblem::of_signing_key) {
            Some(problem @ ValueProblem::Quotes) => {
                return Err(Failure::new(format_args!("{option} {problem}")));
            }
            Some(problem) => output::note(format_args!("{option} {problem}")),
            None => {}
        }
    }
    for warning in KeyRing::from(keys.clone()).warnings() {
        output::note(warning);
    }
    Ok(keys)
}

impl Keys {
    /// Returns the given keys, or those that a service in this environment uses.
    pub(crate) fn ring(&self) -> Result<KeyRing, ConfigError> {
        match &self.explicit {
            Some(keys) => Ok(KeyRing::from(keys.clone())),
            None => KeyRing::from_lookup_allow_development_keys(self.environment.lookup()),
        }
    }

    /// Returns these keys, or the development server's if none are set.
    pub(crate) fn ring_or_development(&self) -> Result<KeyRing, Failure> {
        match self.ring() {
            Ok(ring) => {
                for warning in ring.warnings().iter().filter(|_| self.explicit.is_none()) {
                    if let ConfigWarning::UnlikelyValue { .. } | ConfigWarning::RepeatedKey { .. } =
                        warning
                    {
                        output::note(warning);
                    }
                }
                Ok(ring)
            }
            Err(error) => self
                .development_for(&error)
                .ok_or_else(|| Failure::new(format!("{error}; run `qstash-verify check`"))),
        }
    }

    /// Prints a note and returns the development server's keys, if none are set.
    pub(crate) fn development_for(&self, error: &ConfigError) -> Option<KeyRing> {
        match error {
            ConfigError::NoSigningKeys { half, unused, .. }
                if half.is_empty() && unused.is_empty() =>
            {
                let empty: Vec<_> = variables::KEY_RING
                    .iter()
                    .filter(|name| self.environment.get(name).is_some())
                    .filter(|name| name.ends_with("_KEY"))
                    .map(|name| format!("{name} is empty"))
                    .collect();
                let empty = match empty.as_slice() {
                    [] => String::new(),
                    empty => format!(" ({})", empty.join(", ")),
                };
                output::note(format_args!(
                    "no signing keys are set{empty}: using the published keys of the development server"
                ));
                Some(KeyRing::from(SigningKeys::development()))
            }
            _ => None,
        }
    }
}

/// Fails if a variable is set to a value that can't be read.
///
/// Such a variable must not count as unset.
pub(crate) fn require_readable(environment: &Environment) -> Result<(), Failure> {
    let ring = KeyRing::from_lookup_allow_development_keys(environment.lookup());
    if let Err(error @ ConfigError::NotUnicode { .. }) = ring {
        return Err(Failure::new(error));
    }
    let Some(file) = environment.file() else {
        return Ok(());
    };
    let mut lines = file.malformed.iter();
    match lines.find(|line| line.may_set(variables::KEY_RING)) {
        Some(line) => Err(Failure::new(format!(
            "{}: line {} of {}; correct it, or leave the file out with --no-env-file",
            line.why,
            line.number,
            file.path.display()
        ))),
        None => Ok(()),
    }
}

/// Returns the regions of all pairs of keys; `None` is the default pair.
pub(crate) fn all_pairs() -> impl Iterator<Item = Option<Region>> {
    std::iter::once(None).chain(Region::ALL.iter().copied().map(Some))
}
