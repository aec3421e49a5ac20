//! Which keys a command works with. Which of them count for a delivery is the
//! core's to say.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use clap::Args;
use qstash_verify::{ConfigError, KeyRing, Region, SigningKeys};

use crate::environment::{Environment, EnvironmentOptions};
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
    /// What was given, or what is in the file that it names with an `@`.
    pub(crate) fn read(&self, what: &str) -> Result<String, Failure> {
        let Some(path) = self.0.strip_prefix('@') else {
            return Ok(self.0.clone());
        };
        match std::fs::read_to_string(path) {
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
                // With one key there is one to try.
                let next = match &self.next_key {
                    Some(next) => next.read("the next key")?,
                    None => current.clone(),
                };
                if [&current, &next]
                    .iter()
                    .any(|key| key.starts_with(['"', '\'']))
                {
                    return Err(Failure::new("a key has quotes around it: take them away"));
                }
                Some(SigningKeys::new(current, next).map_err(Failure::new)?)
            }
        };
        Ok(Keys {
            explicit,
            environment: self.environment.read()?,
        })
    }
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

    /// Those, or the development server's where nothing at all is set.
    pub(crate) fn ring_or_development(&self) -> Result<KeyRing, Failure> {
        match self.ring() {
            Ok(ring) => Ok(ring),
            Err(ConfigError::NoSigningKeys { half, unused, .. })
                if half.is_empty() && unused.is_empty() =>
            {
                output::note(
                    "no signing keys are set: using the PUBLIC keys of the development server",
                );
                Ok(KeyRing::from(SigningKeys::development()))
            }
            Err(error) => Err(Failure::new(format!(
                "{error}; `qstash-verify check` tells more"
            ))),
        }
    }
}

/// All regions, and the default that has none.
pub(crate) fn all_pairs() -> impl Iterator<Item = Option<Region>> {
    std::iter::once(None).chain(Region::ALL.iter().copied().map(Some))
}
