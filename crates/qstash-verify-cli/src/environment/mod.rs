//! The variables of this process and of a `.env` file.

mod edit;
mod file;
mod replace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use qstash_verify::{ConfigError, KeyRing, Region, variables};

use crate::output::Failure;
pub(crate) use file::{EnvFile, MalformedLine};

#[derive(Args, Debug)]
pub(crate) struct EnvironmentOptions {
    /// The file of variables [default: .env, if it exists]; variables of the process
    /// take precedence
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Do not read a file of variables
    #[arg(long, conflicts_with = "env_file")]
    no_env_file: bool,
}

/// The source of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    Process,
    File(&'a Path),
}

impl std::fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Process => f.write_str("process"),
            Source::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// All variables. Not `Debug`: they may hold any secret of the process.
#[derive(Default)]
pub(crate) struct Environment {
    process: BTreeMap<String, String>,
    file: Option<EnvFile>,
}

impl EnvironmentOptions {
    pub(crate) fn read(&self) -> Result<Environment, Failure> {
        let mut environment = Environment::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => {
                    environment.process.insert(name, value);
                }
                // The core refuses U+FFFD, and names the variable.
                Err(value) => {
                    let value = value.to_string_lossy().into_owned();
                    environment.process.insert(name, value);
                }
            }
        }
        if !self.no_env_file {
            environment.file = EnvFile::find(self.env_file.as_deref())?;
        }
        Ok(environment)
    }
}

/// Sets variables in a file, which is created if there is none, and returns those whose
/// values changed. All else in it stays to the byte; it is replaced in one step.
///
/// # Errors
/// The file can't be read or replaced, or holds lines that can't be parsed and may set
/// the variables. Nothing was written then.
pub(crate) fn write_variables<'a>(
    path: &Path,
    values: &[(&'a str, &str)],
) -> Result<Vec<&'a str>, Failure> {
    let failure = |reason: &dyn std::fmt::Display| {
        let path = path.display();
        Failure::new(format!(
            "{path} can't be updated: {reason}; nothing was written"
        ))
    };
    let text = match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(failure(&"it is no regular file")),
        Ok(_) => std::fs::read(path).map_err(|error| failure(&error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failure(&error)),
    };
    let file = EnvFile::parse(path, &text);
    let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
    if let Some(line) = file.malformed.iter().find(|line| line.may_set(&names)) {
        let reason = format!("line {}: {}", line.number, line.why);
        return Err(failure(&reason));
    }
    let edited = edit::with_values(&text, values).map_err(|reason| failure(&reason))?;
    if edited != text {
        replace::replace(path, &edited).map_err(|error| failure(&error))?;
    }
    let changed = values
        .iter()
        .filter(|(name, value)| file.values.get(*name).map(String::as_str) != Some(value));
    Ok(changed.map(|(name, _)| *name).collect())
}

impl Environment {
    /// Returns the value of a variable. The process takes precedence even if its value
    /// is empty, as in dotenv loaders.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let file = || self.file.as_ref()?.values.get(name);
        self.process.get(name).or_else(file).map(String::as_str)
    }

    /// Returns the value of a variable that is set: not blank.
    pub(crate) fn set(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.trim().is_empty())
    }

    /// Describes the absence of a value.
    pub(crate) fn absence(&self, name: &str) -> &'static str {
        if self.get(name).is_some() {
            "is empty"
        } else {
            "is not set"
        }
    }

    /// Returns the lookup for the core.
    pub(crate) fn lookup(&self) -> impl Fn(&str) -> Option<String> {
        |name| self.get(name).map(str::to_owned)
    }

    /// Returns the primary region, if `QSTASH_REGION` is valid.
    pub(crate) fn region(&self) -> Option<Region> {
        self.set(variables::REGION)?.trim().parse().ok()
    }

    /// Returns the core's error about `QSTASH_REGION`, if it is invalid.
    pub(crate) fn region_error(&self) -> Option<ConfigError> {
        self.ring_of(variables::REGION)
            .err()
            .filter(|error| !matches!(error, ConfigError::NoSigningKeys { .. }))
    }

    /// Returns whether `QSTASH_DEV` is on.
    pub(crate) fn is_development(&self) -> bool {
        self.ring_of(variables::DEVELOPMENT).is_ok()
    }

    /// Returns the keys of an environment with this one variable.
    fn ring_of(&self, variable: &str) -> Result<KeyRing, ConfigError> {
        KeyRing::from_lookup_allow_development_keys(|name| {
            let asked = name == variable;
            self.get(name).filter(|_| asked).map(str::to_owned)
        })
    }

    /// Returns the source of a variable.
    pub(crate) fn source(&self, name: &str) -> Option<Source<'_>> {
        if self.process.contains_key(name) {
            return Some(Source::Process);
        }
        let file = self.file.as_ref()?;
        let known = file.values.contains_key(name);
        known.then_some(Source::File(&file.path))
    }

    /// Returns whether the value of the process hides another one in the file.
    pub(crate) fn hides(&self, name: &str) -> bool {
        let file = self.file.as_ref().and_then(|file| file.values.get(name));
        match (self.process.get(name), file) {
            (Some(process), Some(file)) => process != file,
            _ => false,
        }
    }

    /// Returns all names, sorted and without duplicates.
    pub(crate) fn names(&self) -> Vec<&str> {
        let file = self.file.iter().flat_map(|file| file.values.keys());
        let mut names: Vec<_> = self
            .process
            .keys()
            .chain(file)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(crate) fn file(&self) -> Option<&EnvFile> {
        self.file.as_ref()
    }
}
