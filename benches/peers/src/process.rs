//! A contender's process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use peers::{Hello, KEY_VARIABLES, json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;

/// The process of a contender, which exits on drop.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    /// `None` after closing standard input.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a process with these keys; also returns the names of its parts.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        keys: [&str; 2],
    ) -> Result<(Self, String)> {
        // Variables that would configure an SDK.
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
                format!("can't start {name}: {program:?}: {error}; run scripts/peers")
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

    /// Sends a message and waits for the answer.
    pub(crate) fn ask<A: DeserializeOwned>(&mut self, question: &impl Serialize) -> Result<A> {
        let mut pipe = self
            .questions
            .as_ref()
            .expect("standard input is open until drop");
        // If it has exited, reading the answer fails.
        let _ = writeln!(pipe, "{}", json(question));
        self.answer()
    }

    fn answer<A: DeserializeOwned>(&mut self) -> Result<A> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        if read.is_err() || line.is_empty() {
            return Err(format!("{} exited; see its error above", self.name));
        }
        serde_json::from_str(&line)
            .map_err(|_| format!("unexpected output of {}: {line}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}
