//! Programs that are given a line for each delivery, and answer with one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Accepted,
    Refused(String),
    /// Why it can't be asked.
    NotApplicable(String),
}

impl Verdict {
    pub(crate) fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        match answer["verdict"].as_str() {
            Some("accepted") => Verdict::Accepted,
            Some("refused") => Verdict::Refused(text("error")),
            Some("not applicable") => Verdict::NotApplicable(text("reason")),
            _ => panic!("not a verdict: {answer}"),
        }
    }
}

/// A program at work.
pub(crate) struct Asked {
    name: String,
    child: Child,
    writer: JoinHandle<()>,
    answers: JoinHandle<Vec<Value>>,
}

/// Starts a program without any of our variables, in a directory without `.env`.
pub(crate) fn ask(program: &Path, arguments: &[&OsStr], lines: Vec<String>) -> Asked {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .current_dir(nowhere())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{} can't be started ({error}): use scripts/interop",
                program.display()
            )
        });
    let mut input = BufWriter::new(child.stdin.take().unwrap());
    let output = BufReader::new(child.stdout.take().unwrap());
    Asked {
        name: program.display().to_string(),
        child,
        writer: thread::spawn(move || {
            for line in lines {
                // One that ends early is found out by its answers.
                if writeln!(input, "{line}").is_err() {
                    return;
                }
            }
            let _ = input.flush();
        }),
        answers: thread::spawn(move || {
            let lines = output.lines().map(|line| line.unwrap());
            lines.map(|line| read(&line)).collect()
        }),
    }
}

/// Reads an answer. The command's hold the claims as they stand in the token,
/// maybe with numbers that no double can hold.
fn read(line: &str) -> Value {
    let members: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let members = members.into_iter();
    let read = |json: &RawValue| serde_json::from_str(json.get()).unwrap_or_default();
    Value::Object(members.map(|(name, json)| (name, read(&json))).collect())
}

/// The directory of this program, which is cargo's.
pub(crate) fn nowhere() -> std::path::PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().unwrap().to_owned()
}

impl Asked {
    pub(crate) fn answers(mut self, expected: usize) -> Vec<Value> {
        self.writer.join().unwrap();
        let answers = self.answers.join().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(
            answers.len(),
            expected,
            "{} answered {} of {expected} lines and ended with {status}",
            self.name,
            answers.len(),
        );
        answers
    }
}

/// An SDK, by the program beside this package that asks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sdk {
    JavaScript,
    Python,
}

impl Sdk {
    pub(crate) const ALL: [Sdk; 2] = [Sdk::JavaScript, Sdk::Python];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Sdk::JavaScript => "JavaScript",
            Sdk::Python => "Python",
        }
    }

    fn ask(self, lines: Vec<String>) -> Asked {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (program, script) = match self {
            Sdk::JavaScript => ("node".into(), here.join("judge.mjs")),
            Sdk::Python => (here.join(".venv/bin/python"), here.join("judge.py")),
        };
        ask(&program, &[script.as_os_str()], lines)
    }
}

/// Each SDK's version and its verdicts, line by line.
pub(crate) type Answers = BTreeMap<Sdk, (String, Vec<Verdict>)>;

/// Asks both at once, while `meanwhile` is done.
pub(crate) fn ask_both<T>(lines: &[String], meanwhile: impl FnOnce() -> T) -> (Answers, T) {
    let asked = Sdk::ALL.map(|sdk| (sdk, sdk.ask(lines.to_vec())));
    let done = meanwhile();
    let answers = asked.into_iter().map(|(sdk, asked)| {
        // The first says who is asked.
        let answers = asked.answers(lines.len() + 1);
        let (about, verdicts) = answers.split_first().unwrap();
        let version = about["sdk"].as_str().unwrap().to_owned();
        (sdk, (version, verdicts.iter().map(Verdict::of).collect()))
    });
    (answers.collect(), done)
}
