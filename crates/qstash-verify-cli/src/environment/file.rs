//! The `.env` file: its variables and malformed lines.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use crate::output::Failure;

/// The default file.
const DEFAULT_FILE: &str = ".env";

pub(crate) struct EnvFile {
    pub(crate) path: PathBuf,
    /// Whether no option named it.
    pub(crate) is_default: bool,
    pub(super) values: BTreeMap<String, String>,
    /// Names that appear more than once.
    pub(crate) repeated: Vec<String>,
    pub(crate) malformed: Vec<MalformedLine>,
}

/// A line that can't be parsed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MalformedLine {
    /// Counted from 1.
    pub(crate) number: usize,
    /// The variable it sets, if that is recognisable.
    pub(crate) name: Option<String>,
    pub(crate) why: &'static str,
}

const OPEN_QUOTE: &str = "a quote isn't closed, so the lines after it are part of the value";
const UTF_16: &str = "the file is UTF-16: save it as UTF-8";

impl MalformedLine {
    /// Returns whether this line, or a line it hides, may set one of the variables.
    pub(crate) fn may_set(&self, variables: &[&str]) -> bool {
        let named = self.name.as_deref();
        named.is_some_and(|name| variables.contains(&name))
            || [OPEN_QUOTE, UTF_16].contains(&self.why)
    }

    fn new(number: usize, line: &str) -> Self {
        let line = line.trim().trim_start_matches("export ");
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (line.split(|c| !is_name(c)).next().unwrap_or_default(), None),
        };
        let why = match value.and_then(|value| Some((value, value.chars().next()?))) {
            None => "there is no `=` after the name",
            Some((value, quote @ ('"' | '\''))) => {
                match value.get(1..).map(|rest| rest.contains(quote)) {
                    Some(true) => "there is text after the closing quote",
                    _ => OPEN_QUOTE,
                }
            }
            Some(_) if !name.chars().all(is_name) => {
                "the name has characters other than letters, digits and `_`"
            }
            Some(_) => "a value with a space in it needs quotes",
        };
        let known = !name.is_empty() && name.len() <= 64 && name.contains("QSTASH");
        let name = (known && name.chars().all(is_name)).then(|| name.to_owned());
        MalformedLine { number, name, why }
    }
}

impl EnvFile {
    /// Reads the named file, which must exist, or the default one if it exists.
    pub(super) fn find(named: Option<&Path>) -> Result<Option<Self>, Failure> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        // `.env` is also a usual name for a Python virtual environment.
        if named.is_none() && path.is_dir() {
            return Ok(None);
        }
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(EnvFile {
                is_default: named.is_none(),
                ..EnvFile::parse(path, &bytes)
            })),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(Failure::new(format!(
                "{} can't be read: {error}",
                path.display()
            ))),
        }
    }

    pub(super) fn parse(path: &Path, bytes: &[u8]) -> Self {
        let mut file = EnvFile {
            path: path.to_owned(),
            is_default: false,
            values: BTreeMap::new(),
            repeated: Vec::new(),
            malformed: Vec::new(),
        };
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            file.malformed.push(MalformedLine {
                number: 1,
                name: None,
                why: UTF_16,
            });
            return file;
        }
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}');
        // dotenvy gives no line numbers: search after the last entry.
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
                // Not quoted: the line may hold a key.
                Err(dotenvy::Error::LineParse(part, _)) => {
                    let first = part.lines().next().unwrap_or_default();
                    let number = line_with(first);
                    let line = text.lines().nth(number.saturating_sub(1));
                    file.malformed
                        .push(MalformedLine::new(number, line.unwrap_or_default()));
                }
                // Reading from memory has no other errors.
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
    fn malformed_lines_are_numbered() {
        let text = "\u{feff}A=1\n# QSTASH_C=x y\nB = '2 2'\r\nthis is wrong\nQSTASH_C=x y\nA=3\n\
                    export D=\"4\"\nQSTASH_E: 5\nQSTASH_F=\"6\" 7\n";
        let file = EnvFile::parse(Path::new(".env"), text.as_bytes());
        let malformed: Vec<_> = file
            .malformed
            .iter()
            .map(|line| (line.number, line.name.as_deref(), line.why))
            .collect();
        assert_eq!(
            malformed,
            [
                (4, None, "there is no `=` after the name"),
                (
                    5,
                    Some("QSTASH_C"),
                    "a value with a space in it needs quotes"
                ),
                (8, Some("QSTASH_E"), "there is no `=` after the name"),
                (9, Some("QSTASH_F"), "there is text after the closing quote"),
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
    fn open_quote_is_reported_and_hides_the_rest() {
        let file = EnvFile::parse(Path::new(".env"), b"A=1\nB=\"2\nC=3\n");
        assert_eq!(file.malformed.len(), 1);
        let expected = "a quote isn't closed, so the lines after it are part of the value";
        assert_eq!(
            (file.malformed[0].number, file.malformed[0].why),
            (2, expected)
        );
        assert_eq!(file.values.len(), 1);
    }
}
