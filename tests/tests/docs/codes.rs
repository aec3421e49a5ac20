//! troubleshooting.md has every code, and no others.

use std::collections::BTreeSet;

use crate::page::Page;

const REFUSALS: &str = include_str!("../../../crates/qstash-verify/src/error/refusal_table.rs");
const ERRORS: &str = include_str!("../../../crates/qstash-verify/src/config/config_error/mod.rs");
const WARNINGS: &str =
    include_str!("../../../crates/qstash-verify/src/config/config_warning/mod.rs");
const PROBLEMS: &str = include_str!("../../../crates/qstash-verify/src/config/value.rs");

/// The codes that the function `code` of this source returns.
fn codes(source: &str) -> BTreeSet<String> {
    let source = source.replace("\r\n", "\n");
    let (_, function) = source.split_once("const fn code(").unwrap();
    let (function, _) = function.split_once("\n    }\n").unwrap();
    let codes = function.split("=> \"").skip(1);
    codes
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// The codes of the table of refusals: `pattern => status "code" LEVEL, text`.
fn refusals() -> BTreeSet<String> {
    let source = REFUSALS.replace("\r\n", "\n");
    let (_, table) = source.split_once("\nrefusals! {\n").unwrap();
    let (table, _) = table.split_once("\n}\n").unwrap();
    let rows = table.lines().filter_map(|line| line.split_once(" => "));
    rows.map(|(_, row)| row.split('"').nth(1).unwrap().to_owned())
        .collect()
}

fn page() -> Page {
    Page::read("docs/troubleshooting.md")
}

#[test]
fn every_refusal_has_a_remedy() {
    let refusals = refusals();
    assert!(refusals.contains("expired"));
    assert_eq!(page().codes("Refusals"), refusals);
}

#[test]
fn every_error_at_start_has_a_remedy() {
    let errors = codes(ERRORS);
    assert!(errors.contains("invalid_url"));
    assert_eq!(page().codes("Errors at start"), errors);
}

#[test]
fn every_warning_at_start_has_a_remedy() {
    let (warnings, problems) = (codes(WARNINGS), codes(PROBLEMS));
    assert!(warnings.contains("half_pair") && problems.contains("quotes"));
    let all: BTreeSet<_> = warnings.union(&problems).cloned().collect();
    assert_eq!(page().codes("Warnings at start"), all);
}
