//! Parser of `contract.md`, and tests that it is complete.

use std::collections::BTreeSet;
use std::process::Command;

use qstash_verify_tests::Answer;
use qstash_verify_tests::log::Line;

use crate::IMPLEMENTATIONS;

const CONTRACT: &str = include_str!("contract.md");
const README: &str = include_str!("../../../README.md");
/// The core's list of codes, which is private; the compiler checks its completeness.
const ERRORS: &str = include_str!("../../../crates/qstash-verify/src/error/refusal_table.rs");

/// The response of accepted deliveries, which the README's table lacks.
const ACCEPTED: &str = "a genuine delivery";

/// A row of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The cause in the README's table of responses.
    answer: String,
    pub(crate) status: u16,
    /// Empty if accepted.
    pub(crate) code: String,
    level: String,
    /// The function in `cases/`.
    case: String,
}

impl Row {
    /// Checks body and headers of a refusal.
    pub(crate) fn assert_refusal(&self, answer: &Answer) {
        assert_eq!(answer.text(), format!(r#"{{"error":"{}"}}"#, self.code));
        let challenge = (self.status == 401).then_some(("www-authenticate", "Upstash-Signature"));
        let delay = (self.status == 503).then_some(("retry-after", "120"));
        let expected = [("content-type", "application/json")]
            .into_iter()
            .chain(delay)
            .chain(challenge);
        let headers = answer.headers.iter();
        let headers = headers.map(|(name, value)| (&**name, &**value));
        // Set by the server.
        let is_own =
            |(name, _): &(&str, &str)| !["content-length", "connection", "date"].contains(name);
        let mut headers: Vec<_> = headers.filter(is_own).collect();
        headers.sort_unstable();
        assert_eq!(headers, Vec::from_iter(expected));
    }

    /// Checks that a refusal logs one event with this row's level and code, whose
    /// message contains `named`.
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

/// Returns the cells of each row of the table under this heading, without its head.
fn cells(text: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).unwrap();
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
    for cells in cells(CONTRACT, "Responses") {
        let [answer, status, error, level, case] = &cells[..] else {
            panic!("not five cells: {cells:?}");
        };
        // A description may follow the name.
        let (name, _) = case.split_once(':').unwrap_or((case, ""));
        // A further case of the response above has only its last cell.
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

/// Returns the row of this case, which must be the only one, with the difference of this
/// implementation.
pub(crate) fn row(implementation: &str, case: &str) -> Row {
    let mut rows = rows();
    rows.retain(|row| row.case == case);
    assert_eq!(rows.len(), 1, "rows of contract.md with the case {case}");
    let mut row = rows.remove(0);
    for difference in differences() {
        if (&*difference.implementation, &*difference.case) == (implementation, case) {
            (row.status, row.code) = (difference.status, difference.code);
        }
    }
    row
}

/// A row of the table of differences.
struct Difference {
    implementation: String,
    case: String,
    status: u16,
    code: String,
}

fn differences() -> Vec<Difference> {
    let rows = cells(CONTRACT, "Differences").into_iter();
    let differences = rows.map(|cells| {
        let [implementation, case, status, error, _] = &cells[..] else {
            panic!("not five cells: {cells:?}");
        };
        Difference {
            implementation: code(implementation),
            case: code(case),
            status: status.parse().unwrap(),
            code: code(error),
        }
    });
    differences.collect()
}

#[test]
fn each_difference_names_an_implementation_and_a_case() {
    let cases: BTreeSet<_> = rows().into_iter().map(|row| row.case).collect();
    for difference in differences() {
        let Difference {
            implementation,
            case,
            ..
        } = difference;
        assert!(
            IMPLEMENTATIONS.contains(&&*implementation),
            "no implementation {implementation}"
        );
        assert!(cases.contains(&case), "no case {case}");
    }
}

#[test]
fn each_case_has_one_row() {
    let mut cases = BTreeSet::new();
    for row in rows() {
        assert!(cases.insert(row.case.clone()), "twice: {}", row.case);
    }
}

/// Lists the tests of this binary, without those that are compiled out.
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
fn each_row_has_a_test_on_each_implementation() {
    let mut run = tests(&[]);
    for ignored in tests(&["--ignored"]) {
        run.remove(&ignored);
    }
    let rows = rows().into_iter();
    let rows = rows.flat_map(|row| {
        IMPLEMENTATIONS
            .iter()
            .map(move |implementation| format!("{implementation}::{}", row.case))
    });
    let rows: BTreeSet<_> = rows.collect();
    let missing: Vec<_> = rows.difference(&run).collect();
    assert!(missing.is_empty(), "rows without a test: {missing:?}");
    run.retain(|test| !test.starts_with("table::"));
    let unnamed: Vec<_> = run.difference(&rows).collect();
    assert!(unnamed.is_empty(), "tests without a row: {unnamed:?}");
}

/// Returns answer, status and code of each response, in order.
fn answers() -> Vec<(String, u16, String)> {
    let rows = rows().into_iter();
    let mut answers: Vec<_> = rows.map(|row| (row.answer, row.status, row.code)).collect();
    answers.dedup();
    answers
}

#[test]
fn answers_equal_those_of_the_readme() {
    let readme = cells(README, "Responses").into_iter().map(|cells| {
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
fn each_code_of_the_core_has_a_row() {
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
