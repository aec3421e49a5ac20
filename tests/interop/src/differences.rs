//! Parser of DIFFERENCES.md, the known differences from the SDKs and `jsonwebtoken`.

use std::collections::BTreeSet;

use crate::sdks::Sdk;

pub(crate) const FILE: &str = include_str!("../DIFFERENCES.md");

/// A row of a table.
#[derive(Debug)]
struct Entry {
    labels: Vec<String>,
    /// Our codes; empty in the table of accepted deliveries.
    codes: Vec<String>,
    sdks: Vec<Sdk>,
    met: BTreeSet<String>,
}

/// The rows of two tables.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// We refuse, an SDK accepts.
    stricter: Vec<Entry>,
    /// We accept, an SDK refuses.
    laxer: Vec<Entry>,
}

impl Differences {
    /// Parses the tables of the SDKs.
    ///
    /// # Errors
    /// Names a malformed row.
    pub(crate) fn read(markdown: &str) -> Result<Self, String> {
        Ok(parse(markdown)?.0)
    }

    /// Parses the tables of `jsonwebtoken`, whose rows name no SDK.
    #[cfg(test)]
    pub(crate) fn of_jsonwebtoken(markdown: &str) -> Result<Self, String> {
        Ok(parse(markdown)?.1)
    }

    /// Returns whether a row lists that these SDKs accept what we refuse with `code`.
    pub(crate) fn stricter(&mut self, label: &str, code: &str, accept: &[Sdk]) -> bool {
        find(&mut self.stricter, label, code, accept)
    }

    /// Returns whether a row lists that these SDKs refuse what we accept.
    pub(crate) fn laxer(&mut self, label: &str, refuse: &[Sdk]) -> bool {
        find(&mut self.laxer, label, "", refuse)
    }

    /// Like [`stricter`](Self::stricter), for random changes, which have no label.
    pub(crate) fn any_stricter(&self, code: &str, accept: &[Sdk]) -> bool {
        self.stricter.iter().any(|entry| entry.fits(code, accept))
    }

    pub(crate) fn any_laxer(&self, refuse: &[Sdk]) -> bool {
        self.laxer.iter().any(|entry| entry.fits("", refuse))
    }

    /// Returns the parts of rows that no delivery matched.
    pub(crate) fn unused(&self) -> Vec<String> {
        let entries = self.stricter.iter().chain(&self.laxer);
        entries.flat_map(Entry::unused).collect()
    }

    #[cfg(test)]
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        let entries = self.stricter.iter().chain(&self.laxer);
        entries.flat_map(|entry| entry.labels.iter().map(String::as_str))
    }

    pub(crate) fn len(&self) -> (usize, usize) {
        (self.stricter.len(), self.laxer.len())
    }
}

/// Parses the tables of the SDKs and of `jsonwebtoken`.
fn parse(markdown: &str) -> Result<(Differences, Differences), String> {
    let (mut sdks, mut jsonwebtoken) = (Differences::default(), Differences::default());
    let mut section = "";
    for line in markdown.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading;
        }
        if !line.starts_with("| `") {
            continue;
        }
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let (table, row) = match (section, &cells[..]) {
            (_, [.., ""]) => (None, None),
            ("We refuse, an SDK accepts", [labels, codes, names, _]) => {
                (Some(&mut sdks.stricter), entry(labels, codes, names))
            }
            ("We accept, one SDK refuses", [labels, names, _]) => {
                (Some(&mut sdks.laxer), entry(labels, "", names))
            }
            ("We refuse, `jsonwebtoken` accepts", [labels, codes, _]) => {
                (Some(&mut jsonwebtoken.stricter), entry(labels, codes, ""))
            }
            ("We accept, `jsonwebtoken` refuses", [labels, _]) => {
                (Some(&mut jsonwebtoken.laxer), entry(labels, "", ""))
            }
            _ => (None, None),
        };
        match (table, row) {
            (Some(table), Some(row)) => table.push(row),
            _ => return Err(format!("malformed row: DIFFERENCES.md: {line}")),
        }
    }
    Ok((sdks, jsonwebtoken))
}

impl Entry {
    fn fits(&self, code: &str, sdks: &[Sdk]) -> bool {
        (self.codes.is_empty() || self.codes.iter().any(|known| known == code))
            && sdks.iter().all(|sdk| self.sdks.contains(sdk))
    }

    fn unused(&self) -> Vec<String> {
        let sdks = self.sdks.iter().map(|sdk| sdk.name());
        let all = self
            .labels
            .iter()
            .chain(&self.codes)
            .map(String::as_str)
            .chain(sdks);
        all.filter(|part| !self.met.contains(*part))
            .map(|part| format!("`{part}` in the row of {}", self.labels.join(", ")))
            .collect()
    }
}

fn find(entries: &mut [Entry], label: &str, code: &str, sdks: &[Sdk]) -> bool {
    let found = entries
        .iter_mut()
        .find(|entry| entry.labels.iter().any(|known| known == label) && entry.fits(code, sdks));
    let Some(entry) = found else {
        return false;
    };
    let names = sdks.iter().map(|sdk| sdk.name());
    let met = [label, code].into_iter().chain(names).map(str::to_owned);
    entry.met.extend(met);
    true
}

fn entry(labels: &str, codes: &str, sdks: &str) -> Option<Entry> {
    let sdks = sdks
        .split(", ")
        .filter(|name| !name.is_empty())
        .map(|name| Sdk::ALL.into_iter().find(|sdk| sdk.name() == name));
    let codes = if codes.is_empty() {
        Vec::new()
    } else {
        quoted(codes)?
    };
    Some(Entry {
        labels: quoted(labels)?,
        codes,
        sdks: sdks.collect::<Option<_>>()?,
        met: BTreeSet::new(),
    })
}

/// Parses a list such as `` `a`, `b` ``.
fn quoted(cell: &str) -> Option<Vec<String>> {
    let words = cell.split(", ");
    words
        .map(|word| Some(word.strip_prefix('`')?.strip_suffix('`')?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "\
## We refuse, an SDK accepts
| cases | our answer | accepted by | why |
|---|---|---|---|
| `a`, `b` | `expired` | JavaScript, Python | because |

## We accept, one SDK refuses
| `c` | Python | so |
";

    #[test]
    fn only_listed_differences_are_allowed() {
        use Sdk::{JavaScript, Python};
        let mut list = Differences::read(TWO).unwrap();
        assert_eq!(list.len(), (1, 1));
        assert!(list.stricter("a", "expired", &[JavaScript]));
        assert!(!list.stricter("a", "bad_signature", &[JavaScript]));
        assert!(!list.stricter("c", "expired", &[Python]));
        assert!(!list.laxer("c", &[JavaScript]));
        assert!(list.any_stricter("expired", &[JavaScript, Python]));
        assert!(!list.any_stricter("bad_signature", &[Python]));
        assert!(list.any_laxer(&[Python]) && !list.any_laxer(&[JavaScript]));
        assert_eq!(
            list.unused(),
            [
                "`b` in the row of a, b",
                "`Python` in the row of a, b",
                "`c` in the row of c",
                "`Python` in the row of c"
            ]
        );
        assert!(list.stricter("b", "expired", &[Python]) && list.laxer("c", &[Python]));
        assert_eq!(list.unused(), [""; 0]);
    }

    #[test]
    fn malformed_row_is_an_error() {
        for row in [
            "| `a` | JavaScript | x |",
            "| `a` | `b` | Ruby | x |",
            "| `a` | b | Python | x |",
            "| `a` | `b` | Python |  |",
        ] {
            let text = format!("## We refuse, an SDK accepts\n{row}\n");
            assert!(Differences::read(&text).is_err(), "{row}");
        }
        assert!(Differences::read("## Else\n| `a` | Python | x |\n").is_err());
    }

    /// `scripts/interop` also reports unused rows.
    #[test]
    fn file_is_valid_and_names_generated_cases() {
        let list = Differences::read(FILE).unwrap();
        let cases = &*crate::generate::tests::CASES;
        for label in list.labels() {
            assert!(cases.iter().any(|case| case.label == label), "{label}");
        }
    }
}
