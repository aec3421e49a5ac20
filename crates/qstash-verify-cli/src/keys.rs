//! Which keys a command works with. Which of them count for a delivery is the
//! core's to say.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use clap::Args;
use qstash_verify::{ConfigError, KeyRing, Region, SigningKeys, ValueProblem, variables};

use crate::environment::{Environment, EnvironmentOptions};
use crate::input::read_stdin;
use crate::output::{self, Failure};

#[derive(Args, Debug)]
pub(crate) struct KeyOptions {
    /// The current signing key, in place of those of the variables; @FILE reads
    /// it from a file, so that it stays out of the shell's history
    #[arg(long, value_name = "KEY|@FILE")]
    current_key: Option<Secret>,
    /// The next signing key, likewise
    #[arg(long, value_name = "KEY|@FILE", requires = "current_key")]
    next_key: Option<Secret>,
    #[command(flatten)]
    environment: EnvironmentOptions,
}

/// An argument that is not printed.
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
    /// Returns the value, or the content of the file after an `@`; `@-` is standard input.
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
                "the file with {what} holds more than that: there is white space in it"
            ))),
            Ok(text) => Ok(text.trim().to_owned()),
            // Without its name, which may be a key that was written for one.
            Err(error) => Err(Failure::new(format!(
                "the file with {what} can't be read: {error}"
            ))),
        }
    }
}

/// The keys that were given, and the environment with those that are set.
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
        keys.require_readable()?;
        Ok(keys)
    }
}

/// Returns a pair of keys that were given, with a note about what is wrong with them.
fn given_keys(current: &str, next: Option<&str>) -> Result<SigningKeys, Failure> {
    // With one key there is one to try.
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
    /// The keys with which a service in this environment would verify, on a
    /// developer's machine.
    pub(crate) fn ring(&self) -> Result<KeyRing, ConfigError> {
        match &self.explicit {
            Some(keys) => Ok(KeyRing::from(keys.clone())),
            None => KeyRing::from_lookup_allow_development_keys(self.environment.lookup()),
        }
    }

    /// Returns these keys, or the development server's if nothing at all is set.
    pub(crate) fn ring_or_development(&self) -> Result<KeyRing, Failure> {
        match self.ring() {
            Ok(ring) => Ok(ring),
            Err(error) => self
                .development_for(&error)
                .ok_or_else(|| Failure::new(format!("{error}; `qstash-verify check` tells more"))),
        }
    }

    /// Returns the development server's keys, with a note, if nothing at all is set.
    pub(crate) fn development_for(&self, error: &ConfigError) -> Option<KeyRing> {
        match error {
            ConfigError::NoSigningKeys { half, unused, .. }
                if half.is_empty() && unused.is_empty() =>
            {
                let empty: Vec<_> = variables::KEY_RING
                    .into_iter()
                    .filter(|name| self.environment.get(name).is_some())
                    .filter(|name| name.ends_with("_KEY"))
                    .map(|name| format!("{name} is empty"))
                    .collect();
                let empty = match empty.as_slice() {
                    [] => String::new(),
                    empty => format!(" ({})", empty.join(", ")),
                };
                output::note(format_args!(
                    "no signing keys are set{empty}: using the PUBLIC keys of the development server"
                ));
                Some(KeyRing::from(SigningKeys::development()))
            }
            _ => None,
        }
    }

    /// Fails if a variable is set in a way that hides its value: it must not count as
    /// not set.
    fn require_readable(&self) -> Result<(), Failure> {
        if self.explicit.is_some() {
            return Ok(());
        }
        if let Err(error @ ConfigError::NotUnicode { .. }) = self.ring() {
            return Err(Failure::new(error));
        }
        let Some(file) = self.environment.file() else {
            return Ok(());
        };
        let mut lines = file.malformed.iter();
        match lines.find(|line| line.may_set(&variables::KEY_RING)) {
            Some(line) => Err(Failure::new(format!(
                "{}: line {} of {}; `qstash-verify check` tells more, --no-env-file leaves the \
                 file out",
                line.why,
                line.number,
                file.path.display()
            ))),
            None => Ok(()),
        }
    }
}

/// All regions, and the default that has none.
pub(crate) fn all_pairs() -> impl Iterator<Item = Option<Region>> {
    std::iter::once(None).chain(Region::ALL.iter().copied().map(Some))
}
