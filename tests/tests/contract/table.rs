//! `contract.md`, and what must be true of it as a whole.

use std::collections::BTreeSet;
use std::process::Command;

use qstash_verify_tests::Answer;
use qstash_verify_tests::log::Line;

use crate::PLAYERS;

const CONTRACT: &str = include_str!("contract.md");
const README: &str = include_str!("../../../README.md");
/// A copy of the core's list of codes would be one more that could be forgotten,
/// and the core has none to ask for; the compiler holds this one to be complete.
const ERRORS: &str = include_str!("../../../crates/qstash-verify/src/error/refusal_table.rs");

/// The answer to what is accepted, which no table of refusals has.
const ACCEPTED: &str = "a genuine delivery";

/// A row of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The cause in the README's table of answers.
    answer: String,
    pub(crate) status: u16,
    /// Empty for what is accepted.
    pub(crate) code: String,
    level: String,
    /// The function in `cases/`.
    case: String,
}

impl Row {
    /// Checks a response: the body, and of the headers those that are a refusal's.
    pub(crate) fn assert_refusal(&self, answer: &Answer) {
        assert_eq!(answer.text(), format!(r#"{{"error":"{}"}}"#, self.code));
        let challenge = (self.status == 401).then_some(("www-authenticate", "Upstash-Signature"));
        let expected = [("content-type", "application/json")]
            .into_iter()
            .chain(challenge);
        let headers = answer.headers.iter();
        let headers = headers.map(|(name, value)| (&**name, &**value));
        // These belong to the connection and the server.
        let is_own =
            |(name, _): &(&str, &str)| !["content-length", "connection", "date"].contains(name);
        let mut headers: Vec<_> = headers.filter(is_own).collect();
        headers.sort_unstable();
        assert_eq!(headers, Vec::from_iter(expected));
    }

    /// Checks that a refusal is one log line of this row's level and code, which names
    /// these words.
    pub(crate) fn assert_logged(&self, lines: &[Line], named: &[&str]) {
        let [line] = lines else {
            panic!("not one log line: {lines:?}");
        };
        let level = line.level.to_string().to_lowercase();
        assert_eq!((&level, &line.fields["code"]), (&self.level, &self.code));
        for name in named {
            let message = &line.fields["message"];
            assert!(message.contains(name), "no {name} in {message:?}");
        }
    }
}

/// The rows of the table under `## Answers`, without its head, each with its cells.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (_, section) = text.split_once("\n## Answers\n").unwrap();
    let lines = section.lines().skip_while(|line| !line.starts_with('|'));
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
        let [answer, status, error, level, case] = &cells[..] else {
            panic!("not five cells: {cells:?}");
        };
        // Behind the name there may be words.
        let (name, _) = case.split_once(':').unwrap_or((case, ""));
        // What belongs to the answer above has only its case.
        let above = [answer, status, error, level].map(String::is_empty);
        let mut row = match rows.last() {
            Some(row) if above == [true; 4] => row.clone(),
            _ => Row {
                answer: answer.clone(),
                status: status.parse().unwrap(),
                code: code(error),
                level: code(level),
                case: String::new(),
            },
        };
        row.case = code(name);
        rows.push(row);
    }
    rows
}

/// The one row of this case.
pub(crate) fn row(case: &str) -> Row {
    let mut rows = rows();
    rows.retain(|row| row.case == case);
    assert_eq!(rows.len(), 1, "rows of contract.md with the case {case}");
    rows.remove(0)
}

#[test]
fn each_case_has_one_row() {
    let mut cases = BTreeSet::new();
    for row in rows() {
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
fn each_row_is_a_test_that_runs_on_each_player() {
    let mut run = tests(&[]);
    for ignored in tests(&["--ignored"]) {
        run.remove(&ignored);
    }
    let rows = rows().into_iter();
    let rows = rows.flat_map(|row| {
        PLAYERS
            .iter()
            .map(move |player| format!("{player}::{}", row.case))
    });
    let rows: BTreeSet<_> = rows.collect();
    let missing: Vec<_> = rows.difference(&run).collect();
    assert!(missing.is_empty(), "rows without a test: {missing:?}");
    run.retain(|test| !test.starts_with("table::"));
    let unnamed: Vec<_> = run.difference(&rows).collect();
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
    let readme = cells(README).into_iter().map(|cells| {
        let [status, error, answer] = &cells[..] else {
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
    let (_, core) = ERRORS.split_once("\nrefusals! {\n").unwrap();
    let (core, _) = core.split_once("\n}\n").unwrap();
    let core = core.lines().filter_map(|line| line.split_once(" => "));
    let core = core.map(|(_, answer)| {
        let [status, code] = answer.split(' ').collect::<Vec<_>>()[..2] else {
            panic!("{answer:?}");
        };
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
