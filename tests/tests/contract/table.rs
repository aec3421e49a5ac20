//! `contract.md`, and what must be true of it as a whole.

use std::collections::BTreeSet;
use std::process::Command;

const CONTRACT: &str = include_str!("contract.md");
const README: &str = include_str!("../../../README.md");
/// A copy of the core's list of codes would be one more that could be forgotten,
/// and the core has none to ask for; the compiler holds this one to be complete.
const ERRORS: &str = include_str!("../../../crates/qstash-verify/src/error.rs");

const HOUSES: [&str; 5] = ["core", "tower", "axum", "actix", "hyper"];
/// The answer to what is accepted, which no table of refusals has.
const ACCEPTED: &str = "a genuine delivery";

/// A row of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The row of the README's table of answers that it belongs to.
    answer: String,
    pub(crate) status: u16,
    /// Empty for what is accepted.
    pub(crate) code: String,
    level: String,
    case: String,
    cells: Vec<String>,
    /// The name that its tests have in each house.
    pub(crate) test: String,
}

impl Row {
    /// The body of its answer.
    pub(crate) fn answer(&self) -> String {
        format!(r#"{{"error":"{}"}}"#, self.code)
    }

    /// Checks that a refusal is one line of log, of this row's level, which names
    /// these words.
    pub(crate) fn assert_logged(&self, lines: &[crate::log::Line], named: &[&str]) {
        let [line] = lines else {
            panic!("not one line of log: {lines:?}");
        };
        assert_eq!((&line.level, &line.code), (&self.level, &self.code));
        for name in named {
            assert!(line.message.contains(name), "no {name} in {line:?}");
        }
    }
}

/// The rows of the first table in a text, without its head, each with its cells.
fn cells(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().skip_while(|line| !line.starts_with('|'));
    let lines = lines.take_while(|line| line.starts_with('|')).skip(2);
    let cells = lines.map(|line| {
        let line = line.trim_end();
        let line = line.strip_prefix('|').unwrap().strip_suffix('|').unwrap();
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    });
    cells.collect()
}

fn code(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for cells in cells(CONTRACT) {
        let [answer, status, error, level, case, tests @ ..] = &cells[..] else {
            panic!("too few cells: {cells:?}");
        };
        assert_eq!(tests.len(), HOUSES.len(), "{cells:?}");
        for cell in tests.iter().chain([case]) {
            assert_ne!(cell, "", "an empty cell in the row of {case:?}");
        }
        // What belongs to the answer above has only its case and its tests.
        let above = [answer, status, error, level].map(String::is_empty);
        let mut row = match rows.last() {
            Some(row) if above == [true; 4] => row.clone(),
            _ => Row {
                answer: answer.clone(),
                status: status.parse().unwrap(),
                code: code(error),
                level: code(level),
                case: String::new(),
                cells: Vec::new(),
                test: String::new(),
            },
        };
        row.case.clone_from(case);
        row.cells = tests.iter().map(|cell| code(cell)).collect();
        let (_, test) = row.cells[0].split_once("::").unwrap_or_default();
        test.clone_into(&mut row.test);
        rows.push(row);
    }
    rows
}

/// The one row that names this test in this house's column.
pub(crate) fn row(house: &str, test: &str) -> Row {
    let column = HOUSES.iter().position(|name| *name == house).unwrap();
    let cell = format!("{house}::{test}");
    let mut rows = rows();
    rows.retain(|row| row.cells[column] == cell);
    assert_eq!(rows.len(), 1, "rows of contract.md that name {cell}");
    rows.remove(0)
}

#[test]
fn a_row_has_one_test_in_each_house() {
    let mut cases = BTreeSet::new();
    for row in rows() {
        let tests = HOUSES.map(|house| format!("{house}::{}", row.test));
        assert_eq!(row.cells, tests, "{}", row.case);
        assert!(cases.insert(row.case.clone()), "twice: {}", row.case);
    }
}

/// This program's own answer, so that it counts neither what is compiled out nor
/// what is ignored.
fn tests(arguments: &[&str]) -> BTreeSet<String> {
    let own = std::env::current_exe().unwrap();
    let list = Command::new(own)
        .args(["--list", "--format", "terse"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(list.status.success(), "{list:?}");
    let list = String::from_utf8(list.stdout).unwrap();
    let names = list.lines().filter_map(|line| line.strip_suffix(": test"));
    names.map(str::to_owned).collect()
}

#[test]
fn each_cell_is_a_test_that_runs() {
    let mut run = tests(&[]);
    for ignored in tests(&["--ignored"]) {
        run.remove(&ignored);
    }
    let named: BTreeSet<_> = rows().into_iter().flat_map(|row| row.cells).collect();
    let missing: Vec<_> = named.difference(&run).collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
    run.retain(|test| {
        HOUSES
            .iter()
            .any(|house| test.starts_with(&format!("{house}::")))
    });
    let unnamed: Vec<_> = run.difference(&named).collect();
    assert!(unnamed.is_empty(), "tests without a row: {unnamed:?}");
}

/// Answer, status and code, each once and in order.
fn answers() -> Vec<(String, u16, String)> {
    let rows = rows().into_iter();
    let mut answers: Vec<_> = rows.map(|row| (row.answer, row.status, row.code)).collect();
    answers.dedup();
    answers
}

#[test]
fn the_rows_are_those_of_the_readme() {
    let (_, readme) = README.split_once("\n## Answers\n").unwrap();
    let readme = cells(readme).into_iter().map(|cells| {
        let [answer, status, error] = &cells[..] else {
            panic!("{cells:?}");
        };
        (answer.clone(), status.parse().unwrap(), code(error))
    });
    let accepted = (ACCEPTED.to_owned(), 200, String::new());
    let expected: Vec<_> = [accepted].into_iter().chain(readme).collect();
    assert_eq!(answers(), expected);
}

#[test]
fn each_code_of_the_core_has_its_row() {
    let (_, core) = ERRORS.split_once("\nanswers! {\n").unwrap();
    let (core, _) = core.split_once("\n}\n").unwrap();
    let core = core.lines().map(|line| {
        let (_, answer) = line.split_once("=>").unwrap();
        let (status, code) = answer.trim().split_once(' ').unwrap();
        (
            status.parse().unwrap(),
            code.trim_matches(['"', ',']).to_owned(),
        )
    });
    let core: BTreeSet<(u16, String)> = core.collect();
    let answers = answers().into_iter().skip(1);
    let answers: BTreeSet<_> = answers.map(|(_, status, code)| (status, code)).collect();
    assert_eq!(answers, core);
}
