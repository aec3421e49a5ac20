//! Reads DIFFERENCES.md: where we and an SDK are known to differ.

use std::collections::BTreeSet;

use crate::judges::Sdk;

pub(crate) const FILE: &str = include_str!("../DIFFERENCES.md");

/// A row of one of its tables.
#[derive(Debug)]
struct Entry {
    labels: Vec<String>,
    /// Our answers; none in the table of what we accept.
    codes: Vec<String>,
    sdks: Vec<Sdk>,
    met: BTreeSet<String>,
}

/// The rows of both tables.
#[derive(Debug)]
pub(crate) struct Differences {
    /// We refuse, an SDK accepts.
    stricter: Vec<Entry>,
    /// We accept, an SDK refuses.
    laxer: Vec<Entry>,
}

impl Differences {
    /// # Errors
    /// What is wrong with a row.
    pub(crate) fn read(markdown: &str) -> Result<Self, String> {
        let mut found = Differences {
            stricter: Vec::new(),
            laxer: Vec::new(),
        };
        let mut section = "";
        for line in markdown.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                section = heading;
            }
            if !line.starts_with("| `") {
                continue;
            }
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let wrong = || format!("DIFFERENCES.md: this row can't be read: {line}");
            match (section, &cells[..]) {
                ("We refuse, an SDK accepts", [labels, codes, sdks, why]) if !why.is_empty() => {
                    found
                        .stricter
                        .push(entry(labels, codes, sdks).ok_or_else(wrong)?);
                }
                ("We accept, one SDK refuses", [labels, sdks, why]) if !why.is_empty() => {
                    found.laxer.push(entry(labels, "", sdks).ok_or_else(wrong)?);
                }
                _ => return Err(wrong()),
            }
        }
        Ok(found)
    }

    /// Whether it is listed that these SDKs accept what we refuse so.
    pub(crate) fn stricter(&mut self, label: &str, code: &str, accept: &[Sdk]) -> bool {
        find(&mut self.stricter, label, code, accept)
    }

    /// Whether it is listed that these SDKs refuse what we accept.
    pub(crate) fn laxer(&mut self, label: &str, refuse: &[Sdk]) -> bool {
        find(&mut self.laxer, label, "", refuse)
    }

    /// The same, for a change that has no name: any row that fits will do.
    pub(crate) fn any_stricter(&self, code: &str, accept: &[Sdk]) -> bool {
        self.stricter.iter().any(|entry| entry.fits(code, accept))
    }

    pub(crate) fn any_laxer(&self, refuse: &[Sdk]) -> bool {
        self.laxer.iter().any(|entry| entry.fits("", refuse))
    }

    /// What is listed and was not met.
    pub(crate) fn dead(&self) -> Vec<String> {
        let entries = self.stricter.iter().chain(&self.laxer);
        entries.flat_map(Entry::dead).collect()
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

impl Entry {
    fn fits(&self, code: &str, sdks: &[Sdk]) -> bool {
        (self.codes.is_empty() || self.codes.iter().any(|known| known == code))
            && sdks.iter().all(|sdk| self.sdks.contains(sdk))
    }

    fn dead(&self) -> Vec<String> {
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

/// `` `a`, `b` ``
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
    fn only_what_is_listed_is_allowed() {
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
            list.dead(),
            [
                "`b` in the row of a, b",
                "`Python` in the row of a, b",
                "`c` in the row of c",
                "`Python` in the row of c"
            ]
        );
        assert!(list.stricter("b", "expired", &[Python]) && list.laxer("c", &[Python]));
        assert_eq!(list.dead(), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
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

    /// With the SDKs at hand the run also finds out what is dead.
    #[test]
    fn the_file_can_be_read_and_names_generated_cases() {
        let list = Differences::read(FILE).unwrap();
        let cases = &*crate::generate::tests::CASES;
        for label in list.labels() {
            assert!(cases.iter().any(|case| case.label == label), "{label}");
        }
    }
}
