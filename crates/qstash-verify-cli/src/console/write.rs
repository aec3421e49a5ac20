//! `keys --write`: the console's keys, written to a file of variables.

use std::path::{Path, PathBuf};

use qstash_verify::variables;

use super::ask::ConsolePair;
use crate::environment::{Environment, Source, write_variables};
use crate::output::Failure;

/// The outcome of `--write`.
pub(super) struct Written {
    pub(super) path: PathBuf,
    /// The variables whose values changed.
    pub(super) variables: Vec<&'static str>,
    /// Variables of the process that hide other values of the file.
    pub(super) hidden: Vec<&'static str>,
}

/// Writes all keys, or nothing.
pub(super) fn write(
    path: &Path,
    pairs: &[ConsolePair],
    environment: &Environment,
) -> Result<Written, Failure> {
    let mut values = Vec::new();
    for pair in pairs {
        let Ok(keys) = &pair.keys else {
            return Err(Failure::new("a pair is unknown: nothing was written"));
        };
        let [current, next] = variables::signing_keys(pair.region);
        values.extend([(current, keys.current()), (next, keys.next())]);
    }
    let variables = write_variables(path, &values)?;
    let hidden = values.iter().filter(|(name, value)| {
        let is_set = environment.source(name) == Some(Source::Process);
        is_set && environment.get(name).map(str::trim) != Some(value)
    });
    Ok(Written {
        path: path.to_owned(),
        variables,
        hidden: hidden.map(|(name, _)| *name).collect(),
    })
}
