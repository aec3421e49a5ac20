//! Processes that read a delivery per line and print a verdict per line.

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
    /// Why the SDK can't verify the delivery.
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

/// A running program.
pub(crate) struct Process {
    name: String,
    child: Child,
    writer: JoinHandle<()>,
    answers: JoinHandle<Vec<Value>>,
}

/// Starts a program without environment variables, in a directory without `.env`.
pub(crate) fn ask(program: &Path, arguments: &[&OsStr], lines: Vec<String>) -> Process {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .current_dir(program_directory())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "can't start a program: {}: {error}; run scripts/interop",
                program.display()
            )
        });
    let mut input = BufWriter::new(child.stdin.take().unwrap());
    let output = BufReader::new(child.stdout.take().unwrap());
    Process {
        name: program.display().to_string(),
        child,
        writer: thread::spawn(move || {
            for line in lines {
                // The number of answers reveals an early exit.
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

/// Parses an answer. The command quotes claims verbatim, including numbers that don't
/// fit a double.
fn read(line: &str) -> Value {
    let members: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let members = members.into_iter();
    let read = |json: &RawValue| serde_json::from_str(json.get()).unwrap_or_default();
    Value::Object(members.map(|(name, json)| (name, read(&json))).collect())
}

/// Returns the directory of this program, in cargo's target directory.
pub(crate) fn program_directory() -> std::path::PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().unwrap().to_owned()
}

impl Process {
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

/// An SDK, called by a script of this package.
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

    fn ask(self, lines: Vec<String>) -> Process {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (program, script) = match self {
            Sdk::JavaScript => ("node".into(), here.join("verify.mjs")),
            Sdk::Python => (here.join(".venv/bin/python"), here.join("verify.py")),
        };
        ask(&program, &[script.as_os_str()], lines)
    }
}

/// Version and verdicts of each SDK, in order of the lines.
pub(crate) type Answers = BTreeMap<Sdk, (String, Vec<Verdict>)>;

/// Runs both SDKs concurrently with `meanwhile`.
pub(crate) fn ask_both<T>(lines: &[String], meanwhile: impl FnOnce() -> T) -> (Answers, T) {
    let asked = Sdk::ALL.map(|sdk| (sdk, sdk.ask(lines.to_vec())));
    let done = meanwhile();
    let answers = asked.into_iter().map(|(sdk, asked)| {
        // The first line is the version.
        let answers = asked.answers(lines.len() + 1);
        let (about, verdicts) = answers.split_first().unwrap();
        let version = about["sdk"].as_str().unwrap().to_owned();
        (sdk, (version, verdicts.iter().map(Verdict::of).collect()))
    });
    (answers.collect(), done)
}
