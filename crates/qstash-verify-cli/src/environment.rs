//! The variables: those of this process, and those of a `.env` file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use clap::Args;
use qstash_verify::{Region, testing, variables};

use crate::output::Failure;

/// The file that is read where none is named.
const USUAL_FILE: &str = ".env";

#[derive(Args, Debug)]
pub(crate) struct EnvironmentOptions {
    /// A file of variables such as .env, which is read by default if it is
    /// there; a variable of the process wins
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Read no file of variables
    #[arg(long, conflicts_with = "env_file")]
    no_env_file: bool,
}

/// Where a variable comes from.
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

/// What is set where. Not to be printed, for most of it is nobody's business.
#[derive(Default)]
pub(crate) struct Environment {
    process: BTreeMap<String, String>,
    /// Names of the process's whose value is not Unicode.
    unreadable: Vec<String>,
    file: Option<EnvFile>,
}

pub(crate) struct EnvFile {
    pub(crate) path: PathBuf,
    values: BTreeMap<String, String>,
    /// Names that stand in it more than once.
    pub(crate) repeated: Vec<String>,
    /// What can't be read of it.
    pub(crate) broken: Vec<Broken>,
}

/// A line that can't be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// From 1.
    pub(crate) line: usize,
    /// The variable that it was to set, as far as that can be told.
    pub(crate) name: Option<String>,
    pub(crate) why: &'static str,
}

impl Broken {
    fn new(number: usize, line: &str) -> Self {
        let line = line.trim().trim_start_matches("export ");
        let of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (
                line.split(|c| !of_a_name(c)).next().unwrap_or_default(),
                None,
            ),
        };
        let why = match value.and_then(|value| Some((value, value.chars().next()?))) {
            None => "there is no `=` behind the name",
            Some((value, quote @ ('"' | '\''))) => {
                match value.get(1..).map(|rest| rest.contains(quote)) {
                    Some(true) => "there is more behind the closing quote",
                    _ => "a quote is opened and not closed, which takes what follows with it",
                }
            }
            Some(_) if !name.chars().all(of_a_name) => "the name is none",
            Some(_) => "a value with a space in it needs quotes",
        };
        let known = !name.is_empty() && name.len() <= 64 && name.contains("QSTASH");
        let name = (known && name.chars().all(of_a_name)).then(|| name.to_owned());
        Broken {
            line: number,
            name,
            why,
        }
    }
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
                Err(_) => environment.unreadable.push(name),
            }
        }
        if !self.no_env_file {
            environment.file = EnvFile::find(self.env_file.as_deref())?;
        }
        Ok(environment)
    }
}

impl Environment {
    /// The value of a variable. One of the process wins even if it is empty, as it
    /// does for those who load such files.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let file = || self.file.as_ref()?.values.get(name);
        self.process.get(name).or_else(file).map(String::as_str)
    }

    /// Likewise, if there is more to it than white space: the rest counts as
    /// unset.
    pub(crate) fn set(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.trim().is_empty())
    }

    /// This environment as the core asks for it.
    pub(crate) fn lookup(&self) -> impl Fn(&str) -> Option<String> {
        |name| self.get(name).map(str::to_owned)
    }

    /// The primary region, if the variable names one.
    pub(crate) fn region(&self) -> Option<Region> {
        self.set(variables::REGION)?.trim().parse().ok()
    }

    /// Whether `QSTASH_DEV` is on, as the core sees it.
    pub(crate) fn is_development(&self) -> bool {
        let ring = testing::key_ring_from_lookup(|name| {
            let asked = name == variables::DEVELOPMENT;
            self.get(name).filter(|_| asked).map(str::to_owned)
        });
        ring.is_ok()
    }

    pub(crate) fn source(&self, name: &str) -> Option<Source<'_>> {
        if self.process.contains_key(name) {
            return Some(Source::Process);
        }
        let file = self.file.as_ref()?;
        let known = file.values.contains_key(name);
        known.then_some(Source::File(&file.path))
    }

    /// Whether the file has another value, which the process's hides.
    pub(crate) fn hides(&self, name: &str) -> bool {
        let file = self.file.as_ref().and_then(|file| file.values.get(name));
        match (self.process.get(name), file) {
            (Some(process), Some(file)) => process != file,
            _ => false,
        }
    }

    /// All names, each once, in alphabetical order.
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

    pub(crate) fn is_unreadable(&self, name: &str) -> bool {
        self.unreadable.iter().any(|unreadable| unreadable == name)
    }

    pub(crate) fn file(&self) -> Option<&EnvFile> {
        self.file.as_ref()
    }
}

impl EnvFile {
    /// The file of that name, which then must be there, or the usual one.
    fn find(named: Option<&Path>) -> Result<Option<Self>, Failure> {
        let path = named.unwrap_or(Path::new(USUAL_FILE));
        // Python's virtual environments go by that name, too.
        if named.is_none() && path.is_dir() {
            return Ok(None);
        }
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(EnvFile::parse(path, &bytes))),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(Failure::new(format!(
                "{} can't be read: {error}",
                path.display()
            ))),
        }
    }

    fn parse(path: &Path, bytes: &[u8]) -> Self {
        let mut file = EnvFile {
            path: path.to_owned(),
            values: BTreeMap::new(),
            repeated: Vec::new(),
            broken: Vec::new(),
        };
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            file.broken.push(Broken {
                line: 1,
                name: None,
                why: "the file is UTF-16: save it as UTF-8",
            });
            return file;
        }
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}');
        // The line behind the last one that was understood.
        let mut cursor = 0;
        let mut line_with = |part: &str| {
            let mut lines = text.lines().enumerate().skip(cursor);
            let found =
                lines.find(|(_, line)| line.contains(part) && !line.trim_start().starts_with('#'));
            cursor = found.map_or(cursor, |(at, _)| at + 1);
            cursor
        };
        for entry in dotenvy::from_read_iter(text.as_bytes()) {
            match entry {
                Ok((name, value)) => {
                    line_with(&name);
                    match file.values.entry(name) {
                        Entry::Occupied(first) => file.repeated.push(first.key().clone()),
                        Entry::Vacant(place) => {
                            place.insert(value);
                        }
                    }
                }
                // The text of the line stays unsaid: it may hold a key.
                Err(dotenvy::Error::LineParse(part, _)) => {
                    let first = part.lines().next().unwrap_or_default();
                    let number = line_with(first);
                    let line = text.lines().nth(number.saturating_sub(1));
                    file.broken
                        .push(Broken::new(number, line.unwrap_or_default()));
                }
                // Of bytes in memory, no line is unreadable otherwise.
                Err(_) => break,
            }
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_named_by_its_number() {
        let text = "\u{feff}A=1\n# QSTASH_C=x y\nB = '2 2'\r\nthis is wrong\nQSTASH_C=x y\nA=3\n\
                    export D=\"4\"\nQSTASH_E: 5\nQSTASH_F=\"6\" 7\n";
        let file = EnvFile::parse(Path::new(".env"), text.as_bytes());
        let broken: Vec<_> = file
            .broken
            .iter()
            .map(|broken| (broken.line, broken.name.as_deref(), broken.why))
            .collect();
        assert_eq!(
            broken,
            [
                (4, None, "there is no `=` behind the name"),
                (
                    5,
                    Some("QSTASH_C"),
                    "a value with a space in it needs quotes"
                ),
                (8, Some("QSTASH_E"), "there is no `=` behind the name"),
                (
                    9,
                    Some("QSTASH_F"),
                    "there is more behind the closing quote"
                ),
            ]
        );
        assert_eq!(file.repeated, ["A"]);
        let values: Vec<_> = file
            .values
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(values, [("A", "1"), ("B", "2 2"), ("D", "4")]);
    }

    #[test]
    fn an_open_quote_swallows_the_rest_and_is_named() {
        let file = EnvFile::parse(Path::new(".env"), b"A=1\nB=\"2\nC=3\n");
        assert_eq!(file.broken.len(), 1);
        let expected = "a quote is opened and not closed, which takes what follows with it";
        assert_eq!((file.broken[0].line, file.broken[0].why), (2, expected));
        assert_eq!(file.values.len(), 1);
    }
}
