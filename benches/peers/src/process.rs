//! A contender's process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use peers::{Hello, KEY_VARIABLES, json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;

/// It ends when this is dropped.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    /// `None` once it is to end.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it with these keys, and also returns what it is made of.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        keys: [&str; 2],
    ) -> Result<(Self, String)> {
        // Nothing that changes an SDK's mind.
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().contains("QSTASH") {
                command.env_remove(variable);
            }
        }
        command.env_remove("NODE_OPTIONS");
        command.envs(KEY_VARIABLES.into_iter().zip(keys));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                let program = command.get_program();
                format!("{name} can't be started, use the script `run`: {program:?}: {error}")
            })?;
        let mut process = Process {
            name,
            questions: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().expect("it is piped")),
            child,
        };
        let Hello { parts } = process.answer()?;
        Ok((process, parts))
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask<A: DeserializeOwned>(&mut self, question: &impl Serialize) -> Result<A> {
        let mut pipe = self.questions.as_ref().expect("it is not to end yet");
        // If it has ended, the lack of an answer says so.
        let _ = writeln!(pipe, "{}", json(question));
        self.answer()
    }

    fn answer<A: DeserializeOwned>(&mut self) -> Result<A> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        if read.is_err() || line.is_empty() {
            return Err(format!(
                "{} can't be measured: it ended, see above",
                self.name
            ));
        }
        serde_json::from_str(&line)
            .map_err(|_| format!("{} can't be measured: it says {line}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}
