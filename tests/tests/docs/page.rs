//! Markdown pages of the repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A page, by its path from the top of the repository.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

impl Page {
    pub(crate) fn read(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text = std::fs::read_to_string(repository().join(&path)).unwrap();
        let text = text.replace("\r\n", "\n");
        Page { path, text }
    }

    /// The Markdown pages of a folder.
    pub(crate) fn in_folder(folder: &str) -> Vec<Self> {
        let entries = std::fs::read_dir(repository().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names
            .filter(|name| name.to_string_lossy().ends_with(".md"))
            .collect();
        names.sort_unstable();
        let paths = names.iter().map(|name| Path::new(folder).join(name));
        paths.map(Page::read).collect()
    }

    /// The lines outside of code blocks.
    pub(crate) fn prose(&self) -> impl Iterator<Item = &str> {
        let mut in_code = false;
        self.text.lines().filter(move |line| {
            let is_fence = line.trim_start().starts_with("```");
            in_code ^= is_fence;
            !in_code && !is_fence
        })
    }

    /// The code blocks of this language, whatever follows it on the fence.
    pub(crate) fn blocks(&self, language: &str) -> Vec<&str> {
        let mut parts = self.text.split("\n```");
        parts.next();
        let blocks = parts.step_by(2).filter_map(|part| part.split_once('\n'));
        blocks
            .filter(|(info, _)| info.split(',').next() == Some(language))
            .map(|(_, code)| code)
            .collect()
    }

    /// The anchors of the headings, as GitHub makes them.
    pub(crate) fn anchors(&self) -> BTreeSet<String> {
        let mut anchors = BTreeSet::new();
        let headings = self.prose().filter(|line| line.starts_with('#'));
        for heading in headings {
            let name = anchor(heading.trim_start_matches('#').trim());
            let numbered = (1..).map(|count| format!("{name}-{count}"));
            let mut names = std::iter::once(name.clone()).chain(numbered);
            anchors.insert(names.find(|name| !anchors.contains(name)).unwrap());
        }
        anchors
    }

    /// The first cells of the tables of a section, each code without its backticks.
    pub(crate) fn codes(&self, section: &str) -> BTreeSet<String> {
        let heading = format!("\n## {section}\n");
        let (_, section) = self.text.split_once(&heading).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        let cells = rows.map(|row| row.split(" | ").next().unwrap());
        let codes = cells.flat_map(|cell| cell.split(", "));
        codes
            .map(|code| code.trim_matches('`').to_owned())
            .collect()
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c => c.is_alphanumeric().then_some(c),
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[test]
fn anchors_are_those_of_github() {
    for (heading, expected) in [
        ("`.env` files", "env-files"),
        ("verify --batch", "verify---batch"),
        ("What it doesn't", "what-it-doesnt"),
        ("1. Accept both regions", "1-accept-both-regions"),
    ] {
        assert_eq!(anchor(heading), expected);
    }
}
